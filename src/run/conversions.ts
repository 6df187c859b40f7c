// What is converted between a device, its stream, and the stream's source and sinks.
import type { Endpoint } from "./endpoint.ts";
import type { StreamDirection } from "./opened-stream.ts";

/** Sample rate and channels of frames. */
export interface FrameShape {
  /** Hz. */
  readonly sampleRate: number;
  /** Number of channels. */
  readonly channels: number;
}

/** Where frames are converted on their way through a stream. */
export interface Conversion {
  /** A direction of the device, the source, or one of the sinks. */
  readonly what: "input" | "output" | "source" | "sink";
  /** Before: what the input device or the source gives, or the stream. */
  readonly from: FrameShape;
  /** After: what the stream, the output device or the sink gets. */
  readonly to: FrameShape;
  /** Of the input: its device has a clock of its own, and is brought to that of the output by a ratio that varies. */
  readonly ownClock: boolean;
}

/** What the conversions of a stream are known from. */
export interface ConversionHost {
  readonly deviceRate: number;
  /** Hz, of an input device that has a clock of its own; else 0. */
  readonly inputClockRate: number;
  readonly input: StreamDirection | undefined;
  readonly output: StreamDirection | undefined;
  readonly endpoints: { readonly source: Endpoint | undefined; readonly sink: Endpoint | undefined };
  readonly taps: Iterable<{ readonly capture: Endpoint }>;
}

function shapeOf({ sampleRate, channels }: FrameShape): FrameShape {
  return { sampleRate, channels };
}

/** All conversions, in the order of the way from the source to the sinks. */
export function conversionsOf(host: ConversionHost): Conversion[] {
  const { deviceRate, inputClockRate, input, output, endpoints, taps } = host;
  const found: Conversion[] = [];
  const add = (what: Conversion["what"], from: FrameShape, to: FrameShape, ownClock = false) => {
    if (!ownClock && from.sampleRate === to.sampleRate && from.channels === to.channels) return;
    found.push({ what, from: shapeOf(from), to: shapeOf(to), ownClock });
  };
  const source = endpoints.source?.shape;
  if (source?.stream) add("source", source, source.stream);
  if (output) add("output", output, { ...output, sampleRate: deviceRate });
  if (input) add("input", { ...input, sampleRate: inputClockRate || deviceRate }, input, inputClockRate > 0);
  for (const sink of [endpoints.sink, ...Array.from(taps, ({ capture }) => capture)]) {
    if (sink?.shape.stream) add("sink", sink.shape.stream, sink.shape);
  }
  return found;
}

/** A conversion for people: "44100 -> 48000 Hz, 1 -> 2 channels". */
export function describeConversion({ from, to, ownClock }: Conversion): string {
  const parts = [];
  if (from.sampleRate !== to.sampleRate) parts.push(`${from.sampleRate} -> ${to.sampleRate} Hz`);
  if (from.channels !== to.channels) parts.push(`${from.channels} -> ${to.channels} channels`);
  if (ownClock) parts.push("to the clock of the output");
  return parts.join(", ");
}
