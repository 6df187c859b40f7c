// Native threads never call JavaScript: they wake its event loop, which asks what for.
import { native, watchWaker } from "../../ffi/load.ts";

/** Wakes this thread for objects of the C library, where its runtime can be woken. */
export class Waker {
  /** For ps_wake. */
  readonly handle: number = native().ps_waker_new();
  readonly #watch = this.handle > 0 ? watchWaker(this.handle, () => this.#woken()) : undefined;
  readonly #listeners = new Map<number, () => void>();

  /** Whether it can be used by what keeps the process alive, or must not. */
  serves(keepsAlive: boolean): boolean {
    return this.#watch !== undefined && this.#watch.works && (keepsAlive || !this.#watch.keepsAlive);
  }

  /** From now on, calls `listener` whenever it is woken for an object. */
  listen(object: number, listener: () => void): void {
    if (this.#listeners.size === 0) this.#watch?.begin();
    this.#listeners.set(object, listener);
  }

  ignore(object: number): void {
    if (this.#listeners.delete(object) && this.#listeners.size === 0) this.#watch?.end();
  }

  #woken(): void {
    const { ps_waker_next } = native();
    for (let object = ps_waker_next(this.handle); object > 0; object = ps_waker_next(this.handle)) {
      this.#listeners.get(object)?.();
    }
  }
}

let waker: Waker | undefined;

/** The one of this thread. */
export function threadWaker(): Waker {
  return waker ??= new Waker();
}
