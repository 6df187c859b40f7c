/** A recording made during the view. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Recording as RecordingStream, SoundFile, Tap } from "../../mod.ts";

export const recordingFormats = ["WAV", "FLAC"] as const;
export type RecordingFormat = typeof recordingFormats[number];

/** What the page shows of a recording. */
export interface RecordingInfo {
  readonly name: string;
  readonly frames: number;
  readonly bytes: number;
}

/** Returns `scope-20260131-235959.wav`, with a number appended if that file exists. */
function freeName(folder: string, extension: string): string {
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
  const base = `scope-${local.slice(0, 10).replaceAll("-", "")}-${local.slice(11, 19).replaceAll(":", "")}`;
  for (let number = 1;; number++) {
    const name = `${base}${number === 1 ? "" : `-${number}`}.${extension}`;
    if (!existsSync(join(folder, name))) return name;
  }
}

/** Frames between the device and the file's writer, which is a native thread: about 20 s at 48 kHz. */
const RING_FRAMES = 2 ** 20;

/** Records into a file beside the view, from the next block on. Neither a slow page nor a busy thread costs a frame. */
export class Recorder {
  readonly name: string;
  readonly path: string;
  readonly #file: SoundFile;
  readonly #tap: Tap;

  constructor(stream: RecordingStream<"float32">, folder: string, format: RecordingFormat) {
    this.name = freeName(folder, format.toLowerCase());
    this.path = join(folder, this.name);
    this.#file = stream.toFile(this.path, "x", { format });
    this.#tap = stream.addSink(this.#file, { bufferSize: RING_FRAMES });
  }

  /** Frames recorded so far. */
  get frames(): number {
    return this.#tap.frames;
  }

  /** The error that ended the recording early; undefined if there was none. */
  get error(): Error | undefined {
    return this.#tap.error;
  }

  /** Ends the recording at the current block and finishes the file. */
  async close(): Promise<RecordingInfo> {
    await this.#tap.remove();
    const { frames } = this.#file;
    this.#file.close();
    return { name: this.name, frames, bytes: statSync(this.path).size };
  }
}
