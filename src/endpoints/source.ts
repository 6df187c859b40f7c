import { type OptionNames, requireBoolean, requireOptions, show } from "../base/validate.ts";
import type { Dtype } from "../samples/formats.ts";
import { RingBuffer } from "../ring/ring-buffer.ts";
import type { Playback, TaskFunction } from "../run/endpoint.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { requireBufferSize } from "../run/ring-size.ts";
import { isMemory, isPlanar, type Planar, type Samples } from "../samples/samples.ts";
import { isIterable, isStream } from "../base/steps.ts";
import { meant, requireBytes } from "../samples/memory.ts";
import { isEncoded } from "../sound-file/incoming.ts";
import { refuseWebAddress } from "../sound-file/options.ts";
import { isSoundFile } from "../sound-file/recognize.ts";
import { SoundFile } from "../sound-file/sound-file.ts";
import { FilePlayback } from "./file.ts";
import { MemoryPlayback } from "./memory.ts";
import { RingPlayback } from "./ring.ts";
import { shapeFor, shapeNames, type ShapeOptions } from "./shape.ts";
import { encodedFeed, functionFeed, iterableFeed, TaskPlayback } from "./task.ts";
import { isWorkerTask, lackOfWorker, workerFeed, type WorkerTask } from "./worker.ts";

/**
 * Anything that can be played. A string or URL names a sound file, which the stream opens and closes. Bytes that begin
 * like a sound file are decoded.
 */
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
  | Response // a sound file that is decoded while it arrives; samples with `raw: true`
  | Blob
  | (() => Iterable<Samples<D>> | AsyncIterable<Samples<D>>) // a generator function, called at each start
  | TaskFunction
  | WorkerTask;

/** How to play a source. */
export interface SourceOptions extends ShapeOptions {
  /**
   * Frames of the ring between a file, function or iterable and the device. Default: at least 65536, more where sample
   * rate, block size and latency need it. With fewer than a block has, there is a gap in every block.
   */
  bufferSize?: number;
  /** Play it over and over. Default: false. */
  loop?: boolean;
  /** Bytes are samples, whatever they begin with. Default: false, those of a sound file are decoded. */
  raw?: boolean;
}

export const sourceOptionNames: OptionNames<SourceOptions> = { ...shapeNames, bufferSize: true, loop: true, raw: true };

/** Throws a TypeError that lists what a source may be. */
export function requireSource(source: unknown): void {
  const isKnown = typeof source === "string" || typeof source === "function" || source instanceof RingBuffer ||
    source instanceof SoundFile || source instanceof URL || isMemory(source) || isWorkerTask(source) ||
    isStream(source) || isIterable(source) || isEncoded(source);
  if (isKnown) return;
  throw new TypeError(
    "a source must be samples, a RingBuffer, a SoundFile or its path, an iterable, a ReadableStream, a Response, a " +
      `Blob, a function or a worker task, not ${show(source)}${meant(source) || lackOfWorker(source)}`,
  );
}

/**
 * Prepares a source for a stream. Its options must have been checked for names. A file is opened at once, unless
 * that would have to wait for whoever writes into a pipe.
 */
export function openPlayback(
  source: unknown,
  options: SourceOptions,
  direction: StreamDirection,
): Playback {
  const { loop = false, raw = false, bufferSize } = options;
  requireBoolean("loop", loop);
  requireBoolean("raw", raw);
  if (bufferSize !== undefined) requireBufferSize(bufferSize);
  requireSource(source);
  refuseWebAddress("source", source, "play");
  if (source instanceof SoundFile || typeof source === "string" || source instanceof URL) {
    return new FilePlayback(source, direction, { bufferSize, loop });
  }
  if (!raw && isSoundFile(source)) {
    return new FilePlayback(requireBytes("source", source), direction, { bufferSize, loop });
  }
  const planar = isPlanar(source, direction.dtype);
  const shape = shapeFor("source", direction, planar ? { ...options, channels: source.length } : options);
  if (source instanceof RingBuffer) return new RingPlayback(source, shape, loop);
  if (isMemory(source) || planar) return new MemoryPlayback(source, shape, loop);
  const feed = typeof source === "function"
    ? functionFeed(source as TaskFunction, loop, raw)
    : isWorkerTask(source)
    ? workerFeed(source, loop)
    : isEncoded(source)
    ? encodedFeed(source, loop, raw)
    : iterableFeed(source as Iterable<unknown>, loop, raw);
  return new TaskPlayback(feed, shape, bufferSize);
}

/** Checks the options of setSource(), or those that playrec() has under `name`. */
export function requireSourceOptions(options: SourceOptions | undefined, name = "options"): SourceOptions {
  return requireOptions(name, options, sourceOptionNames);
}
