import { setImmediate } from "node:timers";

const LONGEST_HOLD = 25; // milliseconds

/** Resolves after the event loop has handled what was waiting. */
const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Lets a loop that may never have to wait give the event loop a turn now and then. */
export class LoopYield {
  #yieldedAt = performance.now();

  /** A promise to await if the loop has held the event loop for too long, else undefined. */
  due(): Promise<void> | undefined {
    if (performance.now() - this.#yieldedAt < LONGEST_HOLD) return undefined;
    return nextTurn().then(() => this.yielded());
  }

  /** The event loop has just had a turn for another reason. */
  yielded(): void {
    this.#yieldedAt = performance.now();
  }
}
