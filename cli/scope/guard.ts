/**
 * Access control. The events of the page carry sound from the microphone. Each request must therefore contain the
 * token, name a loopback host (any other name that resolves to this machine is DNS rebinding), and not come from
 * another origin.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const loopbackNames = ["127.0.0.1", "localhost", "[::1]"];

/** Returns true for addresses that only programs on this machine can reach. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

export function newToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Returns the name in a Host header. The port is ignored, because a forwarded port differs from ours. */
function nameOf(host: string | undefined): string {
  return (host ?? "").replace(/:\d+$/, "").toLowerCase();
}

function isSame(text: string, secret: string): boolean {
  const [a, b] = [new TextEncoder().encode(text), new TextEncoder().encode(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Checks a request whose path must begin with `token`. Returns undefined if the request is allowed. */
export function refusalOf(request: IncomingMessage, path: readonly string[], token: string): Refusal | undefined {
  const { headers, method } = request;
  const name = nameOf(headers.host);
  if (!loopbackNames.includes(name) && !isLoopback(name)) {
    return { status: 403, reason: "The Host header must name a loopback address." };
  }
  const { origin } = headers;
  const isOwn = origin === `http://${headers.host}`;
  if (origin !== undefined && !isOwn) return { status: 403, reason: "Requests from other origins are refused." };
  const site = headers["sec-fetch-site"];
  const isPage = path.length === 2 && path[1] === "" && method === "GET";
  if (!isPage && site !== undefined && site !== "same-origin" && site !== "none") {
    return { status: 403, reason: "Requests from other origins are refused." };
  }
  if (!isSame(path[0] ?? "", token)) {
    return { status: 404, reason: "Not found. Open the address that the program printed." };
  }
  if (method === "GET") return undefined;
  if (method !== "POST") return { status: 405, reason: "Use GET or POST." };
  if (!isOwn) return { status: 403, reason: "A POST request must have the Origin of this page." };
  const type = headers["content-type"]?.split(";")[0].trim();
  if (type !== "application/json") return { status: 415, reason: "The body must be application/json." };
  return undefined;
}
