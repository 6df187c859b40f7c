/** Frames at one rate as frames at another: round(frames * to / from), halves up. */
export function framesAt(frames: number, from: number, to: number): number {
  if (from === to) return frames;
  const [numerator, denominator] = [2 * frames * to + from, 2 * from];
  if (!Number.isSafeInteger(numerator) || !Number.isInteger(denominator)) return Math.round(frames * to / from);
  return (numerator - numerator % denominator) / denominator;
}
