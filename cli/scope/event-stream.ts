/** Server-sent events: sends what the session reports to every open page. */
import { Buffer } from "node:buffer";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Glitch, Levels } from "../../mod.ts";
import { listDevices, watchDevices } from "./devices.ts";
import { encodePacket } from "./packet.ts";
import type { Reduced } from "./reducer.ts";
import type { Session, State, Status, Viewer } from "./session.ts";

function eventText(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

export class EventStream implements Viewer {
  readonly #session: Session;
  readonly #pages: Set<ServerResponse> = new Set();
  /** Pages whose socket buffer is full. They get no packets until it has drained. */
  readonly #late: Set<ServerResponse> = new Set();
  /** Stops watching the devices. They are watched only while a page is open. */
  #watch: AbortController | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Adds a page. It receives the current state and the recent past first, then all events. */
  add(response: ServerResponse, headers: OutgoingHttpHeaders): void {
    response.writeHead(200, { ...headers, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" });
    const { state, statuses, glitches } = this.#session;
    response.write(
      eventText("devices", listDevices()) + eventText("state", state) + eventText("past", { statuses, glitches }),
    );
    this.#pages.add(response);
    this.#session.viewers.add(this);
    if (!this.#watch) {
      this.#watch = new AbortController();
      this.#watching = watchDevices((devices) => this.#send("devices", devices), this.#watch.signal);
    }
    response.on("drain", () => this.#late.delete(response));
    response.on("close", () => this.#remove(response));
    response.on("error", () => this.#remove(response));
  }

  async close(): Promise<void> {
    for (const response of this.#pages) {
      response.end();
      this.#remove(response);
    }
    await this.#watching;
  }

  #remove(response: ServerResponse): void {
    this.#pages.delete(response);
    this.#late.delete(response);
    if (this.#pages.size > 0) return;
    this.#session.viewers.delete(this);
    this.#watch?.abort();
    this.#watch = undefined;
  }

  #send(name: string, data: unknown): void {
    const text = eventText(name, data);
    for (const response of this.#pages) response.write(text);
  }

  packet(reduced: Reduced, levels: Levels): void {
    const text = eventText("packet", Buffer.from(encodePacket(reduced, levels).buffer).toString("base64"));
    for (const response of this.#pages) {
      if (this.#late.has(response)) continue;
      if (!response.write(text)) this.#late.add(response);
    }
  }

  state(state: State): void {
    this.#send("state", state);
  }

  status(status: Status): void {
    this.#send("status", status);
  }

  glitches(glitches: readonly Glitch[]): void {
    this.#send("glitches", glitches);
  }
}
