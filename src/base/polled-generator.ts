import { LoopYield, nextTurn } from "./event-loop.ts";
import type { Poll, Poller, WakeReason } from "./poller.ts";

/** The values of a PolledGenerator, by plain calls. */
export interface PolledValues<T> {
  readonly poller: Poller;
  /** The next value; undefined if it is not there yet; done if no more will come. */
  next(): IteratorResult<T, void> | undefined;
  /** Milliseconds until the next call is worth while, after one that returned undefined. */
  dueIn(): number;
  /** What the native side is to wake for. */
  readonly reason: WakeReason;
}

const SOON = 0.25; // milliseconds: a timer takes longer than turns of the event loop
const MOST_TURNS = 64;

const beginning = Promise.resolve();

type Lifecycle<T> = AsyncGenerator<PolledValues<T>, void, void>;
type Step<T> = IteratorResult<T, void>;

/**
 * An async generator whose beginning and end are those of another generator, its lifecycle. That one yields once, an
 * object that returns all values in between. Resuming a generator for each value would cost more than the rest of the
 * work for a value.
 */
export class PolledGenerator<T> implements AsyncGenerator<T, void, void> {
  readonly #lifecycle: Lifecycle<T>;
  readonly #endUnstarted: () => void;
  #started = false;
  #values: PolledValues<T> | undefined;
  #poll: Poll<Step<T>> | undefined;
  /** Whether the last value was waited for, so that the event loop has had a turn. */
  #waited = false;
  readonly #loopYield = new LoopYield();
  /** The request that is being served; later ones wait for it. */
  #pending: Promise<unknown> | undefined;

  /** `endUnstarted` is called when it ends before the first next(), because no code of the lifecycle runs then. */
  constructor(lifecycle: Lifecycle<T>, endUnstarted: () => void = () => {}) {
    this.#lifecycle = lifecycle;
    this.#endUnstarted = endUnstarted;
  }

  next(): Promise<Step<T>> {
    if (this.#pending) return this.#afterPending(() => this.next());
    if (!this.#values) return this.#asPending(this.#start()).then((end) => end ?? this.next());
    const turn = this.#waited ? undefined : this.#loopYield.due();
    if (turn) return this.#asPending(turn).then(() => this.next());
    const step = this.#step();
    this.#waited = !step;
    if (step) return Promise.resolve(step);
    this.#pending = beginning;
    const waited = this.#isDueSoon() ? this.#turns() : this.#poll!.wait();
    if (this.#pending === beginning) this.#pending = waited; // else it has been served meanwhile
    return waited;
  }

  #isDueSoon(): boolean {
    return this.#values!.dueIn() < SOON;
  }

  /** Waits for a value that is due soon by turns of the event loop, then by the poll. */
  async #turns(): Promise<Step<T>> {
    for (let turn = 0; turn < MOST_TURNS && this.#isDueSoon(); turn++) {
      await nextTurn();
      const step = this.#served();
      if (step) return step;
    }
    return this.#poll!.wait();
  }

  /** A step for the request that is pending. */
  #served(): Step<T> | Promise<Step<T>> | undefined {
    const step = this.#step();
    // The request has been served, unless the end has begun: later requests wait for that.
    if (step && !(step instanceof Promise)) this.#pending = undefined;
    return step;
  }

  return(value?: void | PromiseLike<void>): Promise<Step<T>> {
    if (this.#pending) return this.#afterPending(() => this.return(value));
    return this.#end((lifecycle) => lifecycle.return(value));
  }

  throw(error: unknown): Promise<Step<T>> {
    if (this.#pending) return this.#afterPending(() => this.throw(error));
    return this.#end((lifecycle) => lifecycle.throw(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly [Symbol.toStringTag] = "AsyncGenerator";

  #afterPending(request: () => Promise<Step<T>>): Promise<Step<T>> {
    return this.#pending!.then(request, request);
  }

  /** Makes later requests wait until `work` has settled. */
  #asPending<R>(work: Promise<R>): Promise<R> {
    const done = work.finally(() => this.#pending = undefined);
    this.#pending = done;
    return done;
  }

  async #start(): Promise<Step<T> | undefined> {
    this.#started = true;
    const { done, value } = await this.#lifecycle.next();
    if (done) return { done, value: undefined };
    this.#values = value;
    this.#poll = value.poller.poll(() => this.#served(), () => value.dueIn(), { reason: value.reason });
    return undefined;
  }

  /** The next value, or the end; undefined as long as neither is there. */
  #step(): Step<T> | Promise<Step<T>> | undefined {
    const values = this.#values!;
    try {
      const step = values.next();
      if (!step?.done) return step;
    } catch (error) {
      return this.#end((lifecycle) => lifecycle.throw(error));
    }
    return this.#end((lifecycle) => lifecycle.next());
  }

  #end(resume: (lifecycle: Lifecycle<T>) => Promise<IteratorResult<unknown, void>>): Promise<Step<T>> {
    if (!this.#started) this.#endUnstarted();
    this.#started = true;
    this.#values = undefined;
    return this.#asPending(resume(this.#lifecycle) as Promise<Step<T>>);
  }
}
