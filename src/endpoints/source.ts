import { type OptionNames, requireBoolean, requireOptions, show } from "../base/validate.ts";
import type { Dtype } from "../samples/formats.ts";
import { RingBuffer } from "../ring/ring-buffer.ts";
import type { Playback, TaskFunction } from "../run/endpoint.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { requireBufferSize, ringFrames } from "../run/ring-size.ts";
import { isMemory, isPlanar, type Planar, type Samples } from "../samples/samples.ts";
import { SoundFile } from "../sound-file/sound-file.ts";
import { FilePlayback } from "./file.ts";
import { MemoryPlayback } from "./memory.ts";
import { isIterable, isStream } from "./pump.ts";
import { RingPlayback } from "./ring.ts";
import { shapeFor, shapeNames, type ShapeOptions } from "./shape.ts";
import { functionFeed, iterableFeed, TaskPlayback } from "./task.ts";
import { isWorkerTask, workerFeed, type WorkerTask } from "./worker.ts";

/** Anything that can be played. A string or URL names a sound file, which the stream opens and closes. */
export type Source<D extends Dtype = Dtype> =
  | Samples<D>
  | Planar<D>
  | RingBuffer
  | SoundFile
  | string
  | URL
  | Iterable<Samples<D>>
  | AsyncIterable<Samples<D>>
  | ReadableStream<Samples<D>>
  | (() => Iterable<Samples<D>> | AsyncIterable<Samples<D>>) // a generator function, called at each start
  | TaskFunction
  | WorkerTask;

/** How to play a source. */
export interface SourceOptions extends ShapeOptions {
  /**
   * Frames of the ring between a file, function or iterable and the device. Default: at least 65536, more where sample
   * rate, block size and latency need it.
   */
  bufferSize?: number;
  /** Play it over and over. Default: false. */
  loop?: boolean;
}

export const sourceOptionNames: OptionNames<SourceOptions> = { ...shapeNames, bufferSize: true, loop: true };

/** Throws a TypeError that lists what a source may be. */
export function requireSource(source: unknown): void {
  const isKnown = typeof source === "string" || typeof source === "function" || source instanceof RingBuffer ||
    source instanceof SoundFile || source instanceof URL || isMemory(source) || isWorkerTask(source) ||
    isStream(source) || isIterable(source);
  if (isKnown) return;
  throw new TypeError(
    "a source must be samples, a RingBuffer, a SoundFile or its path, an iterable, a ReadableStream, a function or a " +
      `worker task, not ${show(source)}`,
  );
}

/** Prepares a source for a stream. Its options must have been checked for names. */
export function openPlayback(source: unknown, options: SourceOptions, direction: StreamDirection): Playback {
  const { loop = false, bufferSize } = options;
  requireBoolean("loop", loop);
  if (bufferSize !== undefined) requireBufferSize(bufferSize);
  requireSource(source);
  if (source instanceof SoundFile || typeof source === "string" || source instanceof URL) {
    return new FilePlayback(source, direction, bufferSize, loop);
  }
  const planar = isPlanar(source, direction.dtype);
  const shape = shapeFor("source", direction, planar ? { ...options, channels: source.length } : options);
  if (source instanceof RingBuffer) return new RingPlayback(source, shape, loop);
  if (isMemory(source) || planar) return new MemoryPlayback(source, shape, loop);
  const feed = typeof source === "function"
    ? functionFeed(source as TaskFunction, loop)
    : isWorkerTask(source)
    ? workerFeed(source, loop)
    : iterableFeed(source as Iterable<unknown>, loop);
  return new TaskPlayback(feed, shape, ringFrames(shape, bufferSize));
}

/** Checks the options of setSource(). */
export function requireSourceOptions(options: SourceOptions | undefined): SourceOptions {
  return requireOptions("options", options, sourceOptionNames);
}
