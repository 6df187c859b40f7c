/** The figures of a run that has ended. */
import { countOf } from "../options/count.ts";
import type { Glitch, Quantiles, Stream, XrunCounts } from "../../mod.ts";
import { clock } from "./status-line.ts";

export interface Summary {
  readonly frames: number;
  readonly seconds: number;
  readonly sampleRate: number;
  readonly xruns: number;
  readonly xrunCounts: XrunCounts;
  readonly glitches: readonly Glitch[];
  readonly callbacks: { readonly count: number; readonly lateness: Quantiles; readonly duration: Quantiles };
}

export function summaryOf(stream: Stream): Summary {
  const { frameCount, sampleRate, xruns, xrunCounts, glitches, callbackStats } = stream;
  const seconds = frameCount / sampleRate;
  return { frames: frameCount, seconds, sampleRate, xruns, xrunCounts, glitches, callbacks: callbackStats };
}

const xrunNames: readonly (readonly [keyof XrunCounts, one: string, many: string])[] = [
  ["inputUnderflows", "input underflow", "input underflows"],
  ["inputOverflows", "input overflow", "input overflows"],
  ["outputUnderflows", "output underflow", "output underflows"],
  ["outputOverflows", "output overflow", "output overflows"],
  ["sourceUnderflows", "gap in the playback", "gaps in the playback"],
];

const glitchNames: Readonly<Record<Glitch["kind"], string>> = {
  inputUnderflow: "input underflow",
  inputOverflow: "input overflow",
  outputUnderflow: "output underflow",
  outputOverflow: "output overflow",
  sourceUnderflow: "gap in the playback",
  sinkOverflow: "recording overflow",
  rerouted: "change to another device",
  deviceGap: "gap of the device",
};

const MOST_GLITCHES = 20;

/** The summary for a person: one line, and one for each glitch. */
export function summaryLines(summary: Summary): string[] {
  const { frames, seconds, sampleRate, xruns, xrunCounts, glitches } = summary;
  const counts = xrunNames.filter(([kind]) => xrunCounts[kind] > 0)
    .map(([kind, one, many]) => `${xrunCounts[kind]} ${xrunCounts[kind] === 1 ? one : many}`);
  const total = `${countOf(frames, "frame")}, ${seconds.toFixed(3)} s, ${countOf(xruns, "xrun")}`;
  const lines = [counts.length > 0 ? `${total}: ${counts.join(", ")}` : total];
  for (const { frame, kind, frames } of glitches.slice(0, MOST_GLITCHES)) {
    lines.push(
      `  ${clock(frame / sampleRate)}  ${glitchNames[kind]}${frames > 0 ? `, ${countOf(frames, "frame")}` : ""}`,
    );
  }
  if (glitches.length > MOST_GLITCHES) lines.push(`  and ${glitches.length - MOST_GLITCHES} more`);
  return lines;
}
