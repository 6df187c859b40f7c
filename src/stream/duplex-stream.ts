import type { RingBuffer } from "../ring/ring-buffer.ts";
import type { Conversion } from "../run/conversions.ts";
import { open } from "../run/opened-stream.ts";
import type { CallbackStats, Glitch, Levels, XrunCounts } from "../run/readings.ts";
import { type OpenableFile, withFileShape } from "./file-streams.ts";
import { requireOptions } from "../base/validate.ts";
import { streamOptionNames, type StreamOptions } from "../device/stream-options.ts";
import type { Dtype, SamplesOf } from "../samples/formats.ts";
import { chunksOf } from "../chunks/chunks.ts";
import type { Blocking, StartOptions } from "../run/run-options.ts";
import type { RunOptions } from "../run/run-length.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { coreOf, deviceIndex, fromOpened, Stream, takeOpened } from "./stream.ts";
import { readableOf, writableOf, type WritableOptions } from "./web-streams.ts";
import { playrec, type PlayrecOptions } from "./playrec.ts";
import type { ChunkOptions, LayoutOptions } from "../chunks/options.ts";
import type { Sink, SinkOptions } from "../endpoints/sink.ts";
import type { FileMode, SoundFile, SoundFileOptions } from "../sound-file/sound-file.ts";
import { openRecordingFile } from "../endpoints/recording-file.ts";
import type { Tap } from "../run/tap.ts";
import * as recording from "./recording.ts";
import type { NextFileOptions, Recording } from "./recording.ts";
import type { Source, SourceOptions } from "../endpoints/source.ts";
import type { Samples } from "../samples/samples.ts";
import * as playing from "./playing.ts";
import type { ClearOptions, Playing, PlayOptions } from "./playing.ts";
import type { Cleared } from "../run/queue.ts";

/**
 * A stream that plays and records in the same callback. It can do all that an OutputStream and an InputStream can, and
 * playrec() does both at once.
 *
 * @example Play a sweep, and record what comes back
 * ```ts
 * import { DuplexStream } from "@pastream/pastream";
 *
 * await using stream = new DuplexStream({ channels: 1 });
 * const sweep = new Float32Array(48000).map((_, i) => Math.sin(0.00001 * i * i));
 * const recorded = await stream.playrec(sweep, { pad: 4800 });
 * ```
 */
