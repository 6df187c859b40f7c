import {
  PS_COMMAND_ABORT,
  PS_COMMAND_CLOSE,
  PS_COMMAND_START,
  PS_COMMAND_STOP,
  PS_ENDPOINT_NONE,
  PS_NUMBER_FRAME_COUNT,
  PS_NUMBER_TOTAL_FRAMES,
  PS_RUN_FATAL_XRUNS,
  PS_STATE_ABORTED,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { filledText } from "../../ffi/text.ts";
import type { ChunkPosition } from "./chunk-position.ts";
import { nativeError, PastreamError, unwrap } from "../library/errors.ts";
import type { NativeStream } from "./native-stream.ts";
import type { Direction, OpenedStream } from "./opened-stream.ts";
import { lastReadings, liveReadings, type Readings } from "./readings.ts";
import {
  requireOffsetWithin,
  requireStartOptions,
  type RunLength,
  type StartOptions,
  totalFrames,
} from "./run-options.ts";
import { Run } from "./run.ts";
import type { Capture } from "../endpoints/sink.ts";
import type { Host, Playback } from "../endpoints/source.ts";
import type { Stream } from "../stream/stream.ts";
import { requireNumber } from "../base/validate.ts";
import { backOff, type Pace, paceOf, type Waiting } from "../base/waiting.ts";

const LONGEST_WATCH = 50; // milliseconds between two looks at a run
const MOST_ERROR_TEXT = 4096;

/** The life of a stream: what its public classes and their halves share. */
export class Core implements Host {
  readonly stream: Stream;
  readonly native: NativeStream;
  readonly waiting: Waiting;
  readonly sampleRate: number;
  readonly blockSize: number;
  readonly input: Direction | undefined;
  readonly output: Direction | undefined;
  readings: Readings;
  /** Of the last chunks(). */
  chunk: ChunkPosition | undefined;

  #source: Playback | undefined;
  #sink: Capture | undefined;
  /** The last sink that served one run only. */
  #spent: Capture | undefined;
  /** The current run, or the last one, or the one to come. */
  #run: Run = new Run();
  #started = false;
  /** A run is on, or its end has not been noticed yet. */
  #live = false;
  #startedAt = 0;
  /** How fast the run was, when that was looked at, as a multiple of the sample rate. */
  #speed = 0;
  #speedAt = 0;
  #starting = false;
  /** The strongest command to end the run that has been given; 0: none. */
  #ordered = 0;
  /** The native side has been told of the start, or will not be. */
  #handedOver = Promise.resolve();
  #closing: Promise<void> | undefined;
  readonly #signal: AbortSignal | undefined;
  /** A signal that lives on does not keep a stream that was dropped. */
  readonly #onSignal = ((core) => () => core.deref()?.interrupt())(new WeakRef(this));

  constructor(stream: Stream, opened: OpenedStream) {
    this.stream = stream;
    this.native = opened.native;
    this.waiting = opened.native.waiting;
    this.sampleRate = opened.sampleRate;
    this.blockSize = opened.blockSize;
    [this.input, this.output] = opened.directions;
    this.readings = liveReadings(this.native.handle, [this.input?.channels ?? 0, this.output?.channels ?? 0]);
    this.#signal = opened.signal;
    this.#signal?.addEventListener("abort", this.#onSignal, { once: true });
  }

  // ───────────────────────────── state ─────────────────────────────

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  get active(): boolean {
    this.#notice();
    return this.#live && !this.closed;
  }

  get finished(): boolean {
    return this.#started && !this.active;
  }

  get run(): Run {
    return this.#run;
  }

  /** Whether a run is still on. */
  isOn(run: Run): boolean {
    if (run === this.#run) this.#notice();
    return run === this.#run && this.#live;
  }

  /**
   * Milliseconds until the sink's ring will have so many frames, after `looks` looks in vain; 0 if it has them, or if no
   * more will come. It learns from the run so far: a device that freewheels is many times faster than its rate.
   */
  dueIn(frames: number, looks: number): number {
    const seconds = native().ps_stream_due(this.native.handle, frames);
    if (seconds <= 0) return 0;
    if (this.#speed === 0 || this.waiting.woken - this.#speedAt > LONGEST_WATCH) {
      const now = performance.now();
      this.#speed = this.readings.number(PS_NUMBER_FRAME_COUNT) / this.sampleRate / ((now - this.#startedAt) / 1000);
      this.#speedAt = now;
    }
    return this.#speed > 0 ? (seconds * 1000) / Math.max(this.#speed, 1) : backOff(looks);
  }

  /** Whether a run keeps the process alive. */
  keepAlive(on: boolean): void {
    this.requireOpen();
    this.waiting.keepAlive(on);
  }

  requireOpen(): void {
    if (this.closed) throw new PastreamError("closed", `${this.stream.constructor.name}: it is closed`);
  }

  /** For what must not be done during a run. */
  requireIdle(): void {
    this.requireOpen();
    if (this.active) {
      throw new PastreamError("active", `${this.stream.constructor.name}: not while it is running: stop it first`);
    }
  }

  // ───────────────────────────── source and sink ─────────────────────────────

  get source(): Playback | undefined {
    return this.#source;
  }

  set source(source: Playback | undefined) {
    this.#source?.release();
    this.#source = source;
  }

  get sink(): Capture | undefined {
    return this.#sink;
  }

  set sink(sink: Capture | undefined) {
    this.#sink?.release();
    this.#sink = sink;
  }

  // ───────────────────────────── a run ─────────────────────────────

  /** Starts a run, and answers it once the device has started. */
  async start(given?: StartOptions): Promise<Run> {
    const options = requireStartOptions(given);
    this.requireIdle();
    this.#signal?.throwIfAborted();
    this.chunk?.find();
    this.#attach(this.#lengthOf(options), options.fatalXruns, options.prebuffer);
    if (this.#started) this.#run = new Run();
    this.#started = this.#live = this.#starting = true;
    this.#ordered = 0;
    const run = this.#run;
    run.offset = options.offset;
    let handedOver!: () => void;
    this.#handedOver = new Promise((resolve) => void (handedOver = resolve));
    this.#source?.begin?.(this, run); // which may call stop() right away
    this.#startedAt = performance.now();
    this.#speed = 0;
    try {
      await this.#sink?.prepare?.(this, run);
      const started = run.failed ? this.#release(PS_STATE_ABORTED) : this.native.command(PS_COMMAND_START);
      handedOver();
      await started;
    } catch (error) {
      handedOver();
      run.fail(error);
      this.#release(PS_STATE_ABORTED);
    }
    this.#starting = false;
    // An error from now on is for those who wait for the end.
    const failed = run.failed;
    if (this.#live) {
      if (!failed) this.#sink?.begin?.(this, run);
      this.#watch(run);
    }
    if (failed) {
      if (this.#live) this.#orderAbort();
      await run.released;
      run.raise();
    }
    this.requireOpen();
    return run;
  }

  /** Starts a run, and waits for its end if `blocking`. Whoever starts a run is told its error. */
  async execute(options: StartOptions, blocking: boolean): Promise<void> {
    const run = await this.start(options);
    if (!blocking) return;
    await run.settled;
    run.raise();
  }

  /** How long the run is to be. Memory that is recorded into ends a run that nothing else would. */
  #lengthOf({ frames, pad, offset }: RunLength): RunLength {
    const room = this.#sink?.frames;
    const length = frames < 0 && !this.#source && room !== undefined
      ? { frames: room + offset, pad: 0, offset }
      : { frames, pad, offset };
    requireOffsetWithin(length, totalFrames(length, this.#source?.frames));
    return length;
  }

  #attach({ frames, pad, offset }: RunLength, fatalXruns: boolean, prebuffer: boolean | number): void {
    const { handle } = this.native;
    this.#detach();
    this.#source?.attach(this.native);
    try {
      this.#sink?.attach(this.native);
    } catch (error) {
      this.#detach();
      this.#source?.end?.();
      throw error;
    }
    unwrap(native().ps_stream_set_run(handle, frames, pad, offset, fatalXruns ? PS_RUN_FATAL_XRUNS : 0));
    const first = prebuffer === true ? this.#source?.prebuffer ?? 0 : Number(prebuffer);
    // A source need not give more than is played.
    unwrap(native().ps_stream_set_prebuffer(handle, frames < 0 ? first : Math.min(first, frames)));
  }

  /** The native side lets go of source and sink. */
  #detach(): void {
    const { ps_stream_set_source, ps_stream_set_sink } = native();
    ps_stream_set_source(this.native.handle, PS_ENDPOINT_NONE, 0, 0, 0);
    ps_stream_set_sink(this.native.handle, PS_ENDPOINT_NONE, 0, 0, 0);
  }

  /** Looks whether the native side is done with the run, so that all that follows from it has happened. */
  #notice(): void {
    if (!this.#live || this.#starting || this.native.running) return;
    const error = this.#nativeError();
    if (error) this.#run.fail(error);
    this.#release(this.readings.state());
  }

  async #watch(run: Run): Promise<void> {
    await this.waiting.until(() => this.isOn(run) ? undefined : true, this.#watchPace());
  }

  /** Aims at the end of the run where it can be foretold, and else looks less and less often. */
  #watchPace(): Pace {
    const { readings } = this;
    const count = () => readings.number(PS_NUMBER_FRAME_COUNT);
    const total = () => readings.number(PS_NUMBER_TOTAL_FRAMES);
    const aimed = paceOf(() => total() - count(), count, this.sampleRate, LONGEST_WATCH);
    let looksAtEnd = 0;
    return (looks) => {
      if (total() < 0) return Math.min(2 ** looks, LONGEST_WATCH);
      return count() < total() ? aimed(looks) : backOff(looksAtEnd++);
    };
  }

  #nativeError(): Error | undefined {
    const text = new Uint8Array(new ArrayBuffer(MOST_ERROR_TEXT));
    const numbers = new Int32Array(new ArrayBuffer(12));
    const status = native().ps_stream_error(this.native.handle, text, text.length, numbers, numbers.length);
    if (status >= 0) return undefined;
    return nativeError(status, { text: filledText(text), numbers });
  }

  /** The native side is done with the run: it lets go of source and sink, and what was recorded can be fetched. */
  #release(outcome: number): void {
    const run = this.#run;
    this.#live = false;
    this.#detach();
    for (const side of [this.#source, this.#sink]) {
      try {
        side?.end?.();
      } catch (error) {
        run.fail(error);
      }
    }
    if (this.#sink?.once) {
      this.#spent = this.#sink;
      this.#sink = undefined;
    }
    run.release(outcome);
    run.released.then(() => this.waiting.wake());
    run.settled.then(() => this.waiting.wake());
  }

  fail(run: Run, error: unknown): void {
    if (run.fail(error) && run === this.#run && this.active) this.#orderAbort();
  }

  interrupt(): void {
    if (!this.#started) return;
    const { active } = this;
    if (this.#run.interrupt(this.#signal!.reason) && active) this.#orderAbort();
  }

  // ───────────────────────────── its end ─────────────────────────────

  /** Whether the native side must still be given this command to end the run. It has room for few of them. */
  #isNews(command: number): boolean {
    if (command <= this.#ordered) return false;
    this.#ordered = command;
    return true;
  }

  #orderAbort(): void {
    if (this.#isNews(PS_COMMAND_ABORT)) this.native.order(PS_COMMAND_ABORT);
  }

  /** Has a run ended by a command. */
  async #endBy(command: number): Promise<void> {
    this.#notice();
    if (!this.#live) return;
    if (this.#starting) await this.#handedOver;
    if (!this.#live) return;
    const { released } = this.#run;
    if (this.#isNews(command)) {
      await this.native.command(command);
      this.waiting.wake();
    }
    await released;
  }

  async stop(): Promise<void> {
    this.requireOpen();
    const leave = this.#run.enter();
    await this.#endBy(PS_COMMAND_STOP);
    leave();
  }

  async abort(): Promise<void> {
    this.requireOpen();
    const leave = this.#run.enter();
    await this.#endBy(PS_COMMAND_ABORT);
    leave();
  }

  async drain(): Promise<void> {
    this.requireOpen();
    const run = this.#run;
    const leave = run.enter();
    if (!this.#source) await this.#endBy(PS_COMMAND_STOP);
    else if (this.active) {
      this.#source.drain?.();
      // A start that is under way may have to be told again.
      await this.waiting.until(() => {
        if (this.active) unwrap(native().ps_stream_drain(this.native.handle), "drain");
        return this.#starting ? undefined : true;
      });
      await run.released;
    }
    leave();
  }

  async wait(timeout?: number): Promise<boolean> {
    this.requireOpen();
    if (timeout !== undefined && timeout !== Infinity) requireNumber("timeout", timeout, 0);
    if (!this.#started) return true;
    const run = this.#run;
    const leave = run.enter();
    if (timeout === undefined) {
      await run.settled;
    } else {
      const deadline = performance.now() + timeout * 1000;
      const left = () => deadline - performance.now();
      const look = () => {
        this.#notice();
        return run.over ? true : left() <= 0 ? false : undefined;
      };
      if (!await this.waiting.until(look, () => Math.min(left(), 1e9))) return false;
    }
    leave();
    return true;
  }

  close(): Promise<void> {
    // Who calls it again waits too, but has nothing to be told.
    if (this.#closing) return this.#closing.catch(() => {});
    return this.#closing = this.#close();
  }

  async #close(): Promise<void> {
    const run = this.#run;
    const leave = run.enter();
    try {
      await this.#endBy(PS_COMMAND_ABORT);
      if (!this.#started) run.release();
      this.chunk?.find();
      this.readings = lastReadings(this.readings);
      await this.native.command(PS_COMMAND_CLOSE);
    } finally {
      this.#signal?.removeEventListener("abort", this.#onSignal);
      this.native.free();
      this.source = undefined;
      this.sink = undefined;
      this.#spent?.release();
      this.waiting.keepAlive(false);
    }
    leave();
  }
}
