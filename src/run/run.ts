import { PS_STATE_ABORTED } from "../../ffi/constants.ts";

/**
 * The states of a run, in their order. Each is entered once.
 *
 * | state     | meaning                                                                    | then              |
 * | --------- | -------------------------------------------------------------------------- | ----------------- |
 * | created   | the run of the next start()                                                | preparing, ended  |
 * | preparing | start() was called; what the device must wait for is being prepared        | starting, ending  |
 * | starting  | the native side has been told to start                                     | active, ending    |
 * | active    | the device has started, and the end has not been noticed yet               | ending, ended     |
 * | ending    | what was recorded into memory is being copied there                        | ended             |
 * | ended     | the native side has released source and sink                               |                   |
 */
export type RunState = "created" | "preparing" | "starting" | "active" | "ending" | "ended";

/** A promise that calls `onAwait` at the first then(), catch() or await. */
class ObservedPromise extends Promise<void> {
  readonly #onAwait: () => void;

  constructor(settled: Promise<void>, onAwait: () => void) {
    super((resolve, reject) => void settled.then(resolve, reject));
    this.#onAwait = onAwait;
    super.then(undefined, () => {}); // an unhandled rejection must not end the process
  }

  /** What then() makes of it is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<A = void, B = never>(
    onFulfilled?: ((value: void) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#onAwait();
    return super.then(onFulfilled, onRejected);
  }
}

/**
 * One run of a stream and its outcome. It ends in two steps: `released` resolves when the native side has released
 * source and sink, `settled` when the sinks in JavaScript have settled as well.
 */
export class Run {
  readonly released: Promise<void>;
  readonly settled: Promise<void>;
  /** Resolves when the run is to end before the native side has been told to start it. */
  readonly cancelled: Promise<void>;
  /** As `settled`, but rejects with the error that ended the run. It never causes an unhandled rejection. */
  readonly ended: Promise<void>;
  /** Frames that are dropped from the start of its recording. */
  offset = 0;
  state: RunState = "created";
  /** The strongest command given to end it, as a PS_COMMAND_; 0 if none. */
  ordered = 0;

  #resolveReleased!: () => void;
  #resolveSettled!: () => void;
  #resolveCancelled!: () => void;
  readonly #end = new AbortController();
  /** Number of sinks that have not settled yet. */
  #sinks = 0;
  #outcome: number | undefined;
  #failure: { readonly error: unknown } | undefined;
  #reported = false;
  /** Whether `ended` is awaited. */
  #endAwaited = false;
  /** The stream's signal was aborted: all pending calls reject with its reason, without waiting for the sinks. */
  #interrupted = false;

  constructor() {
    this.released = new Promise((resolve) => void (this.#resolveReleased = resolve));
    this.settled = new Promise((resolve) => void (this.#resolveSettled = resolve));
    this.cancelled = new Promise((resolve) => void (this.#resolveCancelled = resolve));
    const ended = this.settled.then(() => {
      if (this.#failure) throw this.#failure.error;
    });
    this.ended = new ObservedPromise(ended, () => void (this.#endAwaited = true));
  }

  /** Aborted when the native side has released source and sink. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Whether it has started and has not ended. */
  get isOn(): boolean {
    return this.state !== "created" && this.state !== "ended";
  }

  /** Whether it has settled. */
  get isSettled(): boolean {
    return this.state === "ended" && (this.#sinks === 0 || this.#interrupted);
  }

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** How it ended, as a PS_STATE_; undefined until then. */
  get outcome(): number | undefined {
    return this.#outcome;
  }

  /** Whether recorded frames that have not been fetched are dropped: it was ended by a signal or by abort(). */
  get discarded(): boolean {
    return this.failed ? this.#interrupted : this.#outcome === PS_STATE_ABORTED;
  }

  /** Makes `error` the error of the run, unless it has one or has settled; returns whether it did. */
  fail(error: unknown): boolean {
    if (this.failed || this.isSettled) return false;
    this.#failure = { error };
    return true;
  }

  /** Makes the reason of a signal the error of the run, unless it has one or has settled; returns whether it did. */
  interrupt(reason: unknown): boolean {
    if (this.isSettled) return false;
    const fails = this.fail(reason);
    this.#interrupted = true;
    this.#settleIfDone();
    return fails;
  }

  /** Keeps the run from settling before `sink` does, which must not reject. */
  awaitSink(sink: Promise<void>): void {
    this.#sinks++;
    sink.then(() => {
      this.#sinks--;
      this.#settleIfDone();
    });
  }

  /** Ends the run by a PS_COMMAND_ while it is being prepared. */
  cancel(command: number): void {
    this.ordered = Math.max(this.ordered, command);
    this.#resolveCancelled();
  }

  /** The native side has released source and sink. `outcome` is how the run ended, as a PS_STATE_. */
  release(outcome?: number): void {
    this.state = "ended";
    this.#outcome = this.failed ? PS_STATE_ABORTED : outcome;
    this.#resolveReleased();
    this.#settleIfDone();
    this.#end.abort(); // last: it runs code of the user's, which may start the next run
  }

  #settleIfDone(): void {
    if (this.isSettled) this.#resolveSettled();
  }

  /**
   * Call it before waiting for the run, and the function that it returns afterwards: that one throws the run's error
   * unless it has been reported. A caller that only wants the run to end does not report what `ended` reports.
   */
  enter({ wantsEnd = false } = {}): () => void {
    const early = !this.failed;
    return () => {
      if (early && this.#interrupted) this.raise();
      if (!this.#reported && !(wantsEnd && this.#endAwaited)) this.raise();
    };
  }

  /** Throws the run's error, if it has one, to the caller that started it. */
  raise(): void {
    if (!this.#failure) return;
    this.#reported = true;
    throw this.#failure.error;
  }
}
