// One run of a stream, from its start to its end, and what became of it.
import { PS_STATE_ABORTED } from "../../ffi/constants.ts";

/** One run. It ends twice: `released` when the native side has let go, `settled` when the sinks in JavaScript have, too. */
export class Run {
  readonly released: Promise<void>;
  readonly settled: Promise<void>;
  /** As `settled`, but rejects with the error that ended the run, which nobody need listen to. */
  readonly ended: Promise<void>;
  /** Frames dropped from the start of its recording. */
  offset = 0;

  #release!: () => void;
  #settle!: () => void;
  readonly #end = new AbortController();
  #isReleased = false;
  /** Sinks that have not settled yet. */
  #sinks = 0;
  #outcome: number | undefined;
  #failed = false;
  #error: unknown;
  #told = false;
  /** A signal has fired: its reason is for everyone who is waiting, and nobody waits for the sinks. */
  #interrupted = false;

  constructor() {
    this.released = new Promise((resolve) => void (this.#release = resolve));
    this.settled = new Promise((resolve) => void (this.#settle = resolve));
    this.ended = this.settled.then(() => {
      if (this.#failed) throw this.#error;
    });
    this.ended.catch(() => {});
  }

  /** Fires when the native side has let go. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /** Whether it has settled. */
  get over(): boolean {
    return this.#isReleased && (this.#sinks === 0 || this.#interrupted);
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** How it ended, as a PS_STATE_; undefined as long as it has not. */
  get outcome(): number | undefined {
    return this.#outcome;
  }

  /** Whether nobody wants what has been recorded and not been fetched: it ended by a signal or by abort(). */
  get discarded(): boolean {
    return this.#failed ? this.#interrupted : this.#outcome === PS_STATE_ABORTED;
  }

  /** The run ends with this error, unless it has one or is over; whether it does. One caller is told, the first to come. */
  fail(error: unknown): boolean {
    if (this.#failed || this.over) return false;
    this.#failed = true;
    this.#error = error;
    return true;
  }

  /** A signal has fired: the run ends with its reason, unless it has an error or is over; whether it does. */
  interrupt(reason: unknown): boolean {
    if (this.over) return false;
    const fails = this.fail(reason);
    this.#interrupted = true;
    if (this.over) this.#settle();
    return fails;
  }

  /** The run is not settled before this sink is. It must not reject. */
  awaitSink(sink: Promise<void>): void {
    this.#sinks++;
    sink.then(() => {
      this.#sinks--;
      if (this.over) this.#settle();
    });
  }

  /** The native side has let go; `outcome` is how the run ended, as a PS_STATE_. */
  release(outcome?: number): void {
    this.#outcome = this.#failed ? PS_STATE_ABORTED : outcome;
    this.#isReleased = true;
    this.#end.abort();
    this.#release();
    if (this.over) this.#settle();
  }

  /** To be called before waiting for the run; what it answers is called after it, and throws the run's error if it falls to this caller. */
  enter(): () => void {
    const early = !this.#failed;
    return () => {
      if (this.#failed && (!this.#told || (early && this.#interrupted))) this.raise();
    };
  }

  /** Throws the run's error, if it has one: for who started it. */
  raise(): void {
    if (!this.#failed) return;
    this.#told = true;
    throw this.#error;
  }
}
