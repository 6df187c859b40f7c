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
import { prebufferFrames, ringFrames } from "../run/ring-size.ts";
import type { Run } from "../run/run.ts";
import { BufferEmptyError } from "../library/errors.ts";
import type { SamplesOf } from "../samples/formats.ts";
import { dismiss, isIterable, isIterator, isStream, type Stepped, type Steps, stepsOf } from "../base/steps.ts";
import { bytesOf, isResponse, requireReadable } from "../sound-file/incoming.ts";
import { KnownSteps } from "../sound-file/recognize.ts";
import { leaveRest, openSteps, type SoundFile } from "../sound-file/sound-file.ts";
import { FilePlayback } from "./file.ts";
import { emptyRing, fillRing, type Flow } from "./pump.ts";
import { withRate } from "./shape.ts";
import { TaskRing } from "./task-ring.ts";

/** Fills the ring of `flow` during a run, or returns what gives the pieces for it. */
export type Feed = (flow: Flow, host: Host) => Pieces | void | Promise<void>;

/** Empties the ring of `flow` during a run. */
export type Drain = (flow: Flow, host: Host) => void | Promise<void>;

/** Pieces of samples, or the bytes of a sound file. */
class Pieces {
  readonly steps: Steps;
  /** What they are: false where only samples are expected; undefined where their first bytes say it. */
  readonly isSoundFile: boolean | undefined;
  readonly name: string;

  constructor(steps: Steps, isSoundFile: boolean | undefined, name = "the source") {
    this.steps = steps;
    this.isSoundFile = isSoundFile;
    this.name = name;
  }
}

export class TaskPlayback implements Playback {
  readonly frames = undefined;
  readonly prebuffer: number;
  readonly #feed: Feed;
  readonly #shape: StreamDirection;
  readonly #bufferSize: number | undefined;
  readonly #tasks: TaskRing;
  #end = new AbortController();
  /** The file that the pieces of this run turned out to be. */
  #file: SoundFile | undefined;
  #decoded: FilePlayback | undefined;
  /** What its frames are, also after the run: the stream tells of the conversion until the next one. */
  #decodedShape: StreamDirection | undefined;
  /** Why it ended too early in this run. */
  #failure: { readonly error: unknown } | undefined;

  constructor(feed: Feed, shape: StreamDirection, bufferSize: number | undefined) {
    this.#feed = feed;
    this.#shape = shape;
    this.#bufferSize = bufferSize;
    this.prebuffer = prebufferFrames(shape);
    this.#tasks = new TaskRing(shape.frameBytes, ringFrames(shape, bufferSize));
  }

  get ring(): RingBuffer {
    return this.#tasks.ring;
  }

  get shape(): StreamDirection {
    return this.#decodedShape ?? this.#shape;
  }

