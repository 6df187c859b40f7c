/** Numbers as the command line writes them: sizes, rates, times, latencies and volumes. */
import { UsageError } from "./usage-error.ts";

/** A length of sound: in seconds, or already in frames. `frames: -1` has no end. */
export type Span = { readonly seconds: number } | { readonly frames: number };

const LONGEST_SECONDS = 1e9;
const FEW_SAMPLES = 1000;

/** No limit: what a negative time means. */
export const endless: Span = { frames: -1 };

const number = String.raw`(\d+\.?\d*|\.\d+)`;
const sizePattern = new RegExp(`^${number}([kKmM]?)$`);
const samplesPattern = new RegExp(`^${number}([kKmM]?)s$`);
const clockPattern = new RegExp(`^(?:(\\d+):)?(?:(\\d+):)?${number}$`);
const unitPattern = new RegExp(`^${number}(ms|sec|min|h)$`);
const volumePattern = new RegExp(`^([-+]?)${number}(dB|%|x)?$`, "i");

/** Seconds in one of each unit of time. */
const unitSeconds: Readonly<Record<string, number>> = { ms: 0.001, sec: 1, min: 60, h: 3600 };

const multipliers: Readonly<Record<string, number>> = { "": 1, k: 1e3, K: 1024, m: 1e6, M: 1024 * 1024 };

/** The whole number that digits and a suffix make; undefined if it is not whole. */
function whole(digits: string, suffix: string): number | undefined {
  // A decimal fraction times a power of ten is rarely whole in binary: digits beyond the 15th are rounding errors.
  const value = Number((Number(digits) * multipliers[suffix]).toPrecision(15));
  const result = suffix === "K" || suffix === "M" ? Math.floor(value) : value;
  return Number.isSafeInteger(result) ? result : undefined;
}

export function readSize(text: string): number {
  const match = sizePattern.exec(text);
  const size = match ? whole(match[1], match[2]) : undefined;
  if (size === undefined) throw new UsageError(`'${text}' is not a size: a whole number, or one like 64k, 64K, 1m, 1M`);
  return size;
}

export function readBufferSize(text: string): number {
  const size = readSize(text);
  if (size < 1 || size > 2 ** 30 || !Number.isInteger(Math.log2(size))) {
    throw new UsageError(`'${text}' is not a power of 2 from 1 to 1024M`);
  }
  return size;
}

export function readBlockSize(text: string): number {
  const size = readSize(text);
  if (size > 2 ** 20) throw new UsageError(`'${text}' is more than 1M frames in one block`);
  return size;
}

export function readCount(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : 0;
  if (count < 1 || count > 65535) throw new UsageError(`'${text}' is not a number of channels: 1 to 65535`);
  return count;
}

export function readRate(text: string): number {
  const match = sizePattern.exec(text);
  const rate = match ? Number((Number(match[1]) * multipliers[match[2]]).toPrecision(15)) : 0;
  if (!(rate > 0 && rate <= 1e9)) throw new UsageError(`'${text}' is not a sample rate in Hz, like 48000 or 44.1k`);
  return rate;
}

/** Seconds from a number with a unit, like `1.5h`. */
function readUnits(text: string): number | undefined {
  const match = unitPattern.exec(text);
  const seconds = match ? Number((Number(match[1]) * unitSeconds[match[2]]).toPrecision(15)) : Infinity;
  return seconds <= LONGEST_SECONDS ? seconds : undefined;
}

/** `h:m:s.fraction`, `m:s`, seconds, a number with a unit, or samples as `48000s`, `48ks`, `1Ks`. */
function readLength(text: string): Span | undefined {
  const seconds = readUnits(text);
  if (seconds !== undefined) return { seconds };
  const samples = samplesPattern.exec(text);
  if (samples) {
    const frames = whole(samples[1], samples[2]);
    return frames === undefined ? undefined : { frames };
  }
  const clock = clockPattern.exec(text);
  if (!clock) return undefined;
  const parts = [clock[1], clock[2], clock[3]].filter((part) => part !== undefined).map(Number);
  if (parts.slice(1).some((part) => part >= 60)) return undefined;
  const total = parts.reduce((sum, part) => sum * 60 + part);
  return total <= LONGEST_SECONDS ? { seconds: total } : undefined;
}

const TIME_FORMS = "write h:m:s, seconds, a number with ms, sec, min or h, or samples like 48000s, 48ks, 1Ks";

/** Reads a time; a negative one means without end. */
export function readTime(text: string): Span {
  const negative = text.startsWith("-");
  const span = readLength(negative ? text.slice(1) : text);
  if (!span) throw new UsageError(`'${text}' is not a time: ${TIME_FORMS}`);
  return negative ? endless : span;
}

export function readPositiveTime(text: string): Span {
  const span = readTime(text);
  if (("frames" in span ? span.frames : span.seconds) <= 0) {
    throw new UsageError(`'${text}' is not a time above zero: ${TIME_FORMS}`);
  }
  return span;
}

export function readOffset(text: string): Span {
  const span = readTime(text);
  if (span === endless) throw new UsageError(`'${text}' is negative; an offset is a time of 0 or more`);
  return span;
}

export function framesOf(span: Span, sampleRate: number): number {
  return "frames" in span ? span.frames : Math.round(span.seconds * sampleRate);
}

/** The text of a note for a length of few samples, because the suffix `s` looks like seconds; undefined: no note. */
export function fewSamplesNote(span: Span | undefined): string | undefined {
  if (span === undefined || !("frames" in span) || span.frames <= 0 || span.frames >= FEW_SAMPLES) return undefined;
  const { frames } = span;
  return `${frames}s is ${frames} ${frames === 1 ? "sample" : "samples"}; for seconds write ${frames}sec`;
}

const LONGEST_LATENCY = 60;

/** Reads a latency. None is given in samples, so `s` means seconds here. */
export function readLatency(text: string): "low" | "high" | number {
  if (text === "low" || text === "high") return text;
  const plain = new RegExp(`^${number}s?$`).exec(text);
  const seconds = plain ? Number(plain[1]) : readUnits(text) ?? Infinity;
  if (seconds > LONGEST_LATENCY) {
    throw new UsageError(`'${text}' is not a latency: low, high, or a time of at most a minute, like 50ms or 0.05`);
  }
  return seconds;
}

const LOUDEST = 1000;
/** A factor above this must say that it is one: `50` is more likely to mean 50%. */
const LOUDEST_PLAIN = 4;

/** Reads a linear gain: `0.5`, `0.5x`, `50%` or `-6dB`. */
export function readVolume(text: string): number {
  const match = volumePattern.exec(text);
  const unit = match?.[3]?.toLowerCase();
  const value = match ? Number(match[1] + match[2]) : NaN;
  const gain = unit === "db" ? 10 ** (value / 20) : unit === "%" ? value / 100 : value;
  if (!(gain >= 0 && gain <= LOUDEST) || Object.is(gain, -0)) {
    throw new UsageError(
      `'${text}' is not a volume: write a factor like 0.5, a percentage like 50%, or decibels like -6dB`,
    );
  }
  if (gain > LOUDEST_PLAIN && (unit === undefined || unit === "%")) {
    const percentage = unit === undefined && gain <= 100 * LOUDEST_PLAIN ? `, or ${match![2]}% for a percentage` : "";
    throw new UsageError(`'${text}' is ${gain} times as loud: if that is meant write ${gain}x${percentage}`);
  }
  return gain;
}
