import { PS_ENDPOINT_FILE, PS_ENDPOINT_RING, PS_SOURCE_COMPLETE, PS_SOURCE_LOOP } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/errors.ts";
import type { Dtype } from "../samples/formats.ts";
import type { NativeStream } from "../run/native-stream.ts";
import { fillRing, type Flow, isIterable, isStream, type Steps, stepsOf } from "./pump.ts";
import { memoryRing, RingBuffer, ringHandle, RingLoan } from "../ring/ring-buffer.ts";
import { requireBufferSize } from "../run/run-options.ts";
import type { Run } from "../run/run.ts";
import { type FrameFormat, isMemory, requireSamples, requireStill, type Samples } from "../samples/samples.ts";
import { SideFile } from "./file.ts";
import { SoundFile } from "../sound-file/sound-file.ts";
import type { Stream } from "../stream/stream.ts";
import { TaskRing } from "./task-ring.ts";
import { requireBoolean, requireOptions, show } from "../base/validate.ts";
import type { Waiting } from "../base/waiting.ts";
import { isWorkerTask, runInWorker, type WorkerTask } from "./worker.ts";

/** What a function source or sink is told besides its stream and its ring. */
export interface TaskContext {
  /** The `loop` option that it was set with. */
  readonly loop: boolean;
  /** Fires when the stream ends. */
  readonly signal: AbortSignal;
  /** What the worker was given; undefined outside of workers. */
  readonly data?: unknown;
}

/** A function that fills or empties the ring of a stream while it runs. When it returns, a source has ended. */
export type TaskFunction = (stream: Stream, ring: RingBuffer, context: TaskContext) => void | Promise<void>;

/** Anything that can be played. A string or URL is a sound file, opened and closed by the stream. */
export type Source<D extends Dtype = Dtype> =
  | Samples<D>
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
export interface SourceOptions {
  /** Frames of the ring between a file, function or iterable and the device: a power of 2, default 65536. */
  bufferSize?: number;
  /** Play it over and over. Default false. */
  loop?: boolean;
}

/** What the two halves of a stream know of it. */
export interface Host {
  readonly stream: Stream;
  readonly native: NativeStream;
  readonly waiting: Waiting;
  readonly sampleRate: number;
  /** Milliseconds until the sink's ring will have so many frames, after `looks` looks in vain. */
  dueIn(frames: number, looks: number): number;
  /** Ends a run with an error of JavaScript's. */
  fail(run: Run, error: unknown): void;
}

/** A source that has been made ready for a stream. */
export interface Playback {
  /** What the device reads from. */
  readonly ring: RingBuffer;
  /** Frames it would play from now on; undefined if that is not known, or endless. */
  readonly frames: number | undefined;
  /** Frames that must be in the ring before the device starts, as ps_stream_set_prebuffer has it, by default. */
  readonly prebuffer: number;
  /** Before a start: tells the native side what to play. */
  attach(native: NativeStream): void;
  /** With a start: begins to fill the ring, where JavaScript does that. */
  begin?(host: Host, run: Run): void;
  /** No more is to come, but what is in the ring. */
  drain?(): void;
  /** After a run. */
  end?(): void;
  /** It will not be played again. */
  release(): void;
}

/** Says what a source may be to who gives something else. */
export function requireSource(source: unknown): void {
  const known = typeof source === "string" || typeof source === "function" || source instanceof RingBuffer ||
    source instanceof SoundFile || source instanceof URL || isMemory(source) || isWorkerTask(source) ||
    isStream(source) || isIterable(source);
  if (known) return;
  throw new TypeError(
    "a source must be samples, a RingBuffer, a SoundFile or its path, an iterable, a ReadableStream, a function or a " +
      `worker task, not ${show(source)}`,
  );
}

