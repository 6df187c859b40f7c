// Functions that open a stream, use it for one purpose, and close it.
import { pairOf } from "../base/pair.ts";
import { PolledGenerator, type PolledValues } from "../base/polled-generator.ts";
import {
  type OptionNames,
  orElse,
  pickOptions,
  requireBoolean,
  requireInteger,
  requireOptions,
} from "../base/validate.ts";
import { type Chunk, Chunks } from "../chunks/chunks.ts";
import {
  type CheckedChunkOptions,
  chunkOptionNames,
  type ChunkOptions,
  type LayoutOptions,
  requireChunkOptions,
} from "../chunks/options.ts";
import { defaults } from "../device/defaults.ts";
import { requireStreamOptions } from "../device/stream-config.ts";
import { streamOptionNames, type StreamOptions } from "../device/stream-options.ts";
import { shapeNames, type ShapeOptions } from "../endpoints/shape.ts";
import { isGeneratorFunction, takeSteps } from "../endpoints/task.ts";
import { isWorkerTask } from "../endpoints/worker.ts";
import { requireSource, type Source, sourceOptionNames, type SourceOptions } from "../endpoints/source.ts";
import { isIterable, isIterator, isStream } from "../base/steps.ts";
import { RingBuffer } from "../ring/ring-buffer.ts";
import { runOptionNames, type RunOptions } from "../run/run-length.ts";
import { type Dtype, dtypeOfArray, type SamplesOf } from "../samples/formats.ts";
import { requireBytes } from "../samples/memory.ts";
import { isMemory, isPlanar } from "../samples/samples.ts";
import { bytesOf, isEncoded } from "../sound-file/incoming.ts";
import { refuseWebAddress } from "../sound-file/options.ts";
import { isSoundFile, KnownSteps } from "../sound-file/recognize.ts";
import { openAside, openSteps, SoundFile } from "../sound-file/sound-file.ts";
import { DuplexStream } from "./duplex-stream.ts";
import { withFileShape } from "./file-streams.ts";
import { InputStream } from "./input-stream.ts";
import { OutputStream } from "./output-stream.ts";
import { coreOf, type Stream } from "./stream.ts";

/** Options of a use, without those that are the stream's here. */
type Use<Options> = Omit<Options, keyof ShapeOptions>;
type PlayRunOptions = Use<SourceOptions> & { frames?: number; pad?: number };
type PlayrecOptions = Use<SourceOptions> & RunOptions;

function useNames<Options extends object>(names: OptionNames<Options>): OptionNames<Use<Options>> {
  return Object.fromEntries(Object.entries(names).filter(([name]) => !(name in shapeNames))) as OptionNames<
    Use<Options>
  >;
}

const playRunNames: OptionNames<PlayRunOptions> = { ...useNames(sourceOptionNames), frames: true, pad: true };
const recordNames: OptionNames<{ offset?: number }> = { offset: true };
const playrecNames: OptionNames<PlayrecOptions> = { ...useNames(sourceOptionNames), ...runOptionNames };
const chunkNames: OptionNames<Use<LayoutOptions>> = useNames(chunkOptionNames);

/** Throws for `out`, which record() and playrec() of a stream know: here the length makes the memory. */
function refuseOut(options: object | undefined, names: object): void {
  if (typeof options !== "object" || options === null || !("out" in options) || "out" in names) return;
  throw new TypeError(
    "options: out is for a stream's own record() and playrec(), as in await using stream = await " +
      'DuplexStream.open(); await stream.playrec(source, { out: "take.wav" })',
  );
}

/** Checks the names of options, and takes those of the stream from those of its use. */
function splitOptions<Use extends object>(
  options: object | undefined,
  names: OptionNames<Use>,
): { stream: StreamOptions; use: Use } {
  refuseOut(options, names);
  const given = requireOptions("options", options, { ...streamOptionNames, ...names });
  return { stream: pickOptions<StreamOptions>(given, streamOptionNames), use: pickOptions<Use>(given, names) };
}

/** A source and the options of a stream for it. */
interface Found {
  readonly options: StreamOptions;
  readonly source: unknown;
  /** Closes what was opened for the source. */
  close(): void;
}