  attach(stream: NativeStream): void {
    this.#tasks.renew();
    this.#decodedShape = undefined;
    this.#failure = undefined;
    stream.setSource(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.#shape), 0);
  }

  begin(host: Host, run: Run, waits: boolean): Promise<void> {
    const end = this.#end = new AbortController();
    run.signal.addEventListener("abort", () => end.abort(), { once: true });
    const format = this.#shape;
    let ready!: () => void;
    const begun = new Promise<void>((resolve) => void (ready = resolve));
    end.signal.addEventListener("abort", ready, { once: true });
    const work = this.#tasks.work(async (ring) => {
      try {
        const flow = { ring, format, signal: end.signal, poller: host.poller, queue: host.queue };
        const fed = this.#feed(flow, host);
        if (fed instanceof Pieces) await this.#play(fed, flow, host, run, ready, waits);
        else {
          ready();
          await fed;
        }
      } catch (error) {
        if (end.signal.aborted) return; // an error after the end of the source is ignored
        if (run.state === "preparing" && ring.readAvailable === 0) throw error;
        this.#failure = { error };
        native().ps_ring_fail(ringHandle(ring)); // what it has given is heard first
      }
      native().ps_ring_end(ringHandle(ring));
    });
    work.catch((error) => host.fail(run, error)).finally(ready);
    return begun;
  }

  async #play(pieces: Pieces, flow: Flow, host: Host, run: Run, ready: () => void, waits: boolean): Promise<void> {
    const { name, isSoundFile } = pieces;
    const steps = isSoundFile === undefined ? new KnownSteps(pieces.steps) : pieces.steps;
    if (steps instanceof KnownSteps) {
      const stop = () => dismiss(steps);
      flow.signal.addEventListener("abort", stop, { once: true });
      const looked = steps.look();
      if (!waits && looked instanceof Promise) ready();
      if (looked instanceof Promise) await looked;
      flow.signal.removeEventListener("abort", stop);
    }
    if (flow.signal.aborted) return;
    if (steps instanceof KnownSteps ? steps.isSoundFile : isSoundFile) {
      return await this.#decode(steps, name, flow.signal, host, run);
    }
    ready();
    await fillRing(steps, flow);
  }

  /** Has the native side decode the file that the pieces are, instead of reading the ring. */
  async #decode(steps: Steps, name: string, signal: AbortSignal, host: Host, run: Run): Promise<void> {
    const file = await openSteps(steps, name, signal);
    try {
      if (run.state !== "preparing") {
        throw new TypeError(
          `${name} is a sound file, whose header is needed before the start: start with prebuffer, or play ` +
            "SoundFile.fromStream()",
        );
      }
      const decoded = new FilePlayback(file, this.#shape.stream ?? this.#shape, { bufferSize: this.#bufferSize });
      this.#file = file;
      this.#decoded = decoded;
      this.#decodedShape = decoded.shape;
      decoded.attach(host.native);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  explain(error: unknown): unknown {
    if (this.#failure && error instanceof BufferEmptyError) return this.#failure.error;
    return this.#decoded ? this.#decoded.explain(error) : error;
  }

  drain(): void {
    this.#end.abort();
    if (this.#file) leaveRest(this.#file);
  }

  end(): void {
    this.#decoded?.release();
    this.#file?.close();
    this.#decoded = this.#file = undefined;
  }

  release(): void {
    this.end();
    this.#tasks.release();
  }
}

/** A sink whose ring JavaScript empties, on this thread or in a worker. */
export abstract class DrainedCapture implements Capture {
  readonly frames = undefined;
  readonly shape: StreamDirection;
  readonly #flags: number;
  readonly #tasks: TaskRing;

  constructor(shape: StreamDirection, size: number, flags: number) {
    this.shape = shape;
    this.#flags = flags;
    this.#tasks = new TaskRing(shape.frameBytes, size);
  }

  get ring(): RingBuffer {
    return this.#tasks.ring;
  }

  attach(port: SinkPort): void {
    this.#tasks.renew();
    port.setSink(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.shape), this.#flags);
  }

  abstract begin(host: Host, run: Run): void;

  /** Settles when `drain` has, and never rejects. */
  protected work(drain: Drain, host: Host, run: Run): Promise<void> {
    const flow = {
      format: this.shape,
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

/** Of an async one, too. */
export function isGeneratorFunction(source: unknown): boolean {
  return typeof source === "function" && /Generator/.test(Object.prototype.toString.call(source));
}

export function functionFeed(source: TaskFunction, loop: boolean, raw: boolean): Feed {
  if (isGeneratorFunction(source)) refuseLoop(loop, "a generator function");
  return (flow, { stream }) => {
    const result: unknown = source(stream, flow.ring, { loop, signal: flow.signal });
    if (!isIterable(result)) return result as void | Promise<void>;
    refuseLoop(loop, "a function that returns an iterable");
    return new Pieces(stepsOf(result), raw ? false : undefined);
  };
}

/** Generators, streams and responses that have been played, and are exhausted. */
const played = new WeakSet<object>();

function requireUnplayed(source: object): void {
  if (!played.has(source)) return;
  throw new TypeError("source must not be a generator, a stream or a Response that was played before");
}

/** The steps of a source that may be exhausted by them. */
export function takeSteps(source: Stepped): Steps {
  requireUnplayed(source);
  if (isStream(source) || isIterator(source)) played.add(source);
  return stepsOf(source);
}

export function iterableFeed(source: Stepped, loop: boolean, raw: boolean): Feed {
  refuseLoop(loop, "an iterable");
  requireUnplayed(source);
  return () => new Pieces(takeSteps(source), raw ? false : undefined);
}

/** Of a Response or a Blob. */
export function encodedFeed(source: Response | Blob, loop: boolean, raw: boolean): Feed {
  refuseLoop(loop, "a Response or a Blob");
  requireUnplayed(source);
  requireReadable(source);
  return () => {
    requireUnplayed(source);
    if (isResponse(source)) played.add(source);
    const { steps, name } = bytesOf(source);
    return new Pieces(steps, !raw, name);
  };
}

export function functionDrain(sink: TaskFunction): Drain {
  return (flow, { stream }) => sink(stream, flow.ring, { loop: false, signal: flow.signal });
}

export function streamDrain(stream: WritableStream<SamplesOf>): Drain {
  return (flow, host) => emptyRing(stream, flow, host);
}
