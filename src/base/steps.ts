// Iterables and Web Streams, read in one way.

/** What gives values one after the other: an iterator, or a reader of a stream. */
export interface Steps {
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  return?(): unknown;
}

/** What can be read step by step. */
export type Stepped = ReadableStream<unknown> | Iterable<unknown> | AsyncIterable<unknown>;

export function isStream(value: unknown): value is ReadableStream<unknown> {
  return value instanceof ReadableStream;
}

export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Whether it can be iterated only once, as a generator. */
export function isIterator(value: object): boolean {
  return typeof (value as Partial<Steps>).next === "function";
}

/** Begins to iterate. A Web Stream gets a reader, whose cancel() does not wait for a pending read. */
export function stepsOf(source: Stepped): Steps {
  if (isStream(source)) {
    const reader = source.getReader();
    return { next: () => reader.read() as Promise<IteratorResult<unknown>>, return: () => reader.cancel() };
  }
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Tells an iterator that no more values are wanted. Errors that it throws then are ignored. */
export function dismiss(steps: Steps): void {
  try {
    Promise.resolve(steps.return?.()).catch(() => {});
  } catch {
    // See above.
  }
}
