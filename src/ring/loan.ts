import { nativeRing, type RingBuffer } from "./ring-buffer.ts";

/** A ring of the user's that a stream works on. */
export class RingLoan {
  readonly #ring: RingBuffer;
  #lent = false;

  constructor(ring: RingBuffer) {
    this.#ring = ring;
  }

  /** Before a run: the native handle. */
  take(): number {
    const ring = nativeRing(this.#ring);
    if (this.#lent) return ring.openHandle;
    const handle = ring.lend();
    this.#lent = true;
    return handle;
  }

  /** When the native side has let go of it. */
  giveBack(): void {
    if (this.#lent) nativeRing(this.#ring).takeBack();
    this.#lent = false;
  }
}
