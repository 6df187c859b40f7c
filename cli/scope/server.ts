/** The HTTP server: serves the page and its events, and carries out its requests. */
import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { assets } from "./assets.ts";
import { EventStream } from "./event-stream.ts";
import { newToken, refusalOf } from "./guard.ts";
import { type RecordingFormat, recordingFormats } from "./recorder.ts";
import { type FftSize, fftSizes } from "./reducer.ts";
import { RequestError, type Session } from "./session.ts";

const MOST_BODY_BYTES = 4096;

/** The page loads nothing from other origins, and no other page can frame it. */
const headers = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

const recordingTypes: Readonly<Record<string, string>> = { wav: "audio/wav", flac: "audio/flac" };

function reply(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, {
    ...headers,
    "Content-Type": type,
    "Content-Length": new TextEncoder().encode(text).length,
  });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  request.setEncoding("utf8");
  for await (const part of request) {
    text += part;
    if (text.length > MOST_BODY_BYTES) throw new RequestError("The request is too long.");
  }
  try {
    const body = JSON.parse(text || "{}");
    if (typeof body === "object" && body !== null) return body;
  } catch {
    // Reported below.
  }
  throw new RequestError("The request must be a JSON object.");
}

/** Returns a value of a request after checking that it is allowed. */
function requireOne<T>(name: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw new RequestError(`${name} must be one of ${allowed.join(", ")}.`);
}

type Action = (session: Session, body: Record<string, unknown>) => Promise<void>;

const actions: Readonly<Record<string, Action>> = {
  start: (session) => session.start(),
  stop: (session) => session.stop(),
  record: (session, { format }) => session.record(requireOne<RecordingFormat>("format", format, recordingFormats)),
  finish: (session) => session.finish(),
  device: (session, { id }) => session.useDevice(String(id)),
  spectrum: (session, { channel, fftSize }) => {
    const size = requireOne<FftSize>("fftSize", fftSize, fftSizes);
    if (!Number.isInteger(channel) || (channel as number) < 0) throw new RequestError("channel must be 0 or more.");
    return session.choose({ channel: channel as number, fftSize: size });
  },
};

export class ScopeServer {
  readonly #session: Session;
  readonly #token = newToken();
  readonly #server: Server;
  readonly #events: EventStream;

  constructor(session: Session) {
    this.#session = session;
    this.#events = new EventStream(session);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  /** Starts listening; resolves with the address of the page. */
  listen(host: string, port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        const { address, port } = this.#server.address() as AddressInfo;
        resolve(`http://${address.includes(":") ? `[${address}]` : address}:${port}/${this.#token}/`);
      });
    });
  }

  async close(): Promise<void> {
    await this.#events.close();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections?.();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "/").split("?")[0].slice(1).split("/");
    const refusal = refusalOf(request, path, this.#token);
    if (refusal) return reply(response, refusal.status, refusal.reason);
    const [, name, ...more] = path;
    if (request.method === "POST") return await this.#act(request, response, path.slice(1).join("/"));
    if (name === "recordings" && more.length === 1) return this.#download(response, more[0]);
    if (name === "events" && more.length === 0) return this.#events.add(response, headers);
    const file = path.slice(1).join("/") || "index.html";
    if (Object.hasOwn(assets, file)) return reply(response, 200, assets[file].text, assets[file].type);
    reply(response, 404, "There is no such page.");
  }

  async #act(request: IncomingMessage, response: ServerResponse, name: string): Promise<void> {
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action) return reply(response, 404, "There is no such request.");
    try {
      await action(this.#session, await readBody(request));
      reply(response, 200, "{}", "application/json");
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      reply(response, error instanceof RequestError ? 400 : 500, message);
    }
  }

  #download(response: ServerResponse, name: string): void {
    const path = this.#session.pathOf(name);
    if (path === undefined) return reply(response, 404, "There is no such recording.");
    response.writeHead(200, {
      ...headers,
      "Content-Type": recordingTypes[name.split(".").at(-1)!],
      "Content-Length": statSync(path).size,
      "Content-Disposition": `attachment; filename="${name}"`,
    });
    createReadStream(path).on("error", () => response.destroy()).pipe(response);
  }
}
