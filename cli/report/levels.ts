/** Levels in decibels, and meters that hold their peaks for a while. */

/** Lowest level that the meters show. */
export const FLOOR = -60;
const HOLD_SECONDS = 1.5;

export function decibels(level: number): number {
  return level > 0 ? 20 * Math.log10(level) : -Infinity;
}

/** `-12.3`, five columns wide; `-inf` for silence. */
export function decibelText(level: number): string {
  const value = decibels(level);
  // One decimal place; adding 0 turns -0 into 0.
  return (value === -Infinity ? "-inf" : (Math.round(value * 10) / 10 + 0).toFixed(1)).padStart(5);
}

export interface MeterState {
  readonly level: number;
  readonly held: number;
}

/** Keeps the highest peak of each channel until it is older than the hold time. */
export class PeakHold {
  readonly #held: { peak: number; until: number }[] = [];

  update(peaks: readonly number[], now: number): MeterState[] {
    return peaks.map((level, channel) => {
      const held = this.#held[channel];
      if (!held || level >= held.peak || now >= held.until) {
        this.#held[channel] = { peak: level, until: now + HOLD_SECONDS };
      }
      return { level, held: this.#held[channel].peak };
    });
  }
}

/** `[=====  |  ]`: a bar from the floor to full scale, with a mark where the peak is held. */
export function bar(meter: MeterState, width: number): string {
  const position = (level: number) => Math.round((Math.max(0, decibels(level) - FLOOR) / -FLOOR) * width);
  const filled = Math.min(width, position(meter.level));
  const mark = Math.min(width, position(meter.held));
  const cells = "=".repeat(filled).padEnd(width).split("");
  if (mark > 0) cells[mark - 1] = meter.held > 1 ? "!" : "|";
  return `[${cells.join("")}]`;
}
