// Native threads never call JavaScript: they wake its event loop, which asks what for.
import { native, watchWaker } from "../../ffi/load.ts";

/** Wakes this thread for streams, where its runtime can be woken. */
export class Waker {
  /** For ps_stream_wake. */
  readonly handle: number = native().ps_waker_new();
  readonly #watch = this.handle > 0 ? watchWaker(this.handle, () => this.#woken()) : undefined;
  readonly #listeners = new Map<number, () => void>();

  /** Whether it can be used by what keeps the process alive, or must not. */
  serves(keepsAlive: boolean): boolean {
    return this.#watch !== undefined && this.#watch.works && (keepsAlive || !this.#watch.keepsAlive);
  }

  /** From now on, calls `listener` whenever it is woken for a stream. */
  listen(stream: number, listener: () => void): void {
    if (this.#listeners.size === 0) this.#watch?.begin();
    this.#listeners.set(stream, listener);
  }

  ignore(stream: number): void {
    if (this.#listeners.delete(stream) && this.#listeners.size === 0) this.#watch?.end();
  }

  #woken(): void {
    const { ps_waker_next } = native();
    for (let stream = ps_waker_next(this.handle); stream > 0; stream = ps_waker_next(this.handle)) {
      this.#listeners.get(stream)?.();
    }
  }
}

let waker: Waker | undefined;

/** The one of this thread. */
export function threadWaker(): Waker {
  return waker ??= new Waker();
}
