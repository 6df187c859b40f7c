/**
 * Who may ask. Whoever can read the page's events hears the microphone, so each request must prove that it comes from
 * the page of this view: it knows the token, it names a loopback host (another name that leads here is an attack by
 * DNS), and no foreign page has sent it.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const loopbackNames = ["127.0.0.1", "localhost", "[::1]"];

/** Addresses that only programs of this machine can reach. */
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

/** The host of a Host header, without the port: a forwarded port is another one than ours. */
function nameOf(host: string | undefined): string {
  return (host ?? "").replace(/:\d+$/, "").toLowerCase();
}

function isSame(text: string, secret: string): boolean {
  const [a, b] = [new TextEncoder().encode(text), new TextEncoder().encode(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Checks a request; `token` is the first part of its path. Returns undefined if it may pass. */
export function refusalOf(request: IncomingMessage, path: readonly string[], token: string): Refusal | undefined {
  const { headers, method } = request;
  const name = nameOf(headers.host);
  if (!loopbackNames.includes(name) && !isLoopback(name)) {
    return { status: 403, reason: "The Host header must name a loopback address." };
  }
  const { origin } = headers;
  const isOwn = origin === `http://${headers.host}`;
  if (origin !== undefined && !isOwn) return { status: 403, reason: "Another page must not ask for this." };
  const site = headers["sec-fetch-site"];
  const isPage = path.length === 2 && path[1] === "" && method === "GET";
  if (!isPage && site !== undefined && site !== "same-origin" && site !== "none") {
    return { status: 403, reason: "Another page must not ask for this." };
  }
  if (!isSame(path[0] ?? "", token)) return { status: 404, reason: "Open the address that the program has printed." };
  if (method === "GET") return undefined;
  if (method !== "POST") return { status: 405, reason: "The methods are GET and POST." };
  if (!isOwn) return { status: 403, reason: "A request that changes something must have the page's Origin." };
  const type = headers["content-type"]?.split(";")[0].trim();
  if (type !== "application/json") return { status: 415, reason: "The body must be application/json." };
  return undefined;
}