export class DuplexStream<D extends Dtype = "float32", O extends Dtype = D> extends Stream
  implements Recording<D>, Playing<O> {
  /** Opens the device. It blocks until that is done; DuplexStream.open() does not. */
  constructor(options?: StreamOptions<D, O>) {
    super(takeOpened(new.target, "duplex", options as StreamOptions));
  }

  /** Opens the device off the JavaScript thread. */
  static async open<D extends Dtype = "float32", O extends Dtype = D>(
    options?: StreamOptions<D, O>,
  ): Promise<DuplexStream<D, O>> {
    return fromOpened<DuplexStream<D, O>>(this, await open("duplex", options as StreamOptions), options);
  }

  /** Opens the device with the rate and, for the output, the channels of a file, unless the options name others. */
  static fromFile<D extends Dtype = "float32", O extends Dtype = D>(
    file: OpenableFile,
    options?: StreamOptions<D, O>,
  ): DuplexStream<D, O> {
    const given = requireOptions("options", options, streamOptionNames);
    return new this<D, O>(withFileShape(file, given, { outputOnly: true }));
  }

  /** Indices of the devices. */
  override get device(): readonly [input: number, output: number] {
    const { input, output } = coreOf(this);
    const index = deviceIndex(output!);
    return [input!.device === output!.device ? index : deviceIndex(input!), index];
  }

  /** Numbers of channels. */
  override get channels(): readonly [input: number, output: number] {
    return ofBoth(this, ({ channels }) => channels);
  }

  /** Sample formats. */
  override get dtype(): readonly [input: D, output: O] {
    return ofBoth<Dtype>(this, ({ dtype }) => dtype) as readonly [D, O];
  }

  /** Bytes in one sample. */
  override get sampleSize(): readonly [input: number, output: number] {
    return ofBoth(this, ({ sampleSize }) => sampleSize);
  }

  /** Seconds, as the devices report it. */
  override get latency(): readonly [input: number, output: number] {
    return ofBoth(this, ({ latency }) => latency);
  }

  /** Plays and records at once, into new memory. Without `frames` the run has the length of the source. */
  playrec(
    playback: Source<O>,
    options?: RunOptions & SourceOptions & Blocking & { source?: SourceOptions },
  ): Promise<SamplesOf<D>>;
  /**
   * Plays and records at once, into `out`. Options of the source and the sink are for both; `source` and `sink` say
   * where they differ.
   */
  playrec<S extends Sink<D>>(
    playback: Source<O>,
    options: RunOptions & SourceOptions & SinkOptions & Blocking & {
      out: S;
      source?: SourceOptions;
      sink?: SinkOptions;
    },
  ): Promise<S>;
  async playrec(playback: Source<O>, options?: PlayrecOptions): Promise<unknown> {
    return await playrec(coreOf(this), playback, options);
  }

  /** Recorded channel i+1 is device channel rxMapping[i] (one-based); 0 is silence. See Recording. */
  get rxMapping(): readonly number[] {
    return coreOf(this).rxMapping;
  }

  /** @ignore */
  set rxMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null) {
    recording.setRxMapping(coreOf(this), mapping);
  }

  /** Sets what the next run records into. Returns the ring that the device writes to. */
  setSink(sink: Sink<D>, options?: SinkOptions): RingBuffer {
    return recording.setSink(coreOf(this), sink, options);
  }

  /** Adds a sink beside the others, to the run that is on as well. Without room it ends alone. See Recording. */
  addSink(sink: Sink<D>, options?: SinkOptions): Tap {
    return recording.addSink(coreOf(this), sink, options);
  }

  /** Opens a file for writing with the stream's rate and channels, and the subtype nearest to its dtype. */
  toFile(file: string | URL | number, mode: FileMode = "w", options?: SoundFileOptions): SoundFile {
    const core = coreOf(this);
    core.requireOpen();
    return openRecordingFile(file, mode, core.input!, options);
  }

  /** Records `frames` frames into new memory; `offset` of them are dropped. Removes the source. */
  record(frames: number, options?: { offset?: number } & Blocking): Promise<SamplesOf<D>>;
  /**
   * Records into `out`; without `frames`, until memory is full, or, for any other sink, until the stream is stopped.
   */
  record<S extends Sink<D>>(options: { out: S; frames?: number; offset?: number } & SinkOptions & Blocking): Promise<S>;
  async record(first: unknown, options?: unknown): Promise<unknown> {
    return await recording.record(coreOf(this), first, options);
  }

  /** Continues the recording in another file without losing a frame. Resolves with the frame at which that begins. */
  async nextFile(file: SoundFile, options?: NextFileOptions): Promise<number> {
    return await recording.nextFile(coreOf(this), file, options);
  }

  /** The live input in chunks. The array of a chunk is reused: it is valid until the next chunk is requested. */
  chunks(options?: ChunkOptions & { layout?: "interleaved" }): AsyncGenerator<SamplesOf<D>, void, void>;
  /** The live input in chunks with one array per channel. */
  chunks(options: ChunkOptions & { layout: "planar" }): AsyncGenerator<SamplesOf<D>[], void, void>;
  chunks(options?: LayoutOptions): unknown {
    return chunksOf(coreOf(this), options);
  }

  /** The frame of the run at which the last chunk begins, not counting its overlap. */
  get chunkFrame(): number {
    return coreOf(this).chunk?.find().frame ?? 0;
  }

  /** The stream time at which the device captured that frame. */
  get chunkTime(): number {
    return coreOf(this).chunk?.find().time ?? 0;
  }

  /** The live input as a Web Stream of copied chunks, with back-pressure. The first read starts the stream. */
  readable(options?: ChunkOptions): ReadableStream<SamplesOf<D>> {
    return readableOf<D>(coreOf(this), options);
  }

  /** Device channel i+1 plays source channel txMapping[i] (one-based); 0 is silence. See Playing. */
  get txMapping(): readonly number[] {
    return coreOf(this).txMapping;
  }

  /** @ignore */
  set txMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null) {
    playing.setTxMapping(coreOf(this), mapping);
  }

  /** Linear gain of the output. 1 (default) leaves every bit as it is. */
  get outputGain(): number {
    return coreOf(this).outputGain;
  }

  /** @ignore */
  set outputGain(gain: number) {
    playing.setOutputGain(coreOf(this), gain);
  }

  /** Sets what the next run plays. Returns the ring that the device reads from. */
  setSource(source: Source<O>, options?: SourceOptions): RingBuffer {
    return playing.setSource(coreOf(this), source, options);
  }

  /** Plays `frames` frames of a source (default: all), then `pad` frames of silence. Removes the sink. */
  async play(playback: Source<O>, options?: PlayOptions): Promise<void> {
    await playing.play(coreOf(this), playback, options);
  }

  /**
   * Drops what is queued, now, faded out over `fade` seconds (default 0.012); the run goes on. Resolves when the device
   * has fallen silent. See Playing.
   */
  async clear(options?: ClearOptions): Promise<Cleared> {
    return await playing.clear(coreOf(this), options);
  }

  /** Frames of the source that have been heard since the last start. */
  get heard(): number {
    return coreOf(this).queue.heard;
  }

  /** Frames of the source that have been written and not been heard; Infinity for a loop. */
  get queued(): number {
    return coreOf(this).queue.queued;
  }

  /** Resolves when all that is queued now has been heard (true), or was dropped (false). */
  async heardAll(): Promise<boolean> {
    return await playing.heardAll(coreOf(this));
  }

  /** A Web Stream that plays what is written to it. The first write starts the stream; close() plays to the end. */
  writable(options?: WritableOptions): WritableStream<Samples<O>> {
    return writableOf<O>(coreOf(this), options);
  }
}

