import type { RingBuffer } from "../ring/ring-buffer.ts";
import type { Conversion } from "../run/conversions.ts";
import { open } from "../run/opened-stream.ts";
import type { CallbackStats, Glitch, Levels, XrunCounts } from "../run/readings.ts";
import { type OpenableFile, withFileShape } from "./file-streams.ts";
import { requireOptions } from "../base/validate.ts";
import { streamOptionNames, type StreamOptions } from "../device/stream-options.ts";
import type { Dtype } from "../samples/formats.ts";
import type { StartOptions } from "../run/run-options.ts";
import { coreOf, deviceIndex, fromOpened, Stream, takeOpened } from "./stream.ts";
import { writableOf, type WritableOptions } from "./web-streams.ts";
import type { Source, SourceOptions } from "../endpoints/source.ts";
import type { Samples } from "../samples/samples.ts";
import * as playing from "./playing.ts";
import type { ClearOptions, Playing, PlayOptions } from "./playing.ts";
import type { Cleared } from "../run/queue.ts";

/**
 * A stream that plays on a device: samples in memory, a file, a ring, an iterable, a function, a worker or a Web Stream
 * (play(), setSource()), or what is written to it (writable()).
 *
 * @example A file
 * ```ts
 * import { OutputStream } from "@pastream/pastream";
 *
 * await using stream = OutputStream.fromFile("music.flac");
 * await stream.play("music.flac");
 * ```
 */
export class OutputStream<D extends Dtype = "float32"> extends Stream implements Playing<D> {
  /** Opens the device. It blocks until that is done; OutputStream.open() does not. */
  constructor(options?: StreamOptions<D>) {
    super(takeOpened(new.target, "output", options));
  }

  /** Opens the device off the JavaScript thread. */
  static async open<D extends Dtype = "float32">(options?: StreamOptions<D>): Promise<OutputStream<D>> {
    return fromOpened<OutputStream<D>>(this, await open("output", options), options);
  }

  /** Opens the device with the rate and channels of a file, unless the options name others. */
  static fromFile<D extends Dtype = "float32">(file: OpenableFile, options?: StreamOptions<D>): OutputStream<D> {
    return new this<D>(withFileShape(file, requireOptions("options", options, streamOptionNames)));
  }

  /** Index of the device. */
  override get device(): number {
    return deviceIndex(coreOf(this).output!);
  }

  /** Number of channels. */
  override get channels(): number {
    return coreOf(this).output!.channels;
  }

  /** Sample format. */
  override get dtype(): D {
    return coreOf(this).output!.dtype as D;
  }

  /** Bytes in one sample. */
  override get sampleSize(): number {
    return coreOf(this).output!.sampleSize;
  }

  /** Seconds, as the device reports it. */
  override get latency(): number {
    return coreOf(this).output!.latency;
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
  setSource(source: Source<D>, options?: SourceOptions): RingBuffer {
    return playing.setSource(coreOf(this), source, options);
  }

  /** Plays `frames` frames of a source (default: all), then `pad` frames of silence. Removes the sink. */
  async play(playback: Source<D>, options?: PlayOptions): Promise<void> {
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
  writable(options?: WritableOptions): WritableStream<Samples<D>> {
    return writableOf<D>(coreOf(this), options);
  }
}

/** What an OutputStream has in common with all streams. */
export interface OutputStream<D extends Dtype = "float32"> {
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