/**
 * Adds what a source determines to the options of a stream: a sound file its rate and channels, a typed array its
 * dtype; samples are mono unless `channels` is given. A file that is not open is opened here.
 */
async function optionsFor(
  source: unknown,
  options: StreamOptions,
  { raw, outputOnly }: { raw: boolean | undefined; outputOnly: boolean },
): Promise<Found> {
  requireSource(source);
  refuseWebAddress("source", source, "play");
  const close = () => {};
  if (source instanceof SoundFile) return { options: withFileShape(source, options, { outputOnly }), source, close };
  const opened = await openSource(source, raw, options.signal);
  if (opened instanceof SoundFile) {
    try {
      return { options: withFileShape(opened, options, { outputOnly }), source: opened, close: () => opened.close() };
    } catch (error) {
      opened.close();
      throw error;
    }
  }
  if (hasStreamsChannels(source)) return { options, source, close };
  const planes = planesOf(source);
  const array = planes ? planes[0] : source;
  const dtype = orElse(options.dtype, ArrayBuffer.isView(array) ? streamDtypeOf(array) : undefined);
  const [given, preset] = [pairOf("channels", options.channels), pairOf("channels", defaults.channels)];
  const channels = (side: 0 | 1) => orElse(orElse(given[side], preset[side]), planes?.length ?? 1);
  return {
    options: { ...options, dtype, channels: [channels(0), channels(1)] },
    source: opened,
    close: () => void (opened instanceof KnownSteps && opened.return()),
  };
}

/** The sound file that a source is, open; any other source as it is, or what goes on where it was looked at. */
async function openSource(source: unknown, raw: boolean | undefined, signal?: AbortSignal): Promise<unknown> {
  if (typeof source === "string" || source instanceof URL) return await openAside(source, { signal });
  if (raw !== undefined && requireBoolean("raw", raw)) return source;
  if (isSoundFile(source)) return await openAside(requireBytes("source", source), { signal });
  if (isEncoded(source)) {
    const { steps, name } = bytesOf(source);
    return await openSteps(steps, name, signal);
  }
  if (!isStream(source) && !isIterable(source) || isMemory(source)) return source;
  if (source instanceof RingBuffer) return source;
  const known = await new KnownSteps(takeSteps(source)).look();
  if (known.isSoundFile) return await openSteps(known, "the source", signal);
  if (isStream(source) || isIterator(source)) return known;
  known.return();
  return source;
}

/** Whether frames of a source have the channels of the stream, which a task is given, and which a ring was made for. */
function hasStreamsChannels(source: unknown): boolean {
  const isTask = isWorkerTask(source) || (typeof source === "function" && !isGeneratorFunction(source));
  return isTask || source instanceof RingBuffer;
}

/** The dtype of a typed array, where a stream has it. */
function streamDtypeOf(array: ArrayBufferView): Dtype | undefined {
  const dtype = dtypeOfArray(array);
  return dtype === "float64" ? undefined : dtype;
}

/** The planes of a source; undefined if it is none. Bytes are pieces. */
function planesOf(source: unknown): readonly SamplesOf[] | undefined {
  if (!Array.isArray(source)) return undefined;
  const dtype = ArrayBuffer.isView(source[0]) ? streamDtypeOf(source[0]) : undefined;
  return dtype && isPlanar(source, dtype) ? source : undefined;
}

/** Mono is played on all channels that a device has by default; a stream of one channel would be heard on one side. */
function onAllChannels(options: StreamOptions, given: StreamOptions): StreamOptions {
  const [, wanted] = pairOf("channels", orElse(given.channels, defaults.channels));
  const [, output] = pairOf("channels", options.channels);
  if (wanted !== undefined || output !== 1 || orElse(given.conversion, defaults.conversion) === "never") return options;
  return { ...options, channels: undefined };
}

/** Uses a stream and closes it. An error of its use takes precedence over one of closing it. */
async function using<S extends Stream, T>(stream: S, use: (stream: S) => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await use(stream);
  } catch (error) {
    await stream.close().catch(() => {});
    throw error;
  }
  await stream.close();
  return result;
}

