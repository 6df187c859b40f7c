/** A recording that is made while the view runs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Recording as RecordingStream, SoundFile } from "../../mod.ts";

export const recordingFormats = ["WAV", "FLAC"] as const;
export type RecordingFormat = typeof recordingFormats[number];

/** A recording as the page knows it. */
export interface RecordingInfo {
  readonly name: string;
  readonly frames: number;
  readonly bytes: number;
}

/** `scope-20260131-235959.wav`, or with a number behind it where there is such a file already. */
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
 * Writes the chunks of the view to a file. None is lost: the chunks come from a ring of many seconds, and a ring that
 * is full ends the run with an error.
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

  /** Frames that are in the file. */
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