/** Makes a source ready for a stream, or says what is wrong with it. */
export function openPlayback(
  source: unknown,
  options: SourceOptions | undefined,
  format: FrameFormat,
  rate: number,
): Playback {
  const { loop = false, bufferSize } = requireOptions("options", options);
  const size = requireBufferSize(bufferSize);
  requireBoolean("loop", loop);
  requireSource(source);
  if (source instanceof RingBuffer) return new RingPlayback(source, format, loop);
  if (source instanceof SoundFile || typeof source === "string" || source instanceof URL) {
    return new FilePlayback(new SideFile("source", source, format, rate), format, size, loop);
  }
  if (isMemory(source)) return new MemoryPlayback(source, format, loop);
  if (typeof source === "function") return new TaskPlayback(functionFeed(source as TaskFunction, loop), format, size);
  if (isWorkerTask(source)) return new TaskPlayback(workerFeed(source, loop), format, size);
  return new TaskPlayback(iterableFeed(source as Iterable<unknown>, loop), format, size);
}

class MemoryPlayback implements Playback {
  readonly ring: RingBuffer;
  readonly frames: number | undefined;
  readonly prebuffer = 0;
  readonly #memory: unknown;
  readonly #format: FrameFormat;
  readonly #bytes: number;
  readonly #loop: boolean;

