import { RingBuffer } from "../ring/ring-buffer.ts";

/**
 * The ring that a function in JavaScript works on, one run after the other. A function has its ring to itself: when one of
 * an earlier run has still not returned, the next run gets a new ring.
 */
export class TaskRing {
  #ring: RingBuffer;
  #used = false;
  #busy = false;
  #released = false;

  constructor(frameBytes: number, size: number) {
    this.#ring = new RingBuffer(frameBytes, size);
  }

  get ring(): RingBuffer {
    return this.#ring;
  }

  /** Before a run. What the ring holds before its first one stays in it. */
  renew(): void {
    if (this.#busy) this.#ring = new RingBuffer(this.#ring.elementSize, this.#ring.size);
    else if (this.#used) this.#ring.flush();
    this.#busy = false;
    this.#used = true;
  }

  /** Calls `work` at once, and frees the ring after it if nobody needs it any more. */
  async work(work: (ring: RingBuffer) => unknown): Promise<void> {
    const ring = this.#ring;
    this.#busy = true;
    try {
      await work(ring);
    } finally {
      if (ring !== this.#ring || this.#released) ring.close();
      else this.#busy = false;
    }
  }

  /** The ring is needed no longer than the function that works on it. */
  release(): void {
    this.#released = true;
    if (!this.#busy) this.#ring.close();
  }
}
