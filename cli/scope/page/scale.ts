/** Scales of frequencies and decibels, for page and terminal. The page gets this file with its types removed. */

const LOWEST_DECIBELS = -127.5;
const DECIBELS_PER_STEP = 0.5;
const LOWEST_ON_LOG = 20; // Hz

export type ScaleKind = "log" | "linear";

/** Maps frequencies to positions from 0 to 1, and back. */
export interface FrequencyScale {
  place(hertz: number): number;
  hertz(place: number): number;
}

/** Converts a byte of a spectrum to decibels. */
export function decibelsOf(byte: number): number {
  return LOWEST_DECIBELS + byte * DECIBELS_PER_STEP;
}

/** Converts a level to decibels of full scale. */
export function decibels(level: number): number {
  return 20 * Math.log10(level);
}

/** Formats decibels. Silence is minus infinity. */
export function decibelText(value: number): string {
  return `${value < -120 ? "−∞" : value.toFixed(1).replace("-", "−")} dB`;
}

/** Formats seconds as `1:02.3`. */
export function clock(seconds: number, digits = 1): string {
  const steps = Math.floor(seconds * 10 ** digits);
  const perMinute = 60 * 10 ** digits;
  const rest = (steps % perMinute) / 10 ** digits;
  return `${Math.floor(steps / perMinute)}:${rest.toFixed(digits).padStart(digits + 3, "0")}`;
}

export function frequencyScale(kind: ScaleKind, sampleRate: number): FrequencyScale {
  const highest = sampleRate / 2;
  if (kind === "linear") return { place: (hertz) => hertz / highest, hertz: (place) => place * highest };
  const lowest = Math.min(LOWEST_ON_LOG, highest / 10);
  const octaves = Math.log2(highest / lowest);
  return {
    place: (hertz) => Math.log2(Math.max(hertz, lowest) / lowest) / octaves,
    hertz: (place) => lowest * 2 ** (place * octaves),
  };
}

/** Returns the fractional bin at each edge of `length` pixels. */
export function binEdges(scale: FrequencyScale, length: number, bins: number, sampleRate: number): Float64Array {
  const perBin = sampleRate / (2 * bins);
  return Float64Array.from({ length: length + 1 }, (_, i) => Math.min(scale.hertz(i / length) / perBin, bins - 1));
}

/** Returns the maximum between two fractional bins, or interpolates if no whole bin lies between them. */
export function largest(row: ArrayLike<number>, offset: number, from: number, to: number): number {
  const first = Math.ceil(from);
  const last = Math.floor(to);
  if (first > last) {
    const low = Math.floor(from);
    const share = (from + to) / 2 - low;
    return row[offset + low] * (1 - share) + row[offset + low + 1] * share;
  }
  let most = 0;
  for (let bin = first; bin <= last; bin++) most = Math.max(most, row[offset + bin]);
  return most;
}

/** Returns frequencies to label, with their labels. */
export function frequencyTicks(
  kind: ScaleKind,
  sampleRate: number,
): readonly (readonly [hertz: number, text: string])[] {
  const name = (hertz: number) => (hertz >= 1000 ? `${hertz / 1000}k` : `${hertz}`);
  if (kind === "log") {
    return [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000].filter((hertz) => hertz < sampleRate / 2)
      .map((hertz) => [hertz, name(hertz)]);
  }
  const step = [500, 1000, 2000, 4000, 5000, 10000, 20000, 50000].find((step) => sampleRate / 2 / step <= 8) ?? 100000;
  return Array.from({ length: Math.floor(sampleRate / 2 / step) + 1 }, (_, i) => [i * step, name(i * step)]);
}

/** Finds the loudest frequency of a spectrum and its level, interpolated between bins. */
export function peakOf(row: ArrayLike<number>, sampleRate: number): { hertz: number; decibels: number } {
  let bin = 2; // bins 0 and 1 contain the DC offset
  for (let i = 3; i < row.length; i++) if (row[i] > row[bin]) bin = i;
  const [before, at, after] = [row[bin - 1], row[bin], row[bin + 1] ?? 0];
  const curve = before - 2 * at + after;
  const isPeak = curve < 0 && before <= at && after <= at;
  const shift = isPeak ? (before - after) / (2 * curve) : 0;
  const hertz = (bin + shift) * sampleRate / (2 * row.length);
  return { hertz, decibels: decibelsOf(at - (before - after) * shift / 4) };
}
