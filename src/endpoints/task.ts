// Sources and sinks whose ring JavaScript fills or empties: functions, iterables, Web Streams.
import { PS_ENDPOINT_RING } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import {
  type Capture,
  type Host,
  neverCleared,
  type Playback,
  type SinkPort,
  type TaskFunction,
} from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { prebufferFrames } from "../run/ring-size.ts";
import type { Run } from "../run/run.ts";
import type { SamplesOf } from "../samples/formats.ts";
import { IncompleteFrameError } from "../samples/frame-joiner.ts";
import { emptyRing, fillRing, type Flow, isIterable, isStream, type Steps, stepsOf } from "./pump.ts";
import { withRate } from "./shape.ts";
import { TaskRing } from "./task-ring.ts";

/** Fills the ring of `flow` during a run. */
export type Feed = (flow: Flow, host: Host) => void | Promise<void>;

/** Empties the ring of `flow` during a run. */
export type Drain = (flow: Flow, host: Host) => void | Promise<void>;

export class TaskPlayback implements Playback {
  readonly frames = undefined;
  readonly prebuffer: number;
  readonly #feed: Feed;
  readonly #shape: StreamDirection;
  readonly #tasks: TaskRing;
  #end = new AbortController();

  constructor(feed: Feed, shape: StreamDirection, size: number) {
    this.#feed = feed;
    this.#shape = shape;
    this.prebuffer = prebufferFrames(shape);
    this.#tasks = new TaskRing(shape.frameBytes, size);
  }

  get ring(): RingBuffer {
    return this.#tasks.ring;
  }

  get channels(): number {
    return this.#shape.channels;
  }

  attach(stream: NativeStream): void {
    this.#tasks.renew();
    stream.setSource(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.#shape), 0);
  }

  begin(host: Host, run: Run): void {
    const end = this.#end = new AbortController();
    run.signal.addEventListener("abort", () => end.abort(), { once: true });
    const format = this.#shape;
    const work = this.#tasks.work(async (ring) => {
      try {
        await this.#feed({ ring, format, signal: end.signal, poller: host.poller, queue: host.queue }, host);
      } catch (error) {
        if (!(error instanceof IncompleteFrameError)) throw error;
        run.failAtEnd(error); // all whole frames are played first
      }
      native().ps_ring_end(ringHandle(ring));
    });
    // An error after the end of the source is ignored.
    work.catch((error) => end.signal.aborted || host.fail(run, error));
  }

  drain(): void {
    this.#end.abort();
  }

  release(): void {
    this.#tasks.release();
  }
}

/** A sink whose ring JavaScript empties, on this thread or in a worker. */
export abstract class DrainedCapture implements Capture {
  readonly frames = undefined;
  readonly #shape: StreamDirection;
  readonly #flags: number;
  readonly #tasks: TaskRing;

  constructor(shape: StreamDirection, size: number, flags: number) {
    this.#shape = shape;
    this.#flags = flags;
    this.#tasks = new TaskRing(shape.frameBytes, size);
  }

  get ring(): RingBuffer {
    return this.#tasks.ring;
  }

  attach(port: SinkPort): void {
    this.#tasks.renew();
    port.setSink(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.#shape), this.#flags);
  }

  abstract begin(host: Host, run: Run): void;

  /** Settles when `drain` has, and never rejects. */
  protected work(drain: Drain, host: Host, run: Run): Promise<void> {
    const flow = {
      format: this.#shape,
      signal: run.signal,
      poller: host.poller,
      queue: neverCleared,
    };
    const work = this.#tasks.work((ring) => drain({ ...flow, ring }, host)).catch((error) => host.fail(run, error));
    run.awaitSink(work);
    return work;
  }

  release(): void {
    this.#tasks.release();
  }
}

export class TaskCapture extends DrainedCapture {
  readonly #drain: Drain;

  constructor(drain: Drain, shape: StreamDirection, size: number, flags: number) {
    super(shape, size, flags);
    this.#drain = drain;
  }

  begin(host: Host, run: Run): void {
    this.work(this.#drain, host, run);
  }
}

function refuseLoop(loop: boolean, what: string): void {
  if (loop) throw new TypeError(`loop must not be set for ${what}, which cannot be played again`);
}

export function functionFeed(source: TaskFunction, loop: boolean): Feed {
  if (/Generator/.test(Object.prototype.toString.call(source))) refuseLoop(loop, "a generator function");
  return (flow, { stream }) => {
    const result: unknown = source(stream, flow.ring, { loop, signal: flow.signal });
    if (!isIterable(result)) return result as void | Promise<void>;
    refuseLoop(loop, "a function that returns an iterable");
    return fillRing(stepsOf(result), flow);
  };
}

/** Generators and Web Streams that have been played. They cannot be played again. */
const played = new WeakSet<object>();

function requireUnplayed(source: object): void {
  if (played.has(source)) throw new TypeError("source must not be a generator or a stream that was played before");
}

export function iterableFeed(
  source: ReadableStream<unknown> | Iterable<unknown> | AsyncIterable<unknown>,
  loop: boolean,
): Feed {
  refuseLoop(loop, "an iterable");
  requireUnplayed(source);
  return (flow) => {
    requireUnplayed(source);
    if (isStream(source) || isIterator(source)) played.add(source);
    return fillRing(stepsOf(source), flow);
  };
}

/** Whether it can be iterated only once, as a generator. */
function isIterator(source: object): boolean {
  return typeof (source as Partial<Steps>).next === "function";
}

export function functionDrain(sink: TaskFunction): Drain {
  return (flow, { stream }) => sink(stream, flow.ring, { loop: false, signal: flow.signal });
}

export function streamDrain(stream: WritableStream<SamplesOf>): Drain {
  return (flow, host) => emptyRing(stream, flow, host);
}
