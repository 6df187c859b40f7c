import {
  PS_COMMAND_ABORT,
  PS_COMMAND_CLOSE,
  PS_COMMAND_START,
  PS_COMMAND_STOP,
  PS_DIRECTION_OUTPUT,
  PS_STATE_ABORTED,
  PS_STATE_STOPPED,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { onAbort } from "../base/abort-listeners.ts";
import { change, type Poller } from "../base/poller.ts";
import { requireNumber } from "../base/validate.ts";
import { PastreamError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import { identityMapping } from "../samples/channel-map.ts";
import { Attachment } from "./attachment.ts";
import type { ChunkPosition } from "./chunk-position.ts";
import type { Capture, Endpoint, TaskStream } from "./endpoint.ts";
import type { NativeStream } from "./native-stream.ts";
import type { OpenedStream, StreamDirection } from "./opened-stream.ts";
import { RunPace } from "./pace.ts";
import { lastReadings, liveReadings, type Readings } from "./readings.ts";
import { Queue } from "./queue.ts";
import type { RunLength } from "./run-length.ts";
import type { StartPlan } from "./run-options.ts";
import { Run } from "./run.ts";
import { StreamTap, type TapHost, type TapPlan } from "./tap.ts";

/** The state of a stream, which its public class and the methods for its two directions share. */
export class Core implements TapHost {
  readonly stream: TaskStream;
  readonly native: NativeStream;
  readonly poller: Poller;
  readonly sampleRate: number;
  readonly blockSize: number;
  readonly input: StreamDirection | undefined;
  readonly output: StreamDirection | undefined;
  readonly endpoints: Attachment;
  readonly queue: Queue = new Queue(this);
  /** The sinks beside that of the run. */
  readonly taps: Set<StreamTap> = new Set();
  /** Called before the first write of writable() starts a run: each adds a tap, and returns the length it wants. */
  readonly expectants: Set<() => RunLength> = new Set();
  readings: Readings;
  /** The position of the last chunk of chunks(). */
  chunk: ChunkPosition | undefined;
  rxMapping: readonly number[];
  txMapping: readonly number[];
  outputGain = 1;

  readonly #opened: OpenedStream;
  /** The current run, or else the last one; before the first start, the first one. */
  #run: Run = new Run();
  #pace: RunPace | undefined;
  #closing: Promise<void> | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #forgetSignal: (() => void) | undefined;

  constructor(stream: TaskStream, opened: OpenedStream) {
    this.stream = stream;
    this.native = opened.native;
    this.poller = opened.native.poller;
    this.sampleRate = opened.sampleRate;
    this.#opened = opened;
    this.blockSize = opened.blockSize;
    [this.input, this.output] = opened.directions;
    const [inputs, outputs] = opened.directions.map((direction) => direction?.channels ?? 0);
    this.rxMapping = identityMapping(inputs);
    this.txMapping = identityMapping(outputs);
    this.endpoints = new Attachment(this.native);
    this.readings = liveReadings(this.native.handle, [inputs, outputs]);
    this.#signal = opened.signal;
    const core = new WeakRef(this); // a signal that lives longer must not keep a dropped stream alive
    this.#forgetSignal = opened.signal && onAbort(opened.signal, () => core.deref()?.interrupt());
  }

  // ──────────── state ────────────

  get follows(): boolean {
    return this.#opened.follows;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  get deviceRate(): number {
    return this.#opened.deviceRate;
  }

  get inputClockRate(): number {
    return this.#opened.inputClockRate;
  }

  get active(): boolean {
    return this.isOn(this.#run) && !this.closed;
  }

  get finished(): boolean {
    const run = this.#run;
    return this.isOn(run) ? this.closed : run.outcome !== undefined;
  }

  get run(): Run {
    return this.#run;
  }

  /** Whether a run has started and not ended. */
  isOn(run: Run): boolean {
    if (run === this.#run) this.#notice();
    return run.isOn;
  }

  dueIn(frames: number, checks: number): number {
    return this.dueInSink(0, frames, checks);
  }

  /** For TapHost. */
  readonly sink = 0;

  dueInSink(sink: number, frames: number, checks: number): number {
    return this.#pace?.dueInSink(sink, frames, checks) ?? 0;
  }

  /** Lets those who wait for the first write have their part in the run that it starts; returns a length they want. */
  admitExpectants(): RunLength | undefined {
    const lengths = [...this.expectants].map((join) => join());
    this.expectants.clear();
    return lengths[0];
  }

  /** Adds a sink, to the run that is on as well. */
  addTap(capture: Capture, plan: TapPlan): StreamTap {
    const tap = new StreamTap(this, capture, plan, (tap) => this.taps.delete(tap));
    if (this.isOn(this.#run)) {
      this.#run.awaitSink(tap.attach(this.#run).settled);
      tap.prepare().then(() => tap.begin(), (error) => tap.fail(this.#run, error));
    }
    this.taps.add(tap);
    return tap;
  }

  /** Switches whether a run keeps the process alive. */
  keepAlive(on: boolean): void {
    this.requireOpen();
    this.poller.keepAlive(on);
  }

  requireOpen(): void {
    if (this.closed) throw new PastreamError("closed", `${this.#name}: the stream is closed`);
  }

  /** Throws if a run is on. */
  requireIdle(): void {
    this.requireOpen();
    if (!this.active) return;
    throw new PastreamError("active", `${this.#name}: not possible while the stream is running: stop it first`);
  }

  get #name(): string {
    return this.stream.constructor.name;
  }

  // ──────────── start and end of a run ────────────

  /**
   * Starts a run, and resolves with it when the device has started. `sourceIsOpen` is called when the length of the
   * source is known, and before there must be a sink.
   */
  async start(plan: StartPlan, sourceIsOpen?: () => void): Promise<Run> {
    const run = await this.#begin(plan, sourceIsOpen);
    this.requireOpen();
    return run;
  }

  /** As start(); where the stream is closed meanwhile, with a run that has ended. */
  async #begin(plan: StartPlan, sourceIsOpen?: () => void): Promise<Run> {
    this.requireIdle();
    this.#signal?.throwIfAborted();
    this.chunk?.find();
    const taps = [...this.taps];
    const { source } = this.endpoints;
    const opens = [source, this.endpoints.sink, ...taps.map((tap) => tap.capture)].some((end) => end?.isClosed);
    if (opens) {
      this.endpoints.forgetCounts();
    } else {
      sourceIsOpen?.();
      this.#attach(plan); // without pipes to open, its errors come before the run
    }
    if (this.#run.state !== "created") this.#run = new Run();
    const run = this.#run;
    run.state = "preparing";
    run.offset = plan.offset;
    this.#pace = new RunPace(this.native.handle, this.poller, this.readings, this.sampleRate);
    try {
      if (opens) await this.#open(run, plan, taps, sourceIsOpen);
      if (run.ordered === 0) await this.#prepare(run, plan, taps);
      if (run.ordered > 0) {
        this.#release(run, run.ordered === PS_COMMAND_STOP ? PS_STATE_STOPPED : PS_STATE_ABORTED);
      } else {
        run.state = "starting";
        await this.native.command(PS_COMMAND_START);
        run.state = "active";
      }
    } catch (error) {
      run.fail(error);
      this.#release(run, PS_STATE_ABORTED);
    }
    // An error that comes later is reported to those who wait for the end.
    const { failed } = run;
    if (run.isOn) {
      if (!failed) {
        this.endpoints.sink?.begin?.(this, run);
        for (const tap of taps) tap.begin();
      }
      this.#watch(run);
    }
    if (failed) {
      this.#abort(run);
      await run.released;
      run.raise();
    }
    return run;
  }

  /** Opens and attaches the endpoints of a run, unless it ends first. No file is made for one that cannot begin. */
  async #open(run: Run, plan: StartPlan, taps: readonly StreamTap[], sourceIsOpen?: () => void): Promise<void> {
    await this.#openOne(run, this.endpoints.source);
    if (run.ordered > 0) return;
    sourceIsOpen?.();
    this.endpoints.lengthOf(plan);
    for (const sink of [this.endpoints.sink, ...taps.map((tap) => tap.capture)]) await this.#openOne(run, sink);
    if (run.ordered === 0) this.#attach(plan);
  }

  async #openOne(run: Run, endpoint: Endpoint | undefined): Promise<void> {
    if (run.ordered > 0 || !endpoint?.isClosed) return;
    const end = new AbortController();
    const opened = endpoint.open!({ signal: end.signal, poller: this.poller });
    try {
      await Promise.race([opened, run.cancelled]);
    } finally {
      end.abort();
    }
  }

  /** Resolves when the device may start, or the run is to end. */
  async #prepare(run: Run, { prebuffer }: StartPlan, taps: readonly StreamTap[]): Promise<void> {
    const { source, sink } = this.endpoints;
    const begun = source?.begin?.(this, run, Number(prebuffer) > 0); // it may end the run
    for (const tap of taps) run.awaitSink(tap.attach(run).settled);
    const prepared = Promise.all([begun, sink?.prepare?.(this, run), ...taps.map((tap) => tap.prepare())]);
    await Promise.race([prepared, run.cancelled]);
  }

  #attach(plan: StartPlan): void {
    this.endpoints.attach(plan);
    this.#mapSource();
  }

  /** A channel map that names more channels than the stream has: the native side knows the source's only now. */
  #mapSource(): void {
    const { mapping, channels } = this.output ?? {};
    if (!this.endpoints.source || !mapping?.some((from) => from > channels!)) return;
    const map = Int32Array.from(mapping);
    unwrap(native().ps_stream_set_map(this.native.handle, PS_DIRECTION_OUTPUT, map, map.length), "txMapping");
  }

  /**
   * Starts a run and, if `blocking`, waits for its end, which close() may bring as well. Throws its error even if
   * another caller has got it.
   */
  async execute(plan: StartPlan, blocking: boolean, sourceIsOpen?: () => void): Promise<void> {
    if (!blocking) return void await this.start(plan, sourceIsOpen);
    const run = await this.#begin(plan, sourceIsOpen);
    await run.settled;
    run.raise();
  }

  /** The start does not wait any longer for frames of the source. */
  startNow(): void {
    if (!this.closed) native().ps_stream_set_prebuffer(this.native.handle, 0);
  }

  /** Ends the current run on JavaScript's side if the native side has finished it. */
  #notice(): void {
    const run = this.#run;
    if (run.state !== "active" || this.native.running) return;
    const error = this.native.runError();
    const { source } = this.endpoints;
    if (error) run.fail(source?.explain ? source.explain(error) : error);
    this.#release(run, this.readings.state());
  }

  async #watch(run: Run): Promise<void> {
    await this.poller.until(() => this.isOn(run) ? undefined : true, this.#pace!.ofEnd(), { reason: change });
  }

  /** The native side has finished the run: releases the endpoints, so that what was recorded can be fetched. */
  #release(run: Run, outcome: number): void {
    run.state = "ending";
    const copied = [
      this.endpoints.release((error) => run.fail(error)),
      ...Array.from(this.taps, (tap) => tap.end(outcome)),
    ];
    run.released.then(() => this.poller.wake());
    run.settled.then(() => this.poller.wake());
    if (copied.some((copy) => copy !== undefined)) Promise.all(copied).then(() => run.release(outcome));
    else run.release(outcome);
  }

  fail(run: Run, error: unknown): void {
    if (run.fail(error) && this.isOn(run)) this.#abort(run);
  }

  /** The stream's signal has been aborted. */
  interrupt(): void {
    const run = this.#run;
    if (run.state === "created") return;
    this.#notice();
    if (run.interrupt(this.#signal!.reason)) this.#abort(run);
  }

  /** Ends a run that has an error. Those who wait for the run are told that; one of the command itself adds nothing. */
  #abort(run: Run): void {
    this.#order(run, PS_COMMAND_ABORT)?.catch(() => {});
  }

  /** Gives a command that ends this run, unless one as strong has been given; resolves when it has been carried out. */
  #order(run: Run, command: number): Promise<void> | undefined {
    if (!run.isOn || run.state === "ending" || command <= run.ordered) return undefined;
    if (run.state === "preparing") {
      run.cancel(command);
      return undefined;
    }
    const done = this.native.command(command);
    run.ordered = command;
    return done;
  }

  /** Ends this run by a command, and waits until the native side has finished it. */
  async #endBy(run: Run, command: number): Promise<void> {
    if (!this.isOn(run)) return;
    await this.#order(run, command);
    this.poller.wake();
    await run.released;
  }

  // ──────────── what users call ────────────

  async stop(): Promise<void> {
    await this.#endForUser(PS_COMMAND_STOP);
  }

  async abort(): Promise<void> {
    await this.#endForUser(PS_COMMAND_ABORT);
  }

  async #endForUser(command: number): Promise<void> {
    this.requireOpen();
    const run = this.#run;
    const leave = run.enter({ wantsEnd: true });
    await this.#endBy(run, command);
    leave();
  }

  async drain(): Promise<void> {
    this.requireOpen();
    const run = this.#run;
    const leave = run.enter();
    const { source } = this.endpoints;
    if (!source) await this.#endBy(run, PS_COMMAND_STOP);
    else if (this.isOn(run)) {
      source.drain?.();
      this.poller.wake(); // it may wait for room
      // A start that waits for frames of the source has to be told once it waits, and nothing wakes us for that.
      await this.poller.until(() => {
        if (!this.isOn(run)) return true;
        unwrap(native().ps_stream_drain(this.native.handle), "drain");
        return run.state === "active" ? true : undefined;
      });
      await run.released;
    }
    leave();
  }

  async wait(timeout?: number): Promise<boolean> {
    this.requireOpen();
    if (timeout !== undefined && timeout !== Infinity) requireNumber("timeout", timeout, 0);
    const run = this.#run;
    if (run.state === "created") return true;
    const leave = run.enter();
    if (timeout === undefined) {
      await run.settled;
    } else {
      const deadline = performance.now() + timeout * 1000;
      const remaining = () => deadline - performance.now();
      const check = () => {
        this.#notice();
        return run.isSettled ? true : remaining() <= 0 ? false : undefined;
      };
      if (!await this.poller.until(check, () => Math.min(remaining(), 1e9))) return false;
    }
    leave();
    return true;
  }

  close(): Promise<void> {
    // Later callers wait as well, but the error goes to the first one.
    if (this.#closing) return this.#closing.catch(() => {});
    return this.#closing = this.#close();
  }

  async #close(): Promise<void> {
    const run = this.#run;
    const leave = run.enter({ wantsEnd: true });
    try {
      await this.#endBy(run, PS_COMMAND_ABORT);
      if (run.state === "created") run.release();
      this.chunk?.find();
      this.readings = lastReadings(this.readings);
      await this.native.command(PS_COMMAND_CLOSE);
    } finally {
      this.#forgetSignal?.();
      this.native.free();
      this.endpoints.close();
      for (const tap of this.taps) tap.close();
      this.poller.keepAlive(false);
    }
    leave();
  }
}
