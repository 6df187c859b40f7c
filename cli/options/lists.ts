/** Lists, pairs and channel maps as the command line writes them. */
import { countOf } from "./count.ts";
import { UsageError } from "./usage-error.ts";

/** Values of an option for the two sides. `single`: one value was given, for both. */
export interface Sides<T> {
  readonly playback?: T;
  readonly recording?: T;
  readonly single: boolean;
}

/** [from, to] pairs, counted from 1. */
export type ChannelMap = readonly (readonly [from: number, to: number])[];

interface Element {
  text: string;
  quoted: boolean;
}

/** Splits at commas; parts may be quoted as in a shell, or a character escaped with a backslash. */
export function splitList(text: string): Element[] {
  const elements: Element[] = [];
  let element: Element = { text: "", quoted: false };
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    let character = text[index];
    if (quote === "" && character === ",") {
      elements.push(element);
      element = { text: "", quoted: false };
      continue;
    }
    if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      element.quoted = true;
      continue;
    }
    if (character === quote) {
      quote = "";
      continue;
    }
    if (character === "\\" && quote !== "'" && index + 1 < text.length) {
      character = text[++index];
      element.quoted = true;
    }
    element.text += character;
  }
  if (quote !== "") throw new UsageError(`'${text}' lacks a closing ${quote}`);
  elements.push(element);
  return elements;
}

/** Whether a text is null, ^ or empty, which mean no file, or the default. */
export function isPlaceholder(text: string): boolean {
  return text === "" || text === "^" || text.toLowerCase() === "null";
}

/** A value for both sides, or one for each: `playback,recording`. */
export function readSides<T>(text: string, read: (text: string, quoted: boolean) => T): Sides<T> {
  const elements = splitList(text);
  if (elements.length > 2) {
    throw new UsageError(`'${text}' has ${elements.length} values: give one, or playback,recording`);
  }
  const values = elements.map(({ text, quoted }) =>
    (quoted ? text === "" : isPlaceholder(text)) ? undefined : read(text, quoted)
  );
  return { playback: values[0], recording: values.at(-1), single: values.length === 1 };
}

const mapPattern = /^\d+(:\d+)?(,\d+(:\d+)?)*$/;
const channelsPattern = /^\d+(,\d+)*$/;

/** Whether a word is a channel map rather than the name of a file. */
export function looksLikeMap(text: string): boolean {
  return mapPattern.test(text);
}

export function looksLikeChannels(text: string): boolean {
  return channelsPattern.test(text);
}

/** `FROM[:TO]` with commas between; without TO it is the position in the list. */
export function readMap(text: string): ChannelMap | null {
  if (isPlaceholder(text)) return null;
  if (!looksLikeMap(text)) {
    throw new UsageError(`'${text}' is not a channel map: write FROM[:TO],… like 2,1 or 1:2,2:1`);
  }
  const targets = new Set<number>();
  return text.split(",").map((entry, index) => {
    const [from, to = index + 1] = entry.split(":").map(Number);
    if (to < 1) throw new UsageError(`'${text}' maps to channel 0: channels are counted from 1`);
    if (targets.has(to)) throw new UsageError(`'${text}' maps two channels to channel ${to}: nothing is mixed`);
    targets.add(to);
    return [from, to] as const;
  });
}

/** `1,2,…`, counted from 1. */
export function readChannels(text: string): readonly number[] | null {
  if (isPlaceholder(text)) return null;
  const channels = looksLikeChannels(text) ? text.split(",").map(Number) : [0];
  if (channels.includes(0)) throw new UsageError(`'${text}' is not a list of channels counted from 1, like 1,2`);
  return channels;
}

/** The array that the API takes: entry i is the channel that goes to channel i + 1, 0 is silence. */
export function mappingOf(map: ChannelMap, channels: number, fromChannels: number = channels): number[] {
  const mapping = new Array<number>(channels).fill(0);
  const require = (channel: number, count: number, what: string) => {
    if (channel <= count) return;
    throw new UsageError(`-m/--map: channel ${channel} is not there: the ${what} has ${countOf(count, "channel")}`);
  };
  for (const [from, to] of map) {
    require(from, fromChannels, fromChannels === channels ? "stream" : "file");
    require(to, channels, "stream");
    mapping[to - 1] = from;
  }
  return mapping;
}
