// Native threads never call JavaScript. JavaScript checks for results: when a native thread has woken its event loop,
// or by timers that are aimed at the moment at which a result is expected, where a runtime cannot be woken, or nobody
// would wake it. Everything that waits for one stream shares its wake-ups.
import { PS_WAKE_BLOCK, PS_WAKE_CHANGE } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { timers } from "./timers.ts";
import { threadWaker } from "./waker.ts";

/** Milliseconds to wait before the next check, after `checks` checks without a result. */
export type Pace = (checks: number) => number;

/** For an event that usually comes soon, at an unknown time: 1, 1, 2, 4, 8, 16, 32 ms, then every 32 ms. */
export const backOff: Pace = (checks) => (checks < 2 ? 1 : Math.min(2 ** (checks - 1), 32));

/** A timer that is set repeatedly. Refreshing one with an unchanged duration costs less than making a new one. */
class ReusableTimer {
  readonly #expire: () => void;
  #timer: ReturnType<ReturnType<typeof timers>["setTimeout"]> | undefined;
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
      this.#timer = timers().setTimeout(this.#expire, milliseconds);
      this.#milliseconds = milliseconds;
      this.#keepsAlive = true;
    }
    this.#isSet = true;
    this.keepAlive(keepAlive);
  }

  /** Sets it unless it is set. */
  setOnce(milliseconds: number, keepAlive: boolean): void {
    if (this.#isSet) this.keepAlive(keepAlive);
    else this.set(milliseconds, keepAlive);
  }

  clear(): void {
    if (!this.#isSet) return;
    timers().clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isSet = false;
  }

  keepAlive(on: boolean): void {
    if (this.#keepsAlive === on) return;
    this.#keepsAlive = on;
    on ? this.#timer?.ref() : this.#timer?.unref();
  }
}

/** What the native side wakes for: see ps_wake. */
export interface WakeReason {
  /** PS_WAKE_ or a sink; undefined: nothing would wake. */
  readonly what: number | undefined;
  readonly frames: number;
}

/** For the end of a command, a run or a job, or a file that has been opened. */
export const change: WakeReason = { what: PS_WAKE_CHANGE, frames: 0 };

/** For what the callback does. */
export const nextBlock: WakeReason = { what: PS_WAKE_BLOCK, frames: 1 };

/** How a check is repeated. */
export interface PollOptions {
  /** Keep the process alive even when the stream does not: for operations that end soon by themselves. */
  keepAlive?: boolean;
  /** What the native side is to wake for; the pace is for where it cannot. */
  reason?: WakeReason;
}

/** Milliseconds after which a run or a command is looked at although nobody has woken us. */
const LONGEST_SLEEP = 10_000;

/** A check that is repeated until it returns a result; a reusable waiter. */
export class Poll<T> {
  readonly #poller: Poller;
  readonly #check: () => T | PromiseLike<T> | undefined;
  readonly #pace: Pace;
  readonly #keepAlive: boolean;
  readonly #reason: WakeReason | undefined;
  readonly #timer = new ReusableTimer(() => {
    this.#earliest = 0; // runtimes may fire a timer far too early
    this.#poller.timerFired();
  });
  /** From this moment on another poll's wake-up checks it too; its own timer is the latest moment. */
  #earliest = 0;
  #checks = 0;
  /** Whether it will be woken. */
  #armed = false;
  #resolve!: (result: T | PromiseLike<T>) => void;
  #reject!: (error: unknown) => void;

  constructor(poller: Poller, check: () => T | PromiseLike<T> | undefined, pace: Pace, options: PollOptions) {
    this.#poller = poller;
    this.#check = check;
    this.#pace = pace;
    this.#keepAlive = options.keepAlive ?? false;
    this.#reason = options.reason;
  }

  readonly #begin = (resolve: (result: T | PromiseLike<T>) => void, reject: (error: unknown) => void): void => {
    this.#poller.prepare();
    this.#resolve = resolve;
    this.#reject = reject;
    this.#checks = 0;
    this.#poller.add(this);
    if (!this.#arrange()) this.#poller.checkNow(this);
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
      let result = this.#check();
      if (result === undefined) {
        if (this.#arrange()) return false;
        result = this.#check();
      }
      if (result === undefined) {
        this.#setTimer();
        return false;
      }
      this.#resolve(result);
    } catch (error) {
      this.#reject(error);
    }
    this.#timer.clear();
    this.#setArmed(false);
    return true;
  }

  #setArmed(on: boolean): void {
    if (this.#armed === on) return;
    this.#armed = on;
    this.#poller.listen(on ? 1 : -1);
  }

  /** Sees to it that it is checked again; returns false if that is to be at once. */
  #arrange(): boolean {
    const reason = this.#reason;
    if (reason && reason.what !== undefined && this.#poller.canBeWoken(this.#keepAlive)) {
      const isChange = reason.what === PS_WAKE_CHANGE;
      const answer = isChange && this.#armed ? 1 : this.#poller.arm(reason.what, reason.frames);
      if (answer === 0) return false;
      if (answer > 0) {
        this.#setArmed(true);
        this.#earliest = 0;
        // While a run is on, its end is waited for, too: one timer is enough.
        if (isChange) this.#timer.setOnce(LONGEST_SLEEP, this.#keepAlive || this.#poller.keepsAlive);
        return true;
      }
    }
    this.#setTimer();
    return true;
  }

  #setTimer(): void {
    this.#setArmed(false);
    // Timers count whole milliseconds, and a timer that fires too early must be set again.
    const milliseconds = Math.max(1, Math.ceil(this.#pace(this.#checks++)));
    this.#earliest = this.#poller.wokenAt + milliseconds / 2;
    this.#timer.set(milliseconds, this.#keepAlive || this.#poller.keepsAlive);
  }

  /** Applies a change of the poller's `keepsAlive`. */
  keepAlive(on: boolean): void {
    this.#timer.keepAlive(this.#keepAlive || on);
    // The waker may serve only those that keep the process alive.
    if (this.#armed && !this.#poller.canBeWoken(this.#keepAlive)) this.#setTimer();
  }
}

/** What can keep a process alive: a timer, a worker. */
export interface ProcessKeeper {
  ref(): void;
  unref(): void;
}

/**
 * Runs the polls of one object. A wake-up costs more than a check: a poll that has waited for half of its time is
 * checked together with one whose timer fires, so that an occasional check is free while another poll wakes up often.
 */
export class Poller {
  /** The handle of a stream, a job, an opening or an incoming file; 0 if there is none. */
  readonly #object: number;
  readonly #woken = () => {
    this.wokenAt = performance.now();
    this.#checkOneByOne(this.#polls.length - 1);
  };
  /** Polls that are to be woken. */
  #armed = 0;
  readonly #polls: Poll<never>[] = [];
  readonly #keepers = new Set<ProcessKeeper>();
  /** Whether its polls keep the process alive. */
  keepsAlive = true;
  /**
   * When a timer fired or the native side woke us last, by performance.now(), which is too slow to be called several
   * times for each wake-up.
   */
  wokenAt: number = performance.now();

  /** @param object the handle of what may wake those who wait for it */
  constructor(object = 0) {
    this.#object = object;
  }

  /** Resolves with the first result of `check` that is not undefined, or rejects with what it throws. */
  until<T>(check: () => T | undefined, pace: Pace = backOff, options: PollOptions = {}): Promise<T> {
    try {
      const result = check();
      if (result !== undefined) return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.poll(check, pace, options).wait();
  }

  /** A poll that is waited for repeatedly. */
  poll<T>(check: () => T | PromiseLike<T> | undefined, pace: Pace, options: PollOptions = {}): Poll<T> {
    return new Poll(this, check, pace, options);
  }

  /**
   * Makes the waker of this thread before a poll waits: Bun.connect() runs what else is pending, which may wake and add
   * polls.
   */
  prepare(): void {
    if (this.#object > 0) threadWaker();
  }

  /** Whether the native side can wake a poll. */
  canBeWoken(keepAlive: boolean): boolean {
    return this.#object > 0 && threadWaker().serves(keepAlive || this.keepsAlive);
  }

  /** Asks to be woken: as ps_wake. */
  arm(what: number, frames: number): number {
    return native().ps_wake(this.#object, threadWaker().handle, what, frames);
  }

  /** One poll more (1) or less (-1) is to be woken. */
  listen(polls: 1 | -1): void {
    this.#armed += polls;
    if (this.#armed === 0) threadWaker().ignore(this.#object);
    else if (polls > 0 && this.#armed === 1) threadWaker().listen(this.#object, this.#woken);
  }

  /** Checks one poll. */
  checkNow<T>(poll: Poll<T>): void {
    if (poll.checkAt(Infinity)) this.#remove(poll);
  }

  #remove<T>(poll: Poll<T>): void {
    const at = this.#polls.indexOf(poll as unknown as Poll<never>);
    if (at >= 0) this.#polls.splice(at, 1);
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

  /** Checks all polls up to this one, the latest first; what has waited for a result gets it before the next check. */
  #checkOneByOne(latest: number): void {
    for (let i = latest; i >= 0; i--) {
      const poll = this.#polls[i];
      if (!poll?.checkAt(Infinity)) continue;
      this.#remove(poll);
      queueMicrotask(() => this.#checkOneByOne(i - 1));
      return;
    }
  }

  #checkAt(now: number): void {
    const polls = this.#polls;
    for (let i = polls.length - 1; i >= 0; i--) {
      const poll = polls[i];
      // A check may run code of the user's, which may add and remove polls.
      if (poll?.checkAt(now)) this.#remove(poll);
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