/**
 * Opens a stream, plays a source to its end, and closes the stream. A file determines rate and channels; samples that
 * are not mono need `channels`. A file may be a path, bytes, or arrive: from fetch(), a Blob, a ReadableStream.
 *
 * @example
 * ```ts
 * import { play } from "@pastream/pastream";
 *
 * await play("music.flac");
 * await play(await fetch("https://example.org/music.mp3"));
 * await play(new Float32Array(48000).map((_, i) => 0.2 * Math.sin(0.06 * i)), { sampleRate: 48000 });
 * ```
 */
export async function play<D extends Dtype = Dtype>(
  playback: Source<D>,
  options?: StreamOptions<D> & Omit<SourceOptions, "sampleRate" | "channels"> & { frames?: number; pad?: number },
): Promise<void> {
  const { stream: given, use } = splitOptions<PlayRunOptions>(options, playRunNames);
  requireStreamOptions("output", given);
  const found = await optionsFor(playback, given, { raw: use.raw, outputOnly: false });
  try {
    const options = onAllChannels(found.options, given);
    const mono = options !== found.options && { channels: 1 };
    const stream = await OutputStream.open(options);
    await using(stream, (stream) => stream.play(found.source as Source, { ...use, ...mono }));
  } finally {
    found.close();
  }
}

/**
 * Opens a stream, records `frames` frames, and closes the stream.
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
  const { stream: given, use } = splitOptions<{ offset?: number }>(options, recordNames);
  const stream = await InputStream.open<D>(given as StreamOptions<D>);
  return await using(stream, (stream) => stream.record(frames, use));
}

/**
 * Opens a stream, plays and records at once, and closes the stream.
 *
 * @example Play a file, and record meanwhile
 * ```ts
 * import { playrec } from "@pastream/pastream";
 *
 * const heard = await playrec("sweep.wav", { pad: 4800 });
 * ```
 */
export async function playrec<D extends Dtype = "float32">(
  playback: Source<D>,
  options?: StreamOptions<D> & RunOptions & Omit<SourceOptions, "sampleRate" | "channels">,
): Promise<SamplesOf<D>> {
  const { stream: given, use } = splitOptions<PlayrecOptions>(options, playrecNames);
  requireStreamOptions("duplex", given);
  const found = await optionsFor(playback, given, { raw: use.raw, outputOnly: true });
  try {
    const stream = await DuplexStream.open<D>(found.options as StreamOptions<D>);
    return await using(stream, (stream) => stream.playrec(found.source as Source<D>, use));
  } finally {
    found.close();
  }
}

/**
 * Opens a stream, yields its chunks, and closes it at their end. With `playback` it is a duplex stream; a file there
 * determines rate and output channels.
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
  options?: Omit<ChunkOptions, "sampleRate" | "channels"> & StreamOptions<D> & { layout?: "interleaved" },
): AsyncGenerator<SamplesOf<D>, void, void>;
/** Yields chunks with one array per channel. */
export function chunks<D extends Dtype = "float32">(
  options: Omit<ChunkOptions, "sampleRate" | "channels"> & StreamOptions<D> & { layout: "planar" },
): AsyncGenerator<SamplesOf<D>[], void, void>;
export function chunks<D extends Dtype>(
  options?: Omit<LayoutOptions, "sampleRate" | "channels"> & StreamOptions<D>,
): AsyncGenerator<SamplesOf | SamplesOf[], void, void> {
  const { stream, use } = splitOptions<Use<LayoutOptions>>(options, chunkNames);
  const isDuplex = use.playback !== undefined && use.playback !== null;
  const { blockSize } = requireStreamOptions(isDuplex ? "duplex" : "input", stream);
  return new PolledGenerator(lifecycle(stream, requireChunkOptions(use, blockSize), isDuplex));
}

async function* lifecycle(
  options: StreamOptions,
  chunkOptions: CheckedChunkOptions,
  isDuplex: boolean,
): AsyncGenerator<PolledValues<Chunk>, void, void> {
  const found = isDuplex
    ? await optionsFor(chunkOptions.playback, options, { raw: false, outputOnly: true })
    : undefined;
  try {
    const stream = found ? await DuplexStream.open(found.options) : await InputStream.open(options);
    try {
      const playback = found ? found.source as Source : chunkOptions.playback;
      yield* new Chunks(coreOf(stream), { ...chunkOptions, playback }).lifecycle();
    } finally {
      await stream.close();
    }
  } finally {
    found?.close();
  }
}