/** What a DuplexStream has in common with all streams. */
export interface DuplexStream<D extends Dtype = "float32", O extends Dtype = D> {
  /** Hz. */
  get sampleRate(): number;
  /** Rate that the device runs at, in Hz. If it differs from `sampleRate`, samples are converted between the two. */
  get deviceRate(): number;
  /** What is converted: between the device and the stream, and between the stream and its source and sinks as set. */
  get conversions(): readonly Conversion[];
  /** Frames per callback; 0 if the backend decides. */
  get blockSize(): number;
  /** Whether it plays and records. */
  get isDuplex(): boolean;
  /** Whether a run has started and not ended. */
  get active(): boolean;
  /** Whether a run has ended: by itself, or because it was stopped or aborted. */
  get finished(): boolean;
  /** Whether the last run was ended by stop(). */
  get stopped(): boolean;
  /** Whether the last run was ended by abort() or by an error. */
  get aborted(): boolean;
  /** Whether close() was called. */
  get closed(): boolean;
  /** Frames processed since the last start. */
  get frameCount(): number;
  /** How often the device or a source was late since the last start. */
  get xruns(): number;
  /** The same by kind. */
  get xrunCounts(): XrunCounts;
  /** The log of gaps and losses since the last start: the last 256, oldest first. */
  get glitches(): readonly Glitch[];
  /** PaStreamCallbackFlags seen since the last start, or-ed: paInputUnderflow and so on. */
  get status(): number;
  /** Seconds, by the stream's clock. */
  get time(): number;
  /** Share of the available time that the callback needs, 0 to 1. */
  get cpuLoad(): number;
  /** Level of each channel since this was last read. */
  get levels(): Levels;
  /** How late callbacks came and how long they took, since the last start. */
  get callbackStats(): CallbackStats;
  /** Settles at the end of the current or the next run; rejects with the error that ended it. */
  get ended(): Promise<void>;
  /** Starts a run with the source and sink that have been set. */
  start(options?: StartOptions): Promise<void>;
  /** Plays what is in the device's buffers, then stops. */
  stop(): Promise<void>;
  /** Ends the source, plays all of it, then stops. */
  drain(): Promise<void>;
  /** Stops at once, and drops what has not been played. */
  abort(): Promise<void>;
  /** Aborts the stream if it is active, and closes the device. */
  close(): Promise<void>;
  /** Waits for the end of the run; returns false after `timeout` seconds without it. Throws the error that ended it. */
  wait(timeout?: number): Promise<boolean>;
  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void>;
  /** Lets the process end while this stream is active. */
  unref(): void;
  /** Keeps the process alive while this stream is active: the default. */
  ref(): void;
  /** A short description of the stream. */
  toString(): string;
}

function ofBoth<T>(stream: Stream, of: (direction: StreamDirection) => T): readonly [input: T, output: T] {
  const { input, output } = coreOf(stream);
  return [of(input!), of(output!)];
}
