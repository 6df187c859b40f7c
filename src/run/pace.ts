// When to check a run again.
import { PS_NUMBER_FRAME_COUNT, PS_NUMBER_TOTAL_FRAMES } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { backOff, type Pace, type Poller } from "../base/poller.ts";
import type { Readings } from "./readings.ts";

const LONGEST_WATCH = 50; // milliseconds between two checks of a run that nobody wakes us for
const FAST = 2; // times as fast as the sample rate: it freewheels

/**
 * Predicts when a counter of frames will reach a value: at first by the sample rate, then by its observed speed,
 * because a device that freewheels is many times faster.
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

/** Predicts the progress of one run. */
export class RunPace {
  readonly #handle: number;
  readonly #poller: Poller;
  readonly #readings: Readings;
  readonly #sampleRate: number;
  readonly #startedAt = performance.now();
  /** Observed speed of the run as a multiple of the sample rate; 0 if it has not been observed yet. */
  #speed = 0;
  #observedAt = 0;

  constructor(handle: number, poller: Poller, readings: Readings, sampleRate: number) {
    this.#handle = handle;
    this.#poller = poller;
    this.#readings = readings;
    this.#sampleRate = sampleRate;
  }

  /** See TapHost.dueInSink(). */
  dueInSink(sink: number, frames: number, checks: number): number {
    const seconds = native().ps_stream_due(this.#handle, sink, frames);
    if (!(seconds > 0)) return 0;
    if (this.#speed === 0 || this.#poller.wokenAt - this.#observedAt > LONGEST_WATCH) {
      const elapsed = (performance.now() - this.#startedAt) / 1000;
      this.#speed = this.#readings.number(PS_NUMBER_FRAME_COUNT) / this.#sampleRate / elapsed;
      this.#observedAt = this.#poller.wokenAt;
    }
    if (this.#speed === 0) return backOff(checks);
    const milliseconds = seconds * 1000;
    return this.#speed > FAST ? milliseconds / this.#speed : Math.max(milliseconds, 1);
  }

  /** The pace of the checks for the end: aimed at the end if that is known, else at growing intervals. */
  ofEnd(): Pace {
    const count = () => this.#readings.number(PS_NUMBER_FRAME_COUNT);
    const total = () => this.#readings.number(PS_NUMBER_TOTAL_FRAMES);
    const aimed = paceOf(() => total() - count(), count, this.#sampleRate, LONGEST_WATCH);
    let checksAtEnd = 0;
    return (checks) => {
      if (total() < 0) return Math.min(2 ** checks, LONGEST_WATCH);
      return count() < total() ? aimed(checks) : backOff(checksAtEnd++);
    };
  }
}
