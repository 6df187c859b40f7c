// An async generator for what is handed out often, and is mostly waited for.
import { Breath, type Waiter, type Waiting } from "./waiting.ts";

/** What can be asked for a generator's values. */
export interface Steady<T> {
  readonly waiting: Waiting;
  /** The next value; undefined: it is not there yet; done: no more will come. */
  look(): IteratorResult<T, void> | undefined;
  /** The same at the moment that was aimed at, when the value most likely is there. */
  lookAgain(): IteratorResult<T, void> | undefined;
  /** Milliseconds until it is worth looking again, after a look in vain. */
  pace(): number;
}

type Life<T> = AsyncGenerator<Steady<T>, void, void>;
type Step<T> = IteratorResult<T, void>;

/**
 * An async generator that begins and ends as another does, its `life`, which yields once: what is to be asked in between.
 * That is done by plain calls. To resume a generator, and the one that waits in it, for every value costs more than all else
 * that a value costs.
 */
export class SteadySteps<T> implements AsyncGenerator<T, void, void> {
  readonly #life: Life<T>;
  readonly #leaveUnbegun: () => void;
  #begun = false;
  #steady: Steady<T> | undefined;
  #waiter: Waiter<Step<T>> | undefined;
  /** What was handed out last was waited for, so that others had their turn. */
  #waited = false;
  readonly #breath = new Breath();
  /** The request that is being answered: others wait for that. */
  #pending: Promise<unknown> | undefined;

  /** `leaveUnbegun` is for an end before the first next(), which runs nothing of a generator. */
  constructor(life: Life<T>, leaveUnbegun: () => void = () => {}) {
    this.#life = life;
    this.#leaveUnbegun = leaveUnbegun;
  }

  next(): Promise<Step<T>> {
    if (this.#pending) return this.#after(() => this.next());
    if (!this.#steady) return this.#alone(this.#begin()).then((over) => over ?? this.next());
    const turn = this.#waited ? undefined : this.#breath.take();
    if (turn) return this.#alone(turn).then(() => this.next());
    const found = this.#find(false);
    this.#waited = !found;
    if (found) return Promise.resolve(found);
    const waited = this.#waiter!.wait();
    this.#pending = waited;
    return waited;
  }

  return(value?: void | PromiseLike<void>): Promise<Step<T>> {
    if (this.#pending) return this.#after(() => this.return(value));
    return this.#leave((life) => life.return(value));
  }

  throw(error: unknown): Promise<Step<T>> {
    if (this.#pending) return this.#after(() => this.throw(error));
    return this.#leave((life) => life.throw(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly [Symbol.toStringTag] = "AsyncGenerator";

  #after(request: () => Promise<Step<T>>): Promise<Step<T>> {
    return this.#pending!.then(request, request);
  }

  /** Until it is done, others wait. */
  #alone<R>(work: Promise<R>): Promise<R> {
    const done = work.finally(() => this.#pending = undefined);
    this.#pending = done;
    return done;
  }

  async #begin(): Promise<Step<T> | undefined> {
    this.#begun = true;
    const { done, value } = await this.#life.next();
    if (done) return { done, value: undefined };
    this.#steady = value;
    const look = () => {
      const found = this.#find(true);
      // It waits no more, unless the end has begun, which others wait for.
      if (found && !(found instanceof Promise)) this.#pending = undefined;
      return found;
    };
    this.#waiter = value.waiting.waiter(look, () => value.pace());
    return undefined;
  }

  /** What comes next: a value, the end, or undefined as long as neither is there. */
  #find(again: boolean): Step<T> | Promise<Step<T>> | undefined {
    const steady = this.#steady!;
    try {
      const found = again ? steady.lookAgain() : steady.look();
      if (!found?.done) return found;
    } catch (error) {
      return this.#leave((life) => life.throw(error));
    }
    return this.#leave((life) => life.next());
  }

  /** The end comes, and after it nothing. */
  #leave(by: (life: Life<T>) => Promise<IteratorResult<unknown, void>>): Promise<Step<T>> {
    if (!this.#begun) this.#leaveUnbegun();
    this.#begun = true;
    this.#steady = undefined;
    return this.#alone(by(this.#life) as Promise<Step<T>>);
  }
}
