/** A recording made during the view. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Recording as RecordingStream, SoundFile } from "../../mod.ts";

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

/**
 * Writes the chunks of the view to a file. No frame is lost silently: the chunks come from a ring that holds many
 * seconds, and a full ring ends the run with an error.
 */
export class Recorder {
  readonly name: string;
  readonly path: string;
  #frames = 0;
  readonly #file: SoundFile;

  constructor(stream: Pick<RecordingStream<"float32">, "toFile">, folder: string, format: RecordingFormat) {
    this.name = freeName(folder, format.toLowerCase());
    this.path = join(folder, this.name);
    this.#file = stream.toFile(this.path, "x", { format });
  }

  /** Frames written so far. */
  get frames(): number {
    return this.#frames;
  }

  write(samples: Float32Array<ArrayBuffer>): void {
    this.#file.write(samples);
    this.#frames += samples.length / this.#file.channels;
  }

  /** Finishes the file. */
  close(): void {
    this.#file.close();
  }
}
