// The methods for the output of a stream.
import { PS_DIRECTION_OUTPUT } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { type OptionNames, requireNumber, requireOptions } from "../base/validate.ts";
import {
  openPlayback,
  requireSourceOptions,
  type Source,
  sourceOptionNames,
  type SourceOptions,
} from "../endpoints/source.ts";
import { MAX_CHANNELS } from "../endpoints/shape.ts";
import { unwrap } from "../library/native-error.ts";
import type { RingBuffer } from "../ring/ring-buffer.ts";
import type { Core } from "../run/core.ts";
import type { Cleared } from "../run/queue.ts";
import { requireRunLength } from "../run/run-length.ts";
import { type Blocking, blockingNames, defaultStart, requireBlocking } from "../run/run-options.ts";
import { setMapping } from "./mapping.ts";
import type { Dtype } from "../samples/formats.ts";
import type { Samples } from "../samples/samples.ts";

/** Options of play(). */
export interface PlayOptions extends SourceOptions, Blocking {
  /** Frames to play; negative (default -1): as many as the source has. */
  frames?: number;
  /** Frames of silence after the source; negative: silence up to `frames`, or without end. Default: 0. */
  pad?: number;
}

export const playOptionNames: OptionNames<PlayOptions> = {
  ...sourceOptionNames,
  ...blockingNames,
  frames: true,
  pad: true,
};

/** What the streams with an output, OutputStream and DuplexStream, have in common. */
export interface Playing<D extends Dtype> {
  /**
   * Device channel i+1 plays source channel txMapping[i] (one-based); 0 is silence. It can be set to an array, to a Map
   * of from -> to that mutes the channels that it does not list, or to null for the identity; also while the stream
   * runs.
   */
  get txMapping(): readonly number[];
  /** @ignore */
  set txMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null);

  /** Linear gain of the output. 1 (default) leaves every bit as it is. */
  outputGain: number;

  /** Sets what the next run plays. Returns the ring that the device reads from. */
  setSource(source: Source<D>, options?: SourceOptions): RingBuffer;

  /** Plays `frames` frames of a source (default: all), then `pad` frames of silence. Removes the sink. */
  play(playback: Source<D>, options?: PlayOptions): Promise<void>;

  /**
   * Drops what is queued, now; the run goes on. What is playing fades out over `fade` seconds (default 0.012). A
   * function, iterable or writable() goes on with its next write, memory and files end. Resolves when the device has
   * fallen silent, with the frames of the source that were dropped and those that had been heard by then.
   */
  clear(options?: ClearOptions): Promise<Cleared>;

  /** Frames of the source that have been heard since the last start, over all passes of a loop. */
  readonly heard: number;

  /**
   * Frames of the source that have been written and not been heard: of memory what remains, of a file what was read
   * ahead; Infinity for a loop.
   */
  readonly queued: number;

  /** Resolves when all that is queued now has been heard (true), or was dropped (false). */
  heardAll(): Promise<boolean>;

  /**
   * A Web Stream that plays what is written to it. The first write starts the stream, a write waits while the ring is
   * full, and close() plays what has been written to its end.
   */
  writable(options?: { bufferSize?: number }): WritableStream<Samples<D>>;
}

/** Options of clear(). */
export interface ClearOptions {
  /** Seconds over which what is playing fades out. Default: 0.012. */
  fade?: number;
}

const clearNames: OptionNames<ClearOptions> = { fade: true };

export async function clear(core: Core, options: ClearOptions | undefined): Promise<Cleared> {
  core.requireOpen();
  const { fade = 0.012 } = requireOptions("options", options, clearNames);
  return await core.queue.clear(Math.round(requireNumber("fade", fade, 0) * core.sampleRate));
}

export async function heardAll(core: Core): Promise<boolean> {
  core.requireOpen();
  if (core.queue.queued === Infinity) throw new TypeError("heardAll() never resolves for a source that loops");
  return await core.queue.heardAll();
}

/** Channels that a map may name: those of the source, or of one that was refused for want of a map, or may come. */
function sourceChannels({ endpoints: { source }, output, active }: Core): number {
  const { channels, conversion, refused = 0 } = output!;
  if (active || conversion === "never") return source?.shape.channels ?? channels;
  return Math.max(source?.shape.channels ?? MAX_CHANNELS, refused);
}

export function setTxMapping(core: Core, mapping: unknown): void {
  core.requireOpen();
  core.txMapping = setMapping(core, PS_DIRECTION_OUTPUT, mapping, sourceChannels(core));
}

export function setOutputGain(core: Core, gain: number): void {
  core.requireOpen();
  unwrap(native().ps_stream_set_gain(core.native.handle, requireNumber("outputGain", gain)), "outputGain");
  core.outputGain = gain;
}

export function setSource(core: Core, source: unknown, options: SourceOptions | undefined): RingBuffer {
  core.requireIdle();
  return (core.endpoints.source = openPlayback(source, requireSourceOptions(options), core.output!)).ring;
}

export async function play(core: Core, playback: unknown, options: PlayOptions | undefined): Promise<void> {
  core.requireIdle();
  const given = requireOptions("options", options, playOptionNames);
  const { frames, pad } = given;
  const blocking = requireBlocking(given);
  const length = requireRunLength({ frames, pad });
  core.endpoints.source = openPlayback(playback, given, core.output!);
  core.endpoints.sink = undefined;
  await core.execute(defaultStart(length), blocking);
}
