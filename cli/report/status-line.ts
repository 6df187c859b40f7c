/** The status line: one line of a terminal that says how a stream is doing. */
import { countOf } from "../options/count.ts";
import { bar, decibelText, type MeterState } from "./levels.ts";

export interface Status {
  /** Seconds since the start. */
  readonly elapsed: number;
  /** Seconds of the whole run; undefined if its end is not known. */
  readonly total: number | undefined;
  readonly meters: readonly MeterState[];
  readonly xruns: number;
  /** Share of the time that the callback takes, 0 to 1. */
  readonly load: number;
}

/** `00:01:02.3`. */
export function clock(seconds: number): string {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  return `${two(tenths / 36000)}:${two(tenths / 600 % 60)}:${two(tenths / 10 % 60)}.${tenths % 10}`;
}

const WIDEST_BAR = 30;
const NARROWEST_BAR = 5;

function meterText(meters: readonly MeterState[], columns: number): string {
  if (meters.length === 0) return "";
  const width = Math.min(WIDEST_BAR, Math.floor(columns / meters.length) - " [] -12.3".length);
  // Where bars would be too short to read, only the figures are shown.
  const text = (meter: MeterState) => (width < NARROWEST_BAR ? "" : `${bar(meter, width)} `) + decibelText(meter.held);
  return `  ${meters.map(text).join(" ")} dB`;
}

/** The line, at most `columns` wide. */
export function statusLine(status: Status, columns: number): string {
  const time = clock(status.elapsed) + (status.total === undefined ? "" : ` / ${clock(status.total)}`);
  const counts = `  ${countOf(status.xruns, "xrun")}  ${(status.load * 100).toFixed(1)}% load`;
  const meters = meterText(status.meters, columns - time.length - counts.length - "   dB".length);
  // The meters come last: they are what a narrow terminal cuts off.
  return `${time}${counts}${meters}`.slice(0, Math.max(0, columns));
}
