// A local HTTP server that sends sounds slowly, in pieces of any length.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { random } from "./streams.ts";

/** Sounds that arrive from the web, by the path of each. */
export const kinds = {
  wav: { format: "WAV", subtype: "PCM_16" },
  flac: { format: "FLAC", subtype: "PCM_16" },
  ogg: { format: "OGG", subtype: "VORBIS" },
  opus: { format: "OGG", subtype: "OPUS" },
  mp3: { format: "MP3", subtype: "MPEG_LAYER_III" },
  aiff: { format: "AIFF", subtype: "PCM_16" },
  caf: { format: "CAF", subtype: "PCM_16" },
  voc: { format: "VOC", subtype: "PCM_16" }, // read as a whole
};

const PIECE_MOST = 4001; // bytes
const READ_MS = 250; // for what was sent to be read

export interface SoundServer {
  /** The address of a path; `?cut` ends the connection in the middle, `?stall` sends no more from there. */
  url(path: string): string;
  /** Bytes that were handed to the system for a path, and whether its connection is still open. */
  readonly sent: Map<string, { bytes: number; open: boolean }>;
  close(): void;
}

/** Serves what `sounds` has under a path; 404 for others. */
export async function serveSounds(sounds: ReadonlyMap<string, Uint8Array>, seed: number): Promise<SoundServer> {
  const next = random(seed);
  const sent = new Map<string, { bytes: number; open: boolean }>();
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url!, "http://localhost");
    const bytes = sounds.get(pathname.slice(1));
    if (!bytes) return void response.writeHead(404).end("there is no such sound");
    const state = { bytes: 0, open: true };
    sent.set(request.url!, state);
    response.on("close", () => state.open = false);
    void send(response, bytes, search, state);
  });

  async function send(response: ServerResponse, bytes: Uint8Array, how: string, state: { bytes: number }) {
    const end = how === "" ? bytes.length : bytes.length >> 1;
    while (state.bytes < end && !response.destroyed) {
      const piece = bytes.subarray(state.bytes, Math.min(end, state.bytes + 1 + Math.floor(next() * PIECE_MOST)));
      state.bytes += piece.length;
      if (!response.write(piece)) await Promise.race([once(response, "drain"), once(response, "close")]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    if (how === "") response.end();
    if (how !== "?cut") return;
    // Bun forgets what it holds of a body when the connection breaks: it is read by then.
    await new Promise((resolve) => setTimeout(resolve, READ_MS));
    response.socket!.end(); // not destroy(): a reset may overtake what was sent
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url: (path) => base + path,
    sent,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A stream of bytes in pieces of the lengths that `lengths` gives; counts what was taken, and whether it was left. */
export function pieces(
  bytes: Uint8Array,
  lengths: Iterable<number>,
  error?: Error,
): { stream: ReadableStream<Uint8Array>; state: { taken: number; cancelled: boolean } } {
  const state = { taken: 0, cancelled: false };
  const iterator = lengths[Symbol.iterator]();
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (state.taken >= bytes.length) return error ? controller.error(error) : controller.close();
      const length = iterator.next().value ?? PIECE_MOST;
      controller.enqueue(bytes.slice(state.taken, state.taken + length));
      state.taken = Math.min(bytes.length, state.taken + length);
    },
    cancel() {
      state.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { stream, state };
}

/** The same length again and again. */
export function* always(length: number): Generator<number> {
  for (;;) yield length;
}
