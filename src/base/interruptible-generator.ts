import { onAbort } from "./abort-listeners.ts";

/**
 * An async generator whose return() and throw() end a pending next(), too, by a signal to its code. Those of a
 * generator function wait until the pending next() has settled, which may be never.
 */
export class InterruptibleGenerator<T> implements AsyncGenerator<T, void, void> {
  readonly #end = new AbortController();
  readonly #values: AsyncGenerator<T, void, void>;

  /**
   * @param generate the code, which is to return soon after the signal that it is given has been aborted
   * @param signal a signal of the caller's, which ends it as well
   */
  constructor(generate: (signal: AbortSignal) => AsyncGenerator<T, void, void>, signal?: AbortSignal) {
    this.#values = this.#run(generate, signal);
  }

  async *#run(
    generate: (signal: AbortSignal) => AsyncGenerator<T, void, void>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<T, void, void> {
    const end = () => this.#end.abort();
    if (signal?.aborted) end();
    const forget = signal && onAbort(signal, end);
    try {
      yield* generate(this.#end.signal);
    } finally {
      forget?.();
    }
  }

  next(): Promise<IteratorResult<T, void>> {
    return this.#values.next();
  }

  return(): Promise<IteratorResult<T, void>> {
    this.#end.abort();
    return this.#values.return();
  }

  throw(error: unknown): Promise<IteratorResult<T, void>> {
    this.#end.abort();
    return this.#values.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  readonly [Symbol.toStringTag] = "AsyncGenerator";
}
