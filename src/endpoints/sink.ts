import { PS_ENDPOINT_FILE, PS_ENDPOINT_RING, PS_SINK_DROP, PS_SINK_MEMORY } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/errors.ts";
import type { Dtype, SamplesOf } from "../samples/formats.ts";
import type { NativeStream } from "../run/native-stream.ts";
import { emptyRing, type Flow } from "./pump.ts";
import { memoryRing, peekRing, RingBuffer, ringHandle, RingLoan } from "../ring/ring-buffer.ts";
import { requireBufferSize, type RunLength } from "../run/run-options.ts";
import type { Run } from "../run/run.ts";
import { type FrameFormat, isMemory, requireSamples, requireStill, type Samples } from "../samples/samples.ts";
import { requireFit, SideFile } from "./file.ts";
import { SoundFile } from "../sound-file/sound-file.ts";
import { type Host, requireRingOf, type TaskFunction } from "./source.ts";
import { TaskRing } from "./task-ring.ts";
import { requireOneOf, requireOptions, show } from "../base/validate.ts";
import { type Gate, isWorkerTask, runInWorker, type WorkerTask } from "./worker.ts";

/** Anything that can be recorded into. */
export type Sink<D extends Dtype = Dtype> =
  | Samples<D>
  | RingBuffer
  | SoundFile
  | WritableStream<SamplesOf<D>>
  | TaskFunction
  | WorkerTask;

/** How to record into a sink. */
export interface SinkOptions {
  /** Frames of the ring between the device and a file or function: a power of 2, default 65536. */
  bufferSize?: number;
  /** No room left: end the run with a BufferFullError (default), or drop the newest frames, count and log them. */
  onOverflow?: "abort" | "drop";
}

/** The PS_SINK_ flags of an overflow policy. */
export function overflowFlags(onOverflow: SinkOptions["onOverflow"] = "abort"): number {
  return requireOneOf("onOverflow", onOverflow, ["abort", "drop"]) === "drop" ? PS_SINK_DROP : 0;
}

/** A sink that has been made ready for a stream. */
export interface Capture {
  /** What the device writes to. */
  readonly ring: RingBuffer;
  /** Frames that it has room for; undefined if there is no end to it. */
  readonly frames: number | undefined;
  /** It serves one run, and sees to its own release. */
  readonly once?: boolean;
  /** Before a start: tells the native side what to record into. */
  attach(native: NativeStream): void;
  /** How long a run is to be that somebody starts who has no say in that. */
  readonly length?: RunLength;
  /** Before the device starts: what it must wait for. A failure is the run's. */
  prepare?(host: Host, run: Run): Promise<void> | void;
  /** Once the device has started: begins to empty the ring, where JavaScript does that. */
  begin?(host: Host, run: Run): void;
  /** After a run. May throw what is wrong with the sink. */
  end?(): void;
  /** It will not be recorded into again. */
  release(): void;
}

/** Makes a sink ready for a stream, or says what is wrong with it. */
export function openCapture(
  sink: unknown,
  options: SinkOptions | undefined,
  format: FrameFormat,
  rate: number,
): Capture {
  const { onOverflow, bufferSize } = requireOptions("options", options);
  const size = requireBufferSize(bufferSize);
  const flags = overflowFlags(onOverflow);
  if (sink instanceof RingBuffer) return new RingCapture(sink, format, flags);
  if (sink instanceof SoundFile) return new FileCapture(sink, format, rate, size, flags);
  if (isMemory(sink)) return new MemoryCapture(sink, format, flags);
  if (typeof sink === "function") return new TaskCapture(functionDrain(sink as TaskFunction), format, size, flags);
  if (isWorkerTask(sink)) return new WorkerCapture(sink, format, size, flags);
  if (sink instanceof WritableStream) return new TaskCapture(streamDrain(sink), format, size, flags);
  throw new TypeError(
    "a sink must be memory for samples, a RingBuffer, a SoundFile, a WritableStream, a function or a worker task, not " +
      show(sink),
  );
}

/** Memory for one run. */
export function openOnce(memory: SamplesOf, format: FrameFormat): Capture {
  return new MemoryCapture(memory, format, 0, true);
}

class MemoryCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames: number;
  readonly once: boolean;
  readonly #memory: unknown;
  readonly #format: FrameFormat;
  readonly #bytes: number;
  readonly #flags: number;

  constructor(memory: unknown, format: FrameFormat, flags: number, once = false) {
    this.once = once;
    this.#memory = memory;
    this.#format = format;
    this.#flags = flags | PS_SINK_MEMORY;
    this.#bytes = requireSamples("sink", memory, format).byteLength;
    this.frames = this.#bytes / format.frameBytes;
    this.ring = memoryRing(format.frameBytes, Math.max(this.frames, 1));
  }

  #room(): Uint8Array {
    return requireStill("sink", this.#memory, this.#format, this.#bytes);
  }

  attach(stream: NativeStream): void {
    this.#room();
    this.ring.flush();
    if (this.frames === 0) this.ring.advanceWriteIndex(1); // there is no ring without any room
    unwrap(native().ps_stream_set_sink(stream.handle, PS_ENDPOINT_RING, ringHandle(this.ring), this.#flags, 0), "sink");
  }

  /** The native side has recorded into memory of its own: the caller's may have been given away meanwhile. */
  end(): void {
    try {
      peekRing(this.ring, this.#room());
    } finally {
      if (this.once) this.release();
    }
  }

  release(): void {
    this.ring.close();
  }
}

/** A ring of the user's, who reads from it. */
class RingCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly #loan: RingLoan;
  readonly #flags: number;

  constructor(ring: RingBuffer, format: FrameFormat, flags: number) {
    requireRingOf("sink", ring, format);
    this.ring = ring;
    this.#loan = new RingLoan(ring);
    this.#flags = flags;
  }

  attach(stream: NativeStream): void {
    unwrap(native().ps_stream_set_sink(stream.handle, PS_ENDPOINT_RING, this.#loan.take(), this.#flags, 0), "sink");
  }

  end(): void {
    this.#loan.giveBack();
  }

  release(): void {
    this.#loan.giveBack();
  }
}

/** A file, and after it the next one. */
export class FileCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  #file: SideFile;
  readonly #format: FrameFormat;
  readonly #sampleRate: number;
  readonly #flags: number;

  constructor(file: SoundFile, format: FrameFormat, sampleRate: number, size: number, flags: number) {
    this.#file = new SideFile("sink", file, format, sampleRate);
    this.#format = format;
    this.#sampleRate = sampleRate;
    this.#flags = flags;
    this.ring = new RingBuffer(format.frameBytes, size);
  }

  attach(stream: NativeStream): void {
    const ring = ringHandle(this.ring);
    unwrap(
      native().ps_stream_set_sink(stream.handle, PS_ENDPOINT_FILE, this.#file.handle(), this.#flags, ring),
      "sink",
    );
  }

  /** During a run: goes on in another file from frame `at` on, or from the next block. */
  switchTo(file: SoundFile, at: number, stream: NativeStream): void {
    requireFit("sink", file, this.#format, this.#sampleRate);
    const next = new SideFile("sink", file, this.#format, this.#sampleRate);
    unwrap(native().ps_stream_next_file(stream.handle, next.handle(), at), "nextFile");
    this.#file = next;
  }

  release(): void {
    this.ring.close();
  }
}

/** Empties a ring during a run. */
type Drain = (flow: Flow, host: Host, gate?: Gate) => void | Promise<void>;

/** A sink that JavaScript drains. */
class TaskCapture implements Capture {
  readonly frames = undefined;
  readonly #drain: Drain;
  readonly #format: FrameFormat;
  readonly #flags: number;
  readonly #tasks: TaskRing;

  constructor(drain: Drain, format: FrameFormat, size: number, flags: number) {
    this.#drain = drain;
    this.#format = format;
    this.#flags = flags;
    this.#tasks = new TaskRing(format.frameBytes, size);
  }

  get ring(): RingBuffer {
    return this.#tasks.ring;
  }

  attach(stream: NativeStream): void {
    this.#tasks.renew();
    unwrap(native().ps_stream_set_sink(stream.handle, PS_ENDPOINT_RING, ringHandle(this.ring), this.#flags, 0), "sink");
  }

  begin(host: Host, run: Run): void {
    this.work(host, run);
  }

  /** Settles, and never rejects, when the drain is done. */
  protected work(host: Host, run: Run, gate?: Gate): Promise<void> {
    const flow = { format: this.#format, sampleRate: host.sampleRate, signal: run.signal, waiting: host.waiting };
    const work = this.#tasks.work((ring) => this.#drain({ ...flow, ring }, host, gate))
      .catch((error) => host.fail(run, error));
    run.awaitSink(work);
    return work;
  }

  release(): void {
    this.#tasks.release();
  }
}

/** A sink that a worker drains. It takes a while until a worker is up, and the device waits for it. */
class WorkerCapture extends TaskCapture {
  #open: ((begin: boolean) => void) | undefined;

  constructor(task: WorkerTask, format: FrameFormat, size: number, flags: number) {
    super((flow, host, gate) => runInWorker(task, "sink", false, flow, host, gate), format, size, flags);
  }

  prepare(host: Host, run: Run): Promise<void> {
    return new Promise((ready) => {
      const started = new Promise<boolean>((resolve) => void (this.#open = resolve));
      this.work(host, run, { ready, started }).then(ready);
    });
  }

  override begin(): void {
    this.#open?.(true);
  }

  end(): void {
    this.#open?.(false); // says nothing new to a worker that has begun
  }
}

function functionDrain(sink: TaskFunction): Drain {
  return (flow, { stream }) => sink(stream, flow.ring, { loop: false, signal: flow.signal });
}

function streamDrain(stream: WritableStream<SamplesOf>): Drain {
  return (flow, host) => emptyRing(stream, flow, host);
}
