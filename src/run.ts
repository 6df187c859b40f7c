// One run of a stream, from its start to its end, and what became of it.

/** One run. It ends twice: `released` when the native side has let go, `settled` when the sinks in JavaScript have, too. */
export class Run {
  readonly released: Promise<void>;
  readonly settled: Promise<void>;
  /** As `settled`, but rejects with the error that ended the run, which nobody need listen to. */
  readonly ended: Promise<void>;

  #release!: () => void;
  readonly #end = new AbortController();
  readonly #sinks: Promise<void>[] = [];
  #over = false;
  #outcome: number | undefined;
  #failed = false;
  #error: unknown;
  #told = false;
  #tellsAll = false;

  constructor() {
    this.released = new Promise((resolve) => void (this.#release = resolve));
    this.settled = this.released.then(() => Promise.all(this.#sinks)).then(() => void (this.#over = true));
    this.ended = this.settled.then(() => {
      if (this.#failed) throw this.#error;
    });
    this.ended.catch(() => {});
  }

  /** Fires when the native side has let go. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get over(): boolean {
    return this.#over;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** How it ended, as a PS_STATE_; undefined as long as it has not. */
  get outcome(): number | undefined {
    return this.#outcome;
  }

  /** Whether it was a signal that ended the run. */
  get interrupted(): boolean {
    return this.#failed && this.#tellsAll;
  }

  /**
   * The run ends with this error, unless it has one or is over; whether it does. One caller is told, the first to come; with
   * `tellsAll` so is everyone who is waiting already.
   */
  fail(error: unknown, { tellsAll = false } = {}): boolean {
    if (this.#failed || this.#over) return false;
    this.#failed = true;
    this.#error = error;
    this.#tellsAll = tellsAll;
    return true;
  }

  /** The run is not settled before this sink is. It must not reject. */
  awaitSink(sink: Promise<void>): void {
    this.#sinks.push(sink);
  }

  /** The native side has let go; `outcome` is how the run ended, as a PS_STATE_. */
  release(outcome?: number): void {
    this.#outcome = outcome;
    this.#end.abort();
    this.#release();
  }

  /** To be called before waiting for the run; what it answers is called after it, and throws the run's error if it falls to this caller. */
  enter(): () => void {
    const early = !this.#failed;
    return () => {
      if (this.#failed && (!this.#told || (early && this.#tellsAll))) this.raise();
    };
  }

  /** Throws the run's error, if it has one: for who started it. */
  raise(): void {
    if (!this.#failed) return;
    this.#told = true;
    throw this.#error;
  }
}
