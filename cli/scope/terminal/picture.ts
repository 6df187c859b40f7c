/** The view as lines of text: a spectrum of braille dots, meters of block characters, and readings. */
import type { ChannelLevel, Levels } from "../../../mod.ts";
import { fit } from "../../report/fit.ts";
import { visible } from "../../report/visible.ts";
import {
  binEdges,
  clock,
  decibels,
  decibelsOf,
  decibelText,
  frequencyScale,
  frequencyTicks,
  largest,
  peakOf,
} from "../page/scale.ts";
import type { State, Status } from "../session.ts";
import { Dots } from "./dots.ts";

/** What is drawn. */
export interface Scene {
  readonly state: State;
  readonly status: Status | undefined;
  readonly levels: Levels;
  /** The spectrum in bytes, and its held peaks. */
  readonly row: ArrayLike<number> | undefined;
  readonly held: ArrayLike<number> | undefined;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const FLOOR = -100;
const METER_FLOOR = -60;
const LABEL_STEP = 20;
const AXIS = 5; // width of the labels, in columns
const PARTS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

const CODES = { dim: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36, bold: 1 } as const;
type Style = keyof typeof CODES;
/** Returns the text in a style. */
type Paint = (style: Style, text: string) => string;

const coloured: Paint = (style, text) => text.trim() === "" ? text : `\x1b[${CODES[style]}m${text}\x1b[0m`;
const plain: Paint = (_style, text) => text;

/** Overlays a line of the curve on a line of the peaks, with one escape sequence for each stretch of one colour. */
function paintCells(curve: string, peaks: string, paint: Paint): string {
  let text = "";
  for (let at = 0, end = 0; at < curve.length; at = end) {
    const isCurve = curve[at] !== " ";
    while (end < curve.length && (curve[end] !== " ") === isCurve) end++;
    text += isCurve ? paint("cyan", curve.slice(at, end)) : paint("magenta", peaks.slice(at, end));
  }
  return text;
}

/** Converts a byte of a spectrum to a height in dots. */
function dotsOf(byte: number, height: number): number {
  return Math.round(Math.min(Math.max(1 - decibelsOf(byte) / FLOOR, 0), 1) * height);
}

function spectrumLines({ state, row, held }: Scene, width: number, height: number, paint: Paint): string[] {
  const columns = width - AXIS;
  const scale = frequencyScale("log", state.sampleRate);
  const [curve, peaks] = [new Dots(columns, height), new Dots(columns, height)];
  if (row && held) {
    const edges = binEdges(scale, 2 * columns, row.length, state.sampleRate);
    for (let x = 0; x < 2 * columns; x++) {
      const top = dotsOf(largest(row, 0, edges[x], edges[x + 1]), 4 * height);
      for (let dot = 1; dot <= top; dot++) curve.set(x, 4 * height - dot);
      const peak = dotsOf(largest(held, 0, edges[x], edges[x + 1]), 4 * height);
      if (peak > 0) peaks.set(x, 4 * height - peak);
    }
  }
  const labels = new Map<number, string>();
  for (let level = 0; level >= FLOOR; level -= LABEL_STEP) {
    labels.set(Math.round(level / FLOOR * (height - 1)), `${level}`.replace("-", "−"));
  }
  const lines = Array.from({ length: height }, (_, line) => {
    const label = (labels.get(line) ?? "").padStart(AXIS - 1);
    return paint("dim", `${label} `) + paintCells(curve.line(line), peaks.line(line), paint);
  });
  let axis = " ".repeat(width);
  for (const [hertz, name] of frequencyTicks("log", state.sampleRate)) {
    const at = AXIS + Math.round(scale.place(hertz) * (columns - 1));
    const before = axis.slice(0, at);
    if (at + name.length > width || before.slice(-1) !== " " && before !== "") continue;
    axis = before + name + axis.slice(at + name.length);
  }
  return [...lines, paint("dim", axis)];
}

function meterLine(name: string, { peak, rms }: ChannelLevel, width: number, paint: Paint): string {
  const label = fit(name, 7);
  const number = decibelText(decibels(peak)).padStart(9);
  const clip = peak >= 1 ? " CLIP" : "     ";
  const length = width - label.length - number.length - clip.length - 1;
  if (length < 4) return fit(label + number, width);
  const place = (level: number) => Math.min(Math.max(1 - decibels(level) / METER_FLOOR, 0), 1) * length;
  const filled = place(rms);
  const bar = "█".repeat(Math.floor(filled)) + PARTS[Math.floor((filled % 1) * PARTS.length)];
  const mark = Math.min(Math.floor(place(peak)), length - 1);
  const cells = [...fit(bar, length)];
  if (peak > 0 && cells[mark] === " ") cells[mark] = "│";
  const [warm, hot] = [0.7, 0.9].map((share) => Math.floor(share * length));
  const painted = paint("green", cells.slice(0, warm).join("")) + paint("yellow", cells.slice(warm, hot).join("")) +
    paint("red", cells.slice(hot).join(""));
  return label + painted + " " + number + paint("red", clip);
}

function namedLevels({ input, output }: Levels): [string, ChannelLevel][] {
  return [
    ...input.map((level, i): [string, ChannelLevel] => [`In ${i + 1}`, level]),
    ...output.map((level, i): [string, ChannelLevel] => [`Out ${i + 1}`, level]),
  ];
}

function peakText({ row, state }: Scene): string {
  const peak = row && peakOf(row, state.sampleRate);
  return peak && peak.decibels > -120 ? `${peak.hertz.toFixed(1)} Hz, ${decibelText(peak.decibels)}` : "silence";
}

/** Draws the view in at most `rows` lines of at most `columns` columns. */
export function pictureOf(scene: Scene, { columns, rows }: Size, isColoured: boolean): string[] {
  const paint = isColoured ? coloured : plain;
  const { state, status } = scene;
  const time = clock(status?.time ?? 0);
  const playback = state.playback ? `; plays ${state.playback}` : "";
  const what = visible(`${state.name ?? "stopped"}, ${state.sampleRate / 1000} kHz${playback}`).replace(/\s/g, " ");
  const title = fit("pastream scope  ", Math.min(columns, 16));
  const room = columns - title.length;
  const rest = room > time.length ? fit(what, room - time.length - 1) + ` ${time}` : fit("", room);
  const head = paint("bold", title) + rest;
  const meters = namedLevels(scene.levels).slice(0, Math.max(1, rows - 8))
    .map(([name, level]) => meterLine(name, level, columns, paint));
  const xruns = status?.xruns ?? 0;
  const late = `${((status?.lateness.p99 ?? 0) * 1000).toFixed(2)} ms`;
  const foot = fit(`Peak ${peakText(scene)}   xruns ${xruns}   late ${late}   Ctrl-C ends`, columns);
  const height = rows - meters.length - 3; // head, axis, foot
  const spectrum = height >= 2 && columns >= 20 ? spectrumLines(scene, columns, height, paint) : [];
  const lines = [head, ...spectrum, ...meters, xruns > 0 ? paint("yellow", foot) : foot];
  return lines.slice(0, rows);
}

/** Describes the view in one line, for output that is not a terminal. */
export function lineOf(scene: Scene): string {
  const levels = namedLevels(scene.levels).map(([name, { peak }]) => `${name} ${decibelText(decibels(peak))}`);
  const { time = 0, xruns = 0 } = scene.status ?? {};
  return `${clock(time)}  ${levels.join("  ")}  peak ${peakText(scene)}  xruns ${xruns}`;
}
