import { timers } from "./timers.ts";

const LONGEST_HOLD = 1; // milliseconds: a turn of the event loop takes 1 to 3 microseconds

const STEPS_UNSEEN = 15;
const QUICK = LONGEST_HOLD / (STEPS_UNSEEN + 1); // milliseconds of a step, see below

/** Bytes that are copied without giving the event loop a turn: the pages for them may take a millisecond or two. */
export const PIECE_BYTES = 2 ** 19;

/** Resolves after the event loop has handled what was waiting. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void timers().setImmediate(resolve));

/** For a loop that may run without waiting: tells it when to give the event loop a turn. */
export class LoopYield {
  #yieldedAt = performance.now();
  #lookedAt = this.#yieldedAt;
  #unseen = 0;
  /** Since the last look. */
  #steps = 0;

  /** A promise to await if the loop has held the event loop for too long, else undefined. */
  due(): Promise<void> | undefined {
    this.#steps++;
    if (this.#unseen > 0) {
      this.#unseen--;
      return undefined;
    }
    const now = performance.now();
    // Reading the clock costs as much as a step of a quick loop, so a quick loop reads it at every 16th step.
    this.#unseen = now - this.#lookedAt < QUICK * this.#steps ? STEPS_UNSEEN : 0;
    this.#lookedAt = now;
    this.#steps = 0;
    if (now - this.#yieldedAt < LONGEST_HOLD) return undefined;
    return nextTurn().then(() => this.yielded());
  }

  /** The event loop has just had a turn for another reason. */
  yielded(): void {
    this.#yieldedAt = performance.now();
  }
}
