// A sink beside the sink of the run.
import {
  PS_ERR_BUFFER_FULL,
  PS_ERROR_STATUS,
  PS_FRAMES_ALL,
  PS_TAP_DROPPED,
  PS_TAP_ENDED,
  PS_TAP_FAILED,
  PS_TAP_FIRST,
  PS_TAP_FRAMES,
  PS_TAP_FULL,
  PS_TAP_NUMBERS,
  PS_TAP_STATE,
  PS_TAP_USED,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { change, type Poller } from "../base/poller.ts";
import { nativeError, unwrap } from "../library/native-error.ts";
import type { RingBuffer } from "../ring/ring-buffer.ts";
import { type Capture, type Clearing, type Host, neverCleared, type SinkPort, type TaskStream } from "./endpoint.ts";
import type { NativeStream } from "./native-stream.ts";
import type { Glitch, Readings } from "./readings.ts";
import { Run } from "./run.ts";

/** One of several sinks of a stream. */
export interface Tap {
  /** The ring that the device writes to. */
  readonly ring: RingBuffer;
  /** Frames that it was given in this run, or else in the last one. */
  readonly frames: number;
  /** Frames of them that it lost, with `onOverflow: "drop"`. */
  readonly dropped: number;
  /** The error that ended it while the run went on; undefined if none did. */
  readonly error: Error | undefined;
  /** Gives it no more frames. Resolves when its file is flushed or its function has settled. The run goes on. */
  remove(): Promise<void>;
}

/** Sinks beside that of the run. */
const MOST_TAPS = 16;

/** How a tap takes part in its runs. */
export interface TapPlan {
  /** PS_SINK_ flags beside those of the sink itself. */
  readonly flags: number;
  /** Frames to skip at its start. */
  readonly offset: number;
  /** Frames after which it ends, skipped ones included; negative: with the run. */
  readonly frames: number;
  /** It has a part in one run only. */
  readonly once?: boolean;
}

/** What a tap needs of its stream. */
export interface TapHost extends Host {
  readonly readings: Readings;
  /** As dueIn(), for one sink: 0 that of the run, else the number of a tap. */
  dueInSink(sink: number, frames: number, checks: number): number;
}

export class StreamTap implements Tap, Host, SinkPort {
  readonly stream: TaskStream;
  readonly native: NativeStream;
  readonly poller: Poller;
  readonly sampleRate: number;
  readonly queue: Clearing = neverCleared;
  readonly capture: Capture;
  readonly #host: TapHost;
  readonly #plan: TapPlan;
  readonly #forget: (tap: StreamTap) => void;
  readonly #numbers = new Float64Array(new ArrayBuffer(PS_TAP_NUMBERS * 8));
  /** Its number on the native side; 0 while it has no part in a run. */
  #sink = 0;
  /** By which the glitch log tells its drops from those of other sinks. */
  #place = 0;
  /** Its part in the current run, or the last one. */
  #part: Run | undefined;
  /** That run. */
  run: Run | undefined;
  #error: Error | undefined;
  #removed: Promise<void> | undefined;

  constructor(host: TapHost, capture: Capture, plan: TapPlan, forget: (tap: StreamTap) => void) {
    this.#host = host;
    this.stream = host.stream;
    this.native = host.native;
    this.poller = host.poller;
    this.sampleRate = host.sampleRate;
    this.capture = capture;
    this.#plan = plan;
    this.#forget = forget;
  }

  /** Frames that it skips at its start. */
  get offset(): number {
    return this.#plan.offset;
  }

  get ring(): RingBuffer {
    return this.capture.ring;
  }

  get frames(): number {
    return this.#look()[PS_TAP_FRAMES];
  }

  get dropped(): number {
    return this.#look()[PS_TAP_DROPPED];
  }

  /** The drops of it that the glitch log has. */
  drops(): readonly Glitch[] {
    return this.#host.readings.drops(this.#place);
  }

  /** The frame of the run that was its first; -1 if it has had none. */
  get first(): number {
    return this.#look()[PS_TAP_FIRST];
  }

  get error(): Error | undefined {
    this.#look();
    return this.#error;
  }

  /** Whether remove() was called. */
  get isLeaving(): boolean {
    return this.#removed !== undefined;
  }

  /** Whether it gets no more frames although the run may go on. */
  get isOver(): boolean {
    const state = this.#look()[PS_TAP_STATE];
    return this.#sink === 0 || state === PS_TAP_ENDED || this.#error !== undefined;
  }

  /** The numbers of the native side; those that were seen last where it has no part in a run. */
  #look(): Float64Array {
    if (this.#sink === 0) return this.#numbers;
    unwrap(native().ps_stream_sink(this.native.handle, this.#sink, this.#numbers, PS_TAP_NUMBERS), "tap");
    const state = this.#numbers[PS_TAP_STATE];
    if (state === PS_TAP_FULL) this.#error ??= nativeError(PS_ERR_BUFFER_FULL, { text: "", numbers: [0, 0, 0] });
    if (state === PS_TAP_FAILED && !this.#error) this.#error = this.#failure();
    return this.#numbers;
  }

  /** Why its file cannot be written: ps_stream_sink has left the detail. */
  #failure(): Error {
    try {
      unwrap(native().ps_error_number(PS_ERROR_STATUS), "tap");
    } catch (error) {
      return error as Error;
    }
    return new Error("the sink failed");
  }

  // ──────────── its part in a run ────────────

  /** Before a start, or while a run is on. Returns its part in that run. */
  attach(run: Run): Run {
    this.run = run;
    this.#error = undefined;
    this.#numbers.fill(0);
    this.#numbers[PS_TAP_FIRST] = -1;
    this.capture.attach(this);
    const part = this.#part = new Run();
    part.state = "active";
    part.offset = this.#plan.offset;
    return part;
  }

  /** Called by the capture. */
  setSink(kind: number, object: number, flags: number, between = 0): void {
    const { offset, frames } = this.#plan;
    const { handle } = this.native;
    const limit = frames < 0 ? PS_FRAMES_ALL : frames;
    const added = native().ps_stream_add_sink(handle, kind, object, flags | this.#plan.flags, between, offset, limit);
    this.#sink = unwrap(added, "addSink");
    this.#place = 1 + this.#sink % MOST_TAPS;
  }

  async prepare(): Promise<void> {
    await this.capture.prepare?.(this, this.#part!);
  }

  begin(): void {
    this.capture.begin?.(this, this.#part!);
  }

  /** Its part in the run has ended on the native side; `outcome` is how, as a PS_STATE_. A promise: as for end(). */
  end(outcome: number | undefined): Promise<void> | undefined {
    const part = this.#part;
    if (this.#sink === 0 || !part) return undefined;
    this.#look();
    native().ps_stream_remove_sink(this.native.handle, this.#sink); // the next run adds it again
    this.#sink = 0;
    if (this.#plan.once) this.#forget(this);
    const fail = (error: unknown) => void (this.#error ??= error as Error);
    part.released.then(() => this.poller.wake());
    try {
      const copied = this.capture.end?.();
      if (copied) return copied.catch(fail).then(() => part.release(outcome));
    } catch (error) {
      fail(error);
    }
    part.release(outcome);
    return undefined;
  }

  /** Resolves when its function has settled. */
  get settled(): Promise<void> {
    return this.#part?.settled ?? Promise.resolve();
  }

  get sink(): number | undefined {
    return this.#sink || undefined;
  }

  dueIn(frames: number, checks: number): number {
    return this.#sink === 0 ? 0 : this.#host.dueInSink(this.#sink, frames, checks);
  }

  /** An error of its function ends the tap, not the run. */
  fail(_part: Run, error: unknown): void {
    this.#error ??= error instanceof Error ? error : new Error(String(error));
    if (this.#sink > 0) native().ps_stream_remove_sink(this.native.handle, this.#sink);
  }

  remove(): Promise<void> {
    return this.#removed ??= this.#remove();
  }

  async #remove(): Promise<void> {
    this.#forget(this);
    const sink = this.#sink;
    if (sink > 0) {
      unwrap(native().ps_stream_remove_sink(this.native.handle, sink), "remove");
      await this.poller.until(
        () => this.#sink === 0 || this.#look()[PS_TAP_USED] === 0 ? true : undefined,
        undefined,
        { keepAlive: true, reason: change },
      );
      this.end(undefined);
    }
    await this.settled;
    this.capture.release();
  }

  /** The stream is being closed. */
  close(): void {
    this.end(undefined);
    this.capture.release();
    this.#removed ??= Promise.resolve();
  }
}
