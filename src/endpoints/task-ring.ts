import { memoryRing, type RingBuffer } from "../ring/ring-buffer.ts";

/**
 * The ring that a function in JavaScript works on, for one run after the other. No two functions share a ring: if the
 * function of an earlier run has not returned, the next run gets a new ring.
 */
export class TaskRing {
  readonly #frameBytes: number;
  #ring: RingBuffer;
  #used = false;
  #busy = false;
  #released = false;

  constructor(frameBytes: number, size: number) {
    this.#frameBytes = frameBytes;
    this.#ring = memoryRing("bufferSize", frameBytes, size);
  }

  get ring(): RingBuffer {
    return this.#ring;
  }

  /** Before a run. What the ring holds before the first run is kept. */
  renew(): void {
    if (this.#busy) this.#ring = memoryRing("bufferSize", this.#frameBytes, this.#ring.size);
    else if (this.#used) this.#ring.flush();
    this.#busy = false;
    this.#used = true;
  }

  /** Calls `work` at once, and frees the ring afterwards if it is not needed any more. */
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

  /** Frees the ring as soon as no function works on it. */
  release(): void {
    this.#released = true;
    if (!this.#busy) this.#ring.close();
  }
}