  constructor(memory: unknown, format: FrameFormat, loop: boolean) {
    this.#memory = memory;
    this.#format = format;
    this.#bytes = requireSamples("source", memory, format).byteLength;
    this.#loop = loop;
    if (loop && this.#bytes === 0) throw new RangeError("loop must not be set for an empty source");
    const frames = this.#bytes / format.frameBytes;
    this.frames = loop ? undefined : frames;
    this.ring = memoryRing(format.frameBytes, Math.max(frames, 1));
    this.#fill();
  }

  /** The memory as it is now is what will be played. */
  #fill(): void {
    const bytes = requireStill("source", this.#memory, this.#format, this.#bytes);
    this.ring.flush();
    this.ring.write(bytes);
  }

  attach(stream: NativeStream): void {
    this.#fill();
    const flags = PS_SOURCE_COMPLETE | (this.#loop ? PS_SOURCE_LOOP : 0);
    unwrap(native().ps_stream_set_source(stream.handle, PS_ENDPOINT_RING, ringHandle(this.ring), flags, 0), "source");
  }

  release(): void {
    this.ring.close();
  }
}

/** A ring of the user's, who sees to it that there is something in it. */
class RingPlayback implements Playback {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly #loan: RingLoan;
  readonly prebuffer = 0;
  readonly #loop: boolean;

  constructor(ring: RingBuffer, format: FrameFormat, loop: boolean) {
    requireRingOf("source", ring, format);
    this.ring = ring;
    this.#loan = new RingLoan(ring);
    this.#loop = loop;
  }

  attach(stream: NativeStream): void {
    const flags = PS_SOURCE_COMPLETE | (this.#loop ? PS_SOURCE_LOOP : 0);
    unwrap(native().ps_stream_set_source(stream.handle, PS_ENDPOINT_RING, this.#loan.take(), flags, 0), "source");
  }

  end(): void {
    this.#loan.giveBack();
  }

  release(): void {
    this.#loan.giveBack();
  }
}

/** A user's ring must have elements of the size of frames. */
export function requireRingOf(name: string, ring: RingBuffer, { dtype, channels, frameBytes }: FrameFormat): void {
  ringHandle(ring); // throws if it is closed
  if (ring.elementSize === frameBytes) return;
  throw new RangeError(
    `${name} must be a ring of elements of ${frameBytes} bytes (${channels} channels of ${dtype}), not of ` +
      `${ring.elementSize}`,
  );
}

class FilePlayback implements Playback {
  readonly ring: RingBuffer;
  readonly prebuffer = -1;
  readonly #file: SideFile;
  readonly #loop: boolean;

  constructor(file: SideFile, format: FrameFormat, size: number, loop: boolean) {
    const { seekable, frames } = file.open();
    try {
      if (loop && !seekable) throw new TypeError("loop must not be set for a file that cannot seek");
      if (loop && frames === 0) throw new RangeError("loop must not be set for an empty source");
    } catch (error) {
      file.end();
      throw error;
    }
    this.#file = file;
    this.#loop = loop;
    this.ring = new RingBuffer(format.frameBytes, size);
  }

  get frames(): number | undefined {
    const file = this.#file.open();
    return this.#loop || file.frames < 0 ? undefined : file.frames - (file.seekable ? file.tell() : 0);
  }

  attach(stream: NativeStream): void {
    const flags = this.#loop ? PS_SOURCE_LOOP : 0;
    const ring = ringHandle(this.ring);
    unwrap(native().ps_stream_set_source(stream.handle, PS_ENDPOINT_FILE, this.#file.handle(), flags, ring), "source");
  }

  end(): void {
    this.#file.end();
  }

  release(): void {
    this.#file.end();
    this.ring.close();
  }
}

/** Fills a ring during a run: `flow` is the way, `host` whom it is for. */
type Feed = (flow: Flow, host: Host) => void | Promise<void>;

/** A source that JavaScript feeds. */
class TaskPlayback implements Playback {
  readonly frames = undefined;
  readonly prebuffer = 1;
  readonly #feed: Feed;
  readonly #format: FrameFormat;
  readonly #tasks: TaskRing;
  #end = new AbortController();

  constructor(feed: Feed, format: FrameFormat, size: number) {
    this.#feed = feed;
    this.#format = format;
    this.#tasks = new TaskRing(format.frameBytes, size);
  }

  get ring(): RingBuffer {
    return this.#tasks.ring;
  }

  attach(stream: NativeStream): void {
    this.#tasks.renew();
    unwrap(native().ps_stream_set_source(stream.handle, PS_ENDPOINT_RING, ringHandle(this.ring), 0, 0), "source");
  }

  begin(host: Host, run: Run): void {
    const end = this.#end = new AbortController();
    run.signal.addEventListener("abort", () => end.abort(), { once: true });
    const { waiting, sampleRate } = host;
    const work = this.#tasks.work(async (ring) => {
      await this.#feed({ ring, format: this.#format, sampleRate, signal: end.signal, waiting }, host);
      native().ps_ring_end(ringHandle(ring));
    });
    // What a source has to say after its end is of no use to anyone.
    work.catch((error) => end.signal.aborted || host.fail(run, error));
  }

  drain(): void {
    this.#end.abort();
  }

  release(): void {
    this.#tasks.release();
  }
}

function noLoop(loop: boolean, what: string): void {
  if (loop) throw new TypeError(`loop must not be set for ${what}: it cannot be begun anew`);
}

function functionFeed(source: TaskFunction, loop: boolean): Feed {
  if (/Generator/.test(Object.prototype.toString.call(source))) noLoop(loop, "a generator function");
  return (flow, { stream }) => {
    const answer: unknown = source(stream, flow.ring, { loop, signal: flow.signal });
    if (!isIterable(answer)) return answer as void | Promise<void>;
    noLoop(loop, "a function that answers an iterable");
    return fillRing(stepsOf(answer), flow);
  };
}

function workerFeed(task: WorkerTask, loop: boolean): Feed {
  return (flow, host) => runInWorker(task, "source", loop, flow, host);
}

/** Generators and streams that have been played: there is nothing left in them. */
const used = new WeakSet<object>();

function requireUnused(source: object): void {
  if (used.has(source)) throw new TypeError("source must not be a generator or stream that was played before");
}

function iterableFeed(
  source: ReadableStream<unknown> | Iterable<unknown> | AsyncIterable<unknown>,
  loop: boolean,
): Feed {
  noLoop(loop, "an iterable");
  requireUnused(source);
  return (flow) => {
    requireUnused(source);
    if (isStream(source) || isOwnIterator(source)) used.add(source);
    return fillRing(stepsOf(source), flow);
  };
}

/** Whether it can be iterated only once, as a generator. */
function isOwnIterator(source: object): boolean {
  return typeof (source as Partial<Steps>).next === "function";
}
