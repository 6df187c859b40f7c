// Waiting for native threads. They never call JavaScript; JavaScript looks again, by timers that are aimed at the moment when
// looking is worth it. All that waits for one stream shares its wake-ups.
import { clearTimeout, setImmediate, setTimeout } from "node:timers";

/** Milliseconds to wait before looking again, after `looks` looks in vain. */
export type Pace = (looks: number) => number;

/** For what usually takes a moment, and nobody knows how long: 1, 1, 2, 4, 8, 16, 32 ms, and so on by 32. */
export const backOff: Pace = (looks) => (looks < 2 ? 1 : Math.min(2 ** (looks - 1), 32));

/** A timer that is set again and again: to set one for as long as before costs less than to make one. */
class Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #milliseconds = 0;
  #isSet = false;
  #keepsAlive = true;

  constructor(ring: () => void) {
    this.#ring = () => {
      this.#isSet = false;
      ring();
    };
  }

  set(milliseconds: number, keepAlive: boolean): void {
    if (this.#timer && milliseconds === this.#milliseconds) this.#timer.refresh();
    else {
      this.clear();
      this.#timer = setTimeout(this.#ring, milliseconds);
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

/** One that waits, whatever for. */
interface Sleeper {
  lookAt(now: number): boolean;
  keepAlive(on: boolean): void;
}

/** One that may wait again and again. */
export class Waiter<T> implements Sleeper {
  readonly #waiting: Waiting;
  readonly #look: () => T | PromiseLike<T> | undefined;
  readonly #pace: Pace;
  readonly #keepAlive: boolean;
  readonly #alarm = new Alarm(() => {
    this.#from = 0; // timers may go off much sooner than they should
    this.#waiting.lookNow();
  });
  /** From this moment on it looks whenever somebody does, and at the latest at the alarm. */
  #from = 0;
  #looks = 0;
  #resolve!: (found: T | PromiseLike<T>) => void;
  #reject!: (error: unknown) => void;

  constructor(waiting: Waiting, look: () => T | PromiseLike<T> | undefined, pace: Pace, keepAlive: boolean) {
    this.#waiting = waiting;
    this.#look = look;
    this.#pace = pace;
    this.#keepAlive = keepAlive;
  }

  readonly #begin = (resolve: (found: T | PromiseLike<T>) => void, reject: (error: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#looks = 0;
    this.#waiting.add(this);
    this.#setAlarm();
  };

  /** What `look` finds from now on. It has just been looked, and nobody else waits for it. */
  wait(): Promise<T> {
    return new Promise(this.#begin);
  }

  /** Looks if it is time, and settles the promise if there is something; whether it has. */
  lookAt(now: number): boolean {
    if (this.#from > now) return false;
    try {
      const found = this.#look();
      if (found === undefined) {
        this.#setAlarm();
        return false;
      }
      this.#resolve(found);
    } catch (error) {
      this.#reject(error);
    }
    this.#alarm.clear();
    return true;
  }

  #setAlarm(): void {
    // Timers count whole milliseconds, and one that is too short has to be set again.
    const milliseconds = Math.max(1, Math.ceil(this.#pace(this.#looks++)));
    this.#from = this.#waiting.woken + milliseconds / 2;
    this.#alarm.set(milliseconds, this.#keepAlive || this.#waiting.keepsAlive);
  }

  /** Whether those that wait keep the process alive has changed. */
  keepAlive(on: boolean): void {
    this.#alarm.keepAlive(this.#keepAlive || on);
  }
}

/** What can keep a process alive: a timer, a worker. */
export interface Ally {
  ref(): void;
  unref(): void;
}

/**
 * Everything that waits for one stream. Waking up costs more than looking: who has waited for half of its time looks with
 * those whose time has come, so that what looks now and then costs nothing where something else wakes up often.
 */
export class Waiting {
  readonly #waiters: Sleeper[] = [];
  readonly #allies = new Set<Ally>();
  keepsAlive = true;
  /** When a timer went off last, by performance.now(), which costs too much to be asked several times for each wake-up. */
  woken: number = performance.now();

  /**
   * Resolves with the first answer of `look` that is not undefined, or rejects with what it throws. A wait with `keepAlive`
   * holds the process even when the stream does not: for what ends by itself, soon.
   */
  until<T>(look: () => T | undefined, pace: Pace = backOff, { keepAlive = false } = {}): Promise<T> {
    try {
      const found = look();
      if (found !== undefined) return Promise.resolve(found);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.waiter(look, pace, { keepAlive }).wait();
  }

  /** For who waits again and again for the same. */
  waiter<T>(look: () => T | PromiseLike<T> | undefined, pace: Pace, { keepAlive = false } = {}): Waiter<T> {
    return new Waiter(this, look, pace, keepAlive);
  }

  /** Of a waiter: it begins to wait. */
  add(waiter: Sleeper): void {
    this.#waiters.push(waiter);
  }

  /** Of a waiter: its time has come. */
  lookNow(): void {
    this.#lookAt(this.woken = performance.now());
  }

  /** Something has happened: everybody looks now. */
  wake(): void {
    this.#lookAt(Infinity);
  }

  #lookAt(now: number): void {
    const waiters = this.#waiters;
    for (let i = waiters.length - 1; i >= 0; i--) if (waiters[i].lookAt(now)) waiters.splice(i, 1);
  }

  /** Lets waits keep the process alive, or not. Those with `keepAlive` do anyway. */
  keepAlive(on: boolean): void {
    this.keepsAlive = on;
    for (const ally of this.#allies) on ? ally.ref() : ally.unref();
    for (const waiter of this.#waiters) waiter.keepAlive(on);
  }

  /** Something else that keeps the process alive as the waits do; answers how to leave it out again. */
  join(ally: Ally): () => void {
    this.#allies.add(ally);
    if (!this.keepsAlive) ally.unref();
    return () => this.#allies.delete(ally);
  }
}

/**
 * Foretells when a counter of frames will have gone on by as much as is wanted: at first by the nominal rate, then by what it
 * has been seen to do, since a device that freewheels is many times faster.
 */
export function paceOf(framesLeft: () => number, position: () => number, rate: number, longest: number): Pace {
  let started: number | undefined;
  let from = 0;
  return () => {
    const now = performance.now();
    if (started === undefined) {
      started = now;
      from = position();
      return 1;
    }
    const speed = Math.max(rate / 1000, (position() - from) / Math.max(now - started, 0.1)); // frames per millisecond
    return Math.min(Math.max(framesLeft() / speed, 1), longest);
  };
}

/** A turn of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const LONGEST_BREATH = 25; // milliseconds

/** For a loop that may find work to do without ever waiting: lets others have their turn now and then. */
export class Breath {
  #last = performance.now();

  /** Undefined, or a promise to await. */
  take(): Promise<void> | undefined {
    if (performance.now() - this.#last < LONGEST_BREATH) return undefined;
    return turn().then(() => this.rested());
  }

  /** The event loop has had its turn anyway. */
  rested(): void {
    this.#last = performance.now();
  }
}
