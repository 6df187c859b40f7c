// Native threads never call JavaScript. JavaScript polls, with timers set for the moment at which a result is expected.
// All polls of one stream share their wake-ups.
import { clearTimeout, setTimeout } from "node:timers";

/** Milliseconds to wait before the next check, after `checks` checks without a result. */
export type Pace = (checks: number) => number;

/** For an event that usually comes soon, at an unknown time: 1, 1, 2, 4, 8, 16, 32 ms, then every 32 ms. */
export const backOff: Pace = (checks) => (checks < 2 ? 1 : Math.min(2 ** (checks - 1), 32));

/** A timer that is set repeatedly. Refreshing one with an unchanged duration costs less than making a new one. */
class ReusableTimer {
  readonly #expire: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #milliseconds = 0;
  #isSet = false;
  #keepsAlive = true;

  constructor(expire: () => void) {
    this.#expire = () => {
      this.#isSet = false;
      expire();
    };
  }

  set(milliseconds: number, keepAlive: boolean): void {
    if (this.#timer && milliseconds === this.#milliseconds) this.#timer.refresh();
    else {
      this.clear();
      this.#timer = setTimeout(this.#expire, milliseconds);
      this.#milliseconds = milliseconds;
      this.#keepsAlive = true;
    }
    this.#isSet = true;
    this.keepAlive(keepAlive);
  }

  clear(): void {
    if (!this.#isSet) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isSet = false;
  }

  keepAlive(on: boolean): void {
    if (this.#keepsAlive === on) return;
    this.#keepsAlive = on;
    on ? this.#timer?.ref() : this.#timer?.unref();
  }
}

/** A check that is repeated until it returns a result; a reusable waiter. */
export class Poll<T> {
  readonly #poller: Poller;
  readonly #check: () => T | PromiseLike<T> | undefined;
  readonly #pace: Pace;
  readonly #keepAlive: boolean;
  readonly #timer = new ReusableTimer(() => {
    this.#earliest = 0; // runtimes may fire a timer far too early
    this.#poller.timerFired();
  });
  /** From this moment on another poll's wake-up checks it too; its own timer is the latest moment. */
  #earliest = 0;
  #checks = 0;
  #resolve!: (result: T | PromiseLike<T>) => void;
  #reject!: (error: unknown) => void;

  constructor(poller: Poller, check: () => T | PromiseLike<T> | undefined, pace: Pace, keepAlive: boolean) {
    this.#poller = poller;
    this.#check = check;
    this.#pace = pace;
    this.#keepAlive = keepAlive;
  }

  readonly #begin = (resolve: (result: T | PromiseLike<T>) => void, reject: (error: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#checks = 0;
    this.#poller.add(this);
    this.#setTimer();
  };

  /**
   * Resolves with the next result of the check. The caller has just checked without a result, and waits for one result
   * at a time.
   */
  wait(): Promise<T> {
    return new Promise(this.#begin);
  }

  /** Checks if that is due, and returns whether the wait has ended. */
  checkAt(now: number): boolean {
    if (this.#earliest > now) return false;
    try {
      const result = this.#check();
      if (result === undefined) {
        this.#setTimer();
        return false;
      }
      this.#resolve(result);
    } catch (error) {
      this.#reject(error);
    }
    this.#timer.clear();
    return true;
  }

  #setTimer(): void {
    // Timers count whole milliseconds, and a timer that fires too early must be set again.
    const milliseconds = Math.max(1, Math.ceil(this.#pace(this.#checks++)));
    this.#earliest = this.#poller.wokenAt + milliseconds / 2;
    this.#timer.set(milliseconds, this.#keepAlive || this.#poller.keepsAlive);
  }

  /** Applies a change of the poller's `keepsAlive`. */
  keepAlive(on: boolean): void {
    this.#timer.keepAlive(this.#keepAlive || on);
  }
}

/** What can keep a process alive: a timer, a worker. */
export interface ProcessKeeper {
  ref(): void;
  unref(): void;
}

/**
 * Runs the polls of one stream. A wake-up costs more than a check: a poll that has waited for half of its time is
 * checked together with one whose timer fires, so that an occasional check is free while another poll wakes up often.
 */
export class Poller {
  readonly #polls: Poll<never>[] = [];
  readonly #keepers = new Set<ProcessKeeper>();
  /** Whether its polls keep the process alive. */
  keepsAlive = true;
  /** When the last timer fired, by performance.now(), which is too slow for several calls at each wake-up. */
  wokenAt: number = performance.now();

  /**
   * Resolves with the first result of `check` that is not undefined, or rejects with what it throws. With `keepAlive`
   * it keeps the process alive even when the stream does not: for operations that end soon by themselves.
   */
  until<T>(check: () => T | undefined, pace: Pace = backOff, { keepAlive = false } = {}): Promise<T> {
    try {
      const result = check();
      if (result !== undefined) return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.poll(check, pace, { keepAlive }).wait();
  }

  /** A poll that is waited for repeatedly. */
  poll<T>(check: () => T | PromiseLike<T> | undefined, pace: Pace, { keepAlive = false } = {}): Poll<T> {
    return new Poll(this, check, pace, keepAlive);
  }

  /** Called by a poll that begins to wait. */
  add<T>(poll: Poll<T>): void {
    this.#polls.push(poll as unknown as Poll<never>);
  }

  /** Called by a poll whose timer has fired. */
  timerFired(): void {
    this.#checkAt(this.wokenAt = performance.now());
  }

  /** Checks all polls now, because something has happened. */
  wake(): void {
    this.#checkAt(Infinity);
  }

  #checkAt(now: number): void {
    const polls = this.#polls;
    for (let i = polls.length - 1; i >= 0; i--) {
      const poll = polls[i];
      // A check may run code of the user's, which may add and remove polls.
      if (poll?.checkAt(now)) polls.splice(polls[i] === poll ? i : polls.indexOf(poll), 1);
    }
  }

  /** Switches whether polls keep the process alive. Those with an own `keepAlive` always do. */
  keepAlive(on: boolean): void {
    this.keepsAlive = on;
    for (const keeper of this.#keepers) on ? keeper.ref() : keeper.unref();
    for (const poll of this.#polls) poll.keepAlive(on);
  }

  /** Makes `keeper` keep the process alive as long as polls do; returns a function that removes it. */
  join(keeper: ProcessKeeper): () => void {
    this.#keepers.add(keeper);
    if (!this.keepsAlive) keeper.unref();
    return () => this.#keepers.delete(keeper);
  }
}
