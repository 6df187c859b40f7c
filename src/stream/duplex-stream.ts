import { ofFile, type OpenableFile } from "./file-streams.ts";
import type { Dtype, SamplesOf } from "../samples/formats.ts";
import { mixin } from "../base/mixin.ts";
import { type Direction, open, OpenedStream, openNow } from "../run/opened-stream.ts";
import { type Playing, PlayingMethods } from "./playing.ts";
import { type Recording, RecordingMethods, recordInto, recordNew } from "./recording.ts";
import {
  type Blocking,
  requireOffsetWithin,
  requireRunLength,
  type RunOptions,
  totalFrames,
} from "../run/run-options.ts";
import { type Capture, openCapture, type Sink, type SinkOptions } from "../endpoints/sink.ts";
import { openPlayback, type Source, type SourceOptions } from "../endpoints/source.ts";
import type { StreamOptions } from "../device/stream-options.ts";
import { coreOf, deviceIndex, Stream } from "./stream.ts";
import { requireBoolean, requireOptions } from "../base/validate.ts";

/**
 * Plays and records in one callback.
 *
 * @example Play a sweep, and record what comes back
 * ```ts
 * import { DuplexStream } from "@pastream/pastream";
 *
 * await using stream = new DuplexStream({ channels: 1 });
 * const sweep = new Float32Array(48000).map((_, i) => Math.sin(0.00001 * i * i));
 * const answer = await stream.playrec(sweep, { pad: 4800 });
 * ```
 */
export class DuplexStream<D extends Dtype = "float32", O extends Dtype = D> extends Stream {
  /** Opens the device; this blocks until that is done. */
  constructor(options?: StreamOptions<D, O>) {
    super(options instanceof OpenedStream ? options : openNow("duplex", options as StreamOptions));
  }

  /** Opens the device off the JS thread. */
  static async open<D extends Dtype = "float32", O extends Dtype = D>(
    options?: StreamOptions<D, O>,
  ): Promise<DuplexStream<D, O>> {
    return new DuplexStream<D, O>(await open("duplex", options as StreamOptions) as unknown as StreamOptions<D, O>);
  }

  /** A stream with the rate and, for the output, the channels of a file. */
  static fromFile<D extends Dtype = "float32", O extends Dtype = D>(
    file: OpenableFile,
    options?: StreamOptions<D, O>,
  ): DuplexStream<D, O> {
    return new DuplexStream<D, O>(ofFile(file, options, { outputOnly: true }));
  }

  /** Indices of the devices. */
  override get device(): readonly [input: number, output: number] {
    const { input, output } = coreOf(this);
    const index = deviceIndex(output!);
    return [input!.device === output!.device ? index : deviceIndex(input!), index];
  }

  /** Numbers of channels. */
  override get channels(): readonly [input: number, output: number] {
    return this.#both(({ channels }) => channels);
  }

  /** Sample formats. */
  override get dtype(): readonly [input: D, output: O] {
    return this.#both<Dtype>(({ dtype }) => dtype) as readonly [D, O];
  }

  /** Bytes in one sample. */
  override get sampleSize(): readonly [input: number, output: number] {
    return this.#both(({ sampleSize }) => sampleSize);
  }

  /** Seconds, as the devices report it. */
  override get latency(): readonly [input: number, output: number] {
    return this.#both(({ latency }) => latency);
  }

  #both<T>(of: (direction: Direction) => T): readonly [input: T, output: T] {
    const { input, output } = coreOf(this);
    return [of(input!), of(output!)];
  }

  /** Play and record at once, into new memory. Without `frames` it takes the source's length. */
  playrec(playback: Source<O>, options?: RunOptions & SourceOptions & Blocking): Promise<SamplesOf<D>>;
  /** Play and record at once, into `out`. */
  playrec<S extends Sink<D>>(
    playback: Source<O>,
    options: RunOptions & SourceOptions & SinkOptions & Blocking & { out: S },
  ): Promise<S>;
  async playrec(
    playback: Source<O>,
    given?: RunOptions & SourceOptions & SinkOptions & Blocking & { out?: unknown },
  ): Promise<unknown> {
    const core = coreOf(this);
    core.requireIdle();
    const options = requireOptions("options", given);
    const length = requireRunLength(options);
    const { out, blocking = true } = options;
    requireBoolean("blocking", blocking);
    const source = openPlayback(playback, options, core.output!, core.sampleRate);
    let total: number | undefined;
    let sink: Capture | undefined;
    try {
      total = totalFrames(length, source.frames);
      requireOffsetWithin(length, total);
      if (out !== undefined) sink = openCapture(out, options, core.input!, core.sampleRate);
      else if (total === undefined) {
        throw new TypeError("frames or out must be given for a source whose length is not known, or that has no end");
      }
    } catch (error) {
      source.release();
      throw error;
    }
    core.source = source;
    if (!sink) return await recordNew<D>(core, total! - length.offset, length, blocking);
    await recordInto(core, sink, length, blocking);
    return out;
  }
}

/** Plays and records: see Recording and Playing. */
export interface DuplexStream<D extends Dtype = "float32", O extends Dtype = D> extends Recording<D>, Playing<O> {}

mixin(DuplexStream, RecordingMethods, PlayingMethods);
