// Whole sound files in one call, off the JS thread.
import type { FileDtype, FileSamples } from "../samples/formats.ts";
import { isStream } from "../base/steps.ts";
import { isEncoded } from "./incoming.ts";
import { requireSamples } from "./samples.ts";
import { soundFileOptionNames } from "./options.ts";
import { closeAside, SoundFile, type SoundFileOptions } from "./sound-file.ts";
import { isMemory } from "../samples/samples.ts";
import { type OptionNames, requireInteger, requireOptions, show } from "../base/validate.ts";

const writeFileNames: OptionNames<SoundFileOptions & { dtype?: FileDtype }> = { ...soundFileOptionNames, dtype: true };
const readFileNames: OptionNames<SoundFileOptions & { dtype?: FileDtype; frames?: number; start?: number }> = {
  ...writeFileNames,
  frames: true,
  start: true,
};

/** What readFile() returns. */
export interface FileContents<D extends FileDtype> {
  /** Interleaved. */
  samples: FileSamples<D>;
  /** Hz. */
  sampleRate: number;
  /** Number of channels. */
  channels: number;
}

/** What info() returns: the properties of a sound file. */
export interface FileInfo {
  /** Hz. */
  sampleRate: number;
  /** Number of channels. */
  channels: number;
  /** Number of frames; -1 if it is not known. */
  frames: number;
  /** Seconds; -1 if it is not known. */
  duration: number;
  /** libsndfile's name: "WAV", … */
  format: string;
  /** libsndfile's name: "PCM_16", … */
  subtype: string;
  /** Byte order: "FILE" (the format's own), "LITTLE", "BIG" or "CPU". */
  endian: string;
  /** The tags that the file has. */
  metadata: Record<string, string>;
}

/**
 * Reads a sound file, or `frames` frames of it from frame `start` on: by its path, its bytes, or as they arrive from a
 * Response, a Blob or a ReadableStream.
 *
 * @example
 * ```ts
 * const { samples, sampleRate, channels } = await readFile("voice.flac");
 * ```
 */
export async function readFile<D extends FileDtype = "float32">(
  file: string | URL | Uint8Array | ArrayBuffer | Response | Blob | ReadableStream<Uint8Array>,
  options?: SoundFileOptions & { dtype?: D; frames?: number; start?: number },
): Promise<FileContents<D>> {
  const { dtype, frames, start, ...opening } = requireOptions("options", options, readFileNames);
  if (start !== undefined) requireInteger("start", start, 0);
  const opened = isEncoded(file) || isStream(file)
    ? await SoundFile.fromStream(file, opening)
    : await SoundFile.open(file, "r", opening);
  try {
    if (start !== undefined) opened.seek(start);
    const samples = await opened.readAsync<D>(frames, { dtype });
    return { samples, sampleRate: opened.sampleRate, channels: opened.channels };
  } finally {
    opened.close();
  }
}

/**
 * Writes interleaved samples to a new sound file.
 *
 * @example
 * ```ts
 * const samples = Float32Array.from({ length: 48000 }, (_, i) => 0.2 * Math.sin(0.06 * i));
 * await writeFile("tone.wav", samples, { sampleRate: 48000, channels: 1, subtype: "PCM_24" });
 * ```
 */
export async function writeFile(
  file: string | URL,
  samples: ArrayBufferView,
  options: SoundFileOptions & { sampleRate: number; channels: number; dtype?: FileDtype },
): Promise<void> {
  if (isMemory(file) && (typeof samples === "string" || samples as unknown instanceof URL)) {
    throw new TypeError(`the file comes first: writeFile(${show(String(samples))}, samples, { sampleRate, channels })`);
  }
  const { dtype, ...opening } = requireOptions("options", options, writeFileNames);
  // Before a file is made, or an existing one is emptied.
  if (opening.channels !== undefined) requireSamples(samples, dtype, requireInteger("channels", opening.channels, 1));
  const opened = await SoundFile.open(file, "w", opening);
  try {
    await opened.writeAsync(samples, dtype);
  } finally {
    await closeAside(opened);
  }
}

/** The properties and tags of a sound file. */
export function info(file: string | URL | Uint8Array | ArrayBuffer, options?: SoundFileOptions): FileInfo {
  const opened = new SoundFile(file, "r", options);
  try {
    const { sampleRate, channels, frames, format, subtype, endian } = opened;
    const tags = Object.entries(opened.metadata).filter((tag): tag is [string, string] => tag[1] !== undefined);
    const duration = frames < 0 ? -1 : frames / sampleRate;
    return { sampleRate, channels, frames, duration, format, subtype, endian, metadata: Object.fromEntries(tags) };
  } finally {
    opened.close();
  }
}
