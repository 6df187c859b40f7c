// What a stream reports: counters, levels, timing, glitches.
import {
  PS_DIRECTION_BOTH,
  PS_GLITCH_FRAME,
  PS_GLITCH_FRAMES,
  PS_GLITCH_KIND,
  PS_GLITCH_SINK,
  PS_GLITCH_SIZE,
  PS_GLITCH_TIME,
  PS_LEVEL_PEAK,
  PS_LEVEL_RMS,
  PS_LEVEL_SIZE,
  PS_NUMBER_COUNT,
  PS_NUMBER_INPUT_OVERFLOWS,
  PS_NUMBER_INPUT_UNDERFLOWS,
  PS_NUMBER_OUTPUT_OVERFLOWS,
  PS_NUMBER_OUTPUT_UNDERFLOWS,
  PS_NUMBER_SOURCE_UNDERFLOWS,
  PS_TIMING_LATE_P50,
  PS_TIMING_SIZE,
  PS_TIMING_TOOK_P50,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";

/** How often the device or a source was late. */
export interface XrunCounts {
  /** Blocks before which the device had no input. */
  readonly inputUnderflows: number;
  /** Blocks before which input was lost. */
  readonly inputOverflows: number;
  /** Blocks before which the device had nothing to play. */
  readonly outputUnderflows: number;
  /** Blocks of output that were thrown away. */
  readonly outputOverflows: number;
  /** Gaps in which a source that had not ended had nothing. */
  readonly sourceUnderflows: number;
}

/**
 * What can go wrong: one of the device's xruns, a source that was late, a sink without room, a device that was lost and
 * replaced by another one, or a sound server that moved or paused the stream or stood still.
 */
export type GlitchKind =
  | "inputUnderflow"
  | "inputOverflow"
  | "outputUnderflow"
  | "outputOverflow"
  | "sourceUnderflow"
  | "sinkOverflow"
  | "rerouted"
  | "deviceGap";

/** In the order of PS_GLITCH_. */
const glitchKinds: readonly GlitchKind[] = [
  "inputUnderflow",
  "inputOverflow",
  "outputUnderflow",
  "outputOverflow",
  "sourceUnderflow",
  "sinkOverflow",
  "rerouted",
  "deviceGap",
];

/** A moment at which samples were lost or made up. */
export interface Glitch {
  /** frameCount at which it was seen. */
  readonly frame: number;
  /** Stream time in seconds. */
  readonly time: number;
  /** What went wrong. */
  readonly kind: GlitchKind;
  /** Frames filled with silence, or dropped; 0 where the backend does not say. */
  readonly frames: number;
}

/** Level of one channel since it was last read; full scale is 1. */
export interface ChannelLevel {
  /** The largest sample. */
  readonly peak: number;
  /** The root of the mean square. */
  readonly rms: number;
}

/** Levels of all channels of both directions. */
export interface Levels {
  /** Recorded, as the device gives it; empty for a stream that only plays. */
  readonly input: readonly ChannelLevel[];
  /** Played, as the device gets it; empty for a stream that only records. */
  readonly output: readonly ChannelLevel[];
}

/** How large values are. */
export interface Quantiles {
  /** The median. */
  readonly p50: number;
  /** What 99 of 100 do not exceed. */
  readonly p99: number;
  /** The largest. */
  readonly max: number;
}

/** Callback timing since the last start, in seconds. */
export interface CallbackStats {
  /** Callbacks since then. */
  readonly count: number;
  /** How late each came. */
  readonly lateness: Quantiles;
  /** How long each took. */
  readonly duration: Quantiles;
}

/** Where the numbers come from: a native stream, or what was kept of one. */
export interface Readings {
  /** PS_STATE_ */
  state(): number;
  /** PS_NUMBER_ */
  number(what: number): number;
  xrunCounts(): XrunCounts;
  glitches(): readonly Glitch[];
  /** The glitches in which a sink lost frames: 0 that of the run, else a tap's place. */
  drops(sink: number): readonly Glitch[];
  levels(): Levels;
  callbackStats(): CallbackStats;
}

/** What the log of a run keeps. */
export const MOST_GLITCHES = 256;
const MOST_CHANNELS = 2 * 1024; // of both directions

/** What the native side writes to, read at once. */
const numbers: Float64Array = new Float64Array(
  new ArrayBuffer(Math.max(PS_GLITCH_SIZE * MOST_GLITCHES, PS_LEVEL_SIZE * MOST_CHANNELS) * 8),
);

/** An entry of the log, and the sink that it is about. */
interface LoggedGlitch {
  readonly glitch: Glitch;
  readonly sink: number;
}

function dropsOf(log: readonly LoggedGlitch[], sink: number): Glitch[] {
  return log.filter((entry) => entry.glitch.kind === "sinkOverflow" && entry.sink === sink).map(({ glitch }) => glitch);
}

/** Asks the native side. `channels` of input and output. */
export function liveReadings(handle: number, channels: readonly [input: number, output: number]): Readings {
  const [inputs, outputs] = channels;
  const levelsFrom = (first: number, count: number): ChannelLevel[] => {
    const levels: ChannelLevel[] = [];
    for (let i = first; i < first + count; i++) {
      const at = PS_LEVEL_SIZE * i;
      levels.push({ peak: numbers[at + PS_LEVEL_PEAK], rms: numbers[at + PS_LEVEL_RMS] });
    }
    return levels;
  };
  const log = (): LoggedGlitch[] => {
    const count = native().ps_stream_glitches(handle, numbers, MOST_GLITCHES);
    const glitches: LoggedGlitch[] = [];
    for (let at = 0; at < PS_GLITCH_SIZE * count; at += PS_GLITCH_SIZE) {
      const kind = numbers[at + PS_GLITCH_KIND];
      const glitch = {
        frame: numbers[at + PS_GLITCH_FRAME],
        time: numbers[at + PS_GLITCH_TIME],
        kind: glitchKinds[kind % PS_GLITCH_SINK],
        frames: numbers[at + PS_GLITCH_FRAMES],
      };
      glitches.push({ glitch, sink: Math.floor(kind / PS_GLITCH_SINK) });
    }
    return glitches;
  };
  const quantilesFrom = (at: number): Quantiles => ({ p50: numbers[at], p99: numbers[at + 1], max: numbers[at + 2] });
  return {
    state: () => native().ps_stream_state(handle),
    number: (what) => native().ps_stream_number(handle, what),
    xrunCounts() {
      native().ps_stream_numbers(handle, numbers, PS_NUMBER_SOURCE_UNDERFLOWS + 1);
      return {
        inputUnderflows: numbers[PS_NUMBER_INPUT_UNDERFLOWS],
        inputOverflows: numbers[PS_NUMBER_INPUT_OVERFLOWS],
        outputUnderflows: numbers[PS_NUMBER_OUTPUT_UNDERFLOWS],
        outputOverflows: numbers[PS_NUMBER_OUTPUT_OVERFLOWS],
        sourceUnderflows: numbers[PS_NUMBER_SOURCE_UNDERFLOWS],
      };
    },
    glitches: () => log().map(({ glitch }) => glitch),
    drops: (sink) => dropsOf(log(), sink),
    levels() {
      native().ps_stream_levels(handle, PS_DIRECTION_BOTH, numbers, inputs + outputs);
      return { input: levelsFrom(0, inputs), output: levelsFrom(inputs, outputs) };
    },
    callbackStats() {
      const count = native().ps_stream_timing(handle, numbers, PS_TIMING_SIZE);
      return {
        count: Math.max(count, 0),
        lateness: quantilesFrom(PS_TIMING_LATE_P50),
        duration: quantilesFrom(PS_TIMING_TOOK_P50),
      };
    },
  };
}

/** Keeps the current readings: the native stream may be freed. */
export function lastReadings(readings: Readings): Readings {
  const last = Array.from({ length: PS_NUMBER_COUNT }, (_, what) => readings.number(what));
  const state = readings.state();
  const xrunCounts = readings.xrunCounts();
  const glitches = readings.glitches();
  const levels = readings.levels();
  const stats = readings.callbackStats();
  return {
    state: () => state,
    number: (what) => last[what],
    xrunCounts: () => xrunCounts,
    glitches: () => glitches,
    drops: () => [], // who asks for them has done so before the stream was closed
    levels: () => levels,
    callbackStats: () => stats,
  };
}
