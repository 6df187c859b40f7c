// A stream for one purpose: opened, used and closed in one call.
import { type ChunkOptions, type Layout, requireChunkOptions } from "../chunks/options.ts";
import { type Chunk, Chunks } from "../chunks/chunks.ts";
import { defaults } from "../device/defaults.ts";
import { DuplexStream } from "./duplex-stream.ts";
import { ofFile } from "./file-streams.ts";
import { type Dtype, dtypeOfArray, type SamplesOf } from "../samples/formats.ts";
import { InputStream } from "./input-stream.ts";
import { OutputStream } from "./output-stream.ts";
import { pairOf } from "../base/pair.ts";
import type { RunOptions } from "../run/run-options.ts";
import { isMemory } from "../samples/samples.ts";
import { SoundFile } from "../sound-file/sound-file.ts";
import type { Source, SourceOptions } from "../endpoints/source.ts";
import { requireStreamOptions, type StreamOptions } from "../device/stream-options.ts";
import { type Steady, SteadySteps } from "../base/steady-steps.ts";
import { coreOf, type Stream } from "./stream.ts";
import { orElse, requireInteger, requireOptions } from "../base/validate.ts";

/**
 * The options that a source asks for: a file brings its rate and channels, a typed array its dtype, and samples are mono
 * unless it is said otherwise. A path is opened here, and answered as `file`, for the caller to close.
 */
function optionsFor<Options extends StreamOptions>(
  source: unknown,
  options: Options,
  outputOnly: boolean,
): { options: Options; source: unknown; file?: SoundFile } {
  if (source instanceof SoundFile) return { options: ofFile(source, options, { outputOnly }), source };
  if (typeof source === "string" || source instanceof URL) {
    const file = new SoundFile(source);
    return { options: ofFile(file, options, { outputOnly }), source: file, file };
  }
  if (!isMemory(source)) return { options, source };
  const dtype = orElse(options.dtype, ArrayBuffer.isView(source) ? dtypeOfArray(source) as Dtype : undefined);
  const [given, preset] = [pairOf("channels", options.channels), pairOf("channels", defaults.channels)];
  const channels = (side: 0 | 1) => orElse(orElse(given[side], preset[side]), 1);
  return { options: { ...options, dtype, channels: [channels(0), channels(1)] }, source };
}

/** Uses a stream, and closes it whatever happens. What went wrong while it was used goes before what its closing says. */
async function using<S extends Stream, T>(stream: S, use: (stream: S) => Promise<T>): Promise<T> {
  try {
    return await use(stream);
  } finally {
    await stream.close();
  }
}

/**
 * Open a stream, play to the end, close it. A file brings its rate and channels; samples need `channels` where they are
 * not mono.
 *
 * @example
 * ```ts
 * import { play } from "@pastream/pastream";
 *
 * await play("music.flac");
 * await play(new Float32Array(48000).map((_, i) => 0.2 * Math.sin(0.06 * i)), { sampleRate: 48000 });
 * ```
 */
export async function play(
  playback: Source,
  options?: StreamOptions & SourceOptions & { frames?: number; pad?: number },
): Promise<void> {
  const found = optionsFor(playback, requireOptions("options", options), false);
  try {
    const stream = await OutputStream.open(found.options);
    await using(stream, (stream) => stream.play(found.source as Source, { ...found.options, blocking: true }));
  } finally {
    found.file?.close();
  }
}

/**
 * Open a stream, record `frames` frames, close it.
 *
 * @example Five seconds in mono
 * ```ts
 * import { record } from "@pastream/pastream";
 *
 * const samples = await record(5 * 48000, { sampleRate: 48000, channels: 1 });
 * ```
 */
export async function record<D extends Dtype = "float32">(
  frames: number,
  options?: StreamOptions<D> & { offset?: number },
): Promise<SamplesOf<D>> {
  requireInteger("frames", frames, 0);
  const { offset } = requireOptions("options", options);
  const stream = await InputStream.open(options);
  return await using(stream, (stream) => stream.record(frames, { offset }));
}

/**
 * Open a stream, play and record, close it.
 *
 * @example Play a file, and record what is heard meanwhile
 * ```ts
 * import { playrec } from "@pastream/pastream";
 *
 * const heard = await playrec("sweep.wav", { pad: 4800 });
 * ```
 */
export async function playrec<D extends Dtype = "float32">(
  playback: Source<D>,
  options?: StreamOptions<D> & RunOptions & SourceOptions,
): Promise<SamplesOf<D>> {
  const found = optionsFor(playback, requireOptions("options", options), true);
  try {
    const stream = await DuplexStream.open<D>(found.options as StreamOptions<D>);
    const { frames, pad, offset, loop, bufferSize } = found.options as RunOptions & SourceOptions;
    const run = { frames, pad, offset, loop, bufferSize };
    return await using(stream, (stream) => stream.playrec(found.source as Source<D>, run));
  } finally {
    found.file?.close();
  }
}

/**
 * Open a stream, yield its chunks, close it. `playback` makes it duplex, and a file of it brings rate and channels.
 *
 * @example The level of the live input
 * ```ts
 * import { chunks } from "@pastream/pastream";
 *
 * for await (const chunk of chunks({ chunkSize: 4800, channels: 1 })) {
 *   console.log(Math.max(...chunk.map(Math.abs)));
 * }
 * ```
 */
export function chunks<D extends Dtype = "float32">(
  options?: ChunkOptions & StreamOptions<D> & { layout?: "interleaved" },
): AsyncGenerator<SamplesOf<D>, void, void>;
/** One array per channel. */
export function chunks<D extends Dtype = "float32">(
  options: ChunkOptions & StreamOptions<D> & { layout: "planar" },
): AsyncGenerator<SamplesOf<D>[], void, void>;
export function chunks<D extends Dtype>(
  options?: ChunkOptions & StreamOptions<D> & { layout?: Layout },
): AsyncGenerator<SamplesOf | SamplesOf[], void, void> {
  const given = requireOptions("options", options);
  const duplex = given.playback !== undefined && given.playback !== null;
  requireChunkOptions(given, requireStreamOptions(duplex ? "duplex" : "input", given).blockSize);
  return new SteadySteps(life(given, duplex));
}

async function* life(
  options: ChunkOptions & StreamOptions & { layout?: Layout },
  duplex: boolean,
): AsyncGenerator<Steady<Chunk>, void, void> {
  const found = duplex ? optionsFor(options.playback, options, true) : undefined;
  const all = found ? { ...found.options, playback: found.source as Source } : options;
  try {
    const stream = found ? await DuplexStream.open(all) : await InputStream.open(all);
    try {
      yield* new Chunks(coreOf(stream), all).life();
    } finally {
      await stream.close();
    }
  } finally {
    found?.file?.close();
  }
}
