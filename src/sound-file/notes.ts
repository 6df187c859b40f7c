// What a sound file contains beside its samples and text tags: cue points, loops, the broadcast extension.
import {
  PS_BROADCAST_DATE,
  PS_BROADCAST_DESCRIPTION,
  PS_BROADCAST_HISTORY,
  PS_BROADCAST_LOUDNESS,
  PS_BROADCAST_LOUDNESS_RANGE,
  PS_BROADCAST_MOMENTARY,
  PS_BROADCAST_ORIGINATOR,
  PS_BROADCAST_REFERENCE,
  PS_BROADCAST_SHORT_TERM,
  PS_BROADCAST_SIZE,
  PS_BROADCAST_TIME,
  PS_BROADCAST_TIME_REFERENCE,
  PS_BROADCAST_TRUE_PEAK,
  PS_BROADCAST_VERSION,
  PS_CUE_FRAME,
  PS_CUE_ID,
  PS_CUE_SIZE,
  PS_INSTRUMENT_BASE_NOTE,
  PS_INSTRUMENT_DETUNE,
  PS_INSTRUMENT_GAIN,
  PS_INSTRUMENT_HIGH_KEY,
  PS_INSTRUMENT_HIGH_VELOCITY,
  PS_INSTRUMENT_LOW_KEY,
  PS_INSTRUMENT_LOW_VELOCITY,
  PS_INSTRUMENT_SIZE,
  PS_LOOP_COUNT,
  PS_LOOP_END,
  PS_LOOP_MODE,
  PS_LOOP_SIZE,
  PS_LOOP_START,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { filledText, readText } from "../../ffi/text.ts";
import { unwrap } from "../library/native-error.ts";

/** A marked place in a file. */
export interface CuePoint {
  /** Its number in the file. */
  readonly id: number;
  /** Its frame. */
  readonly frame: number;
  /** "" if it has none. */
  readonly name: string;
}

/** A loop of a sampler's note. */
export interface SampleLoop {
  /** The direction in which it is played. */
  readonly mode: "none" | "forward" | "backward" | "alternating";
  /** Its first frame. */
  readonly start: number;
  /** The frame where it ends. */
  readonly end: number;
  /** How often it is played; 0: for ever. */
  readonly count: number;
}

/** The instrument chunk of a file, for samplers. Notes are those of MIDI. */
export interface Instrument {
  /** dB. */
  readonly gain: number;
  /** The note of the recorded sound. */
  readonly baseNote: number;
  /** Cents. */
  readonly detune: number;
  /** Lowest and highest velocity for which to use it. */
  readonly velocities: readonly [low: number, high: number];
  /** Lowest and highest note for which to use it. */
  readonly keys: readonly [low: number, high: number];
  /** Its loops. */
  readonly loops: readonly SampleLoop[];
}

/** The broadcast extension of a WAV file (EBU Tech 3285). */
export interface BroadcastInfo {
  /** Description of the recording. */
  readonly description: string;
  /** Who made the recording. */
  readonly originator: string;
  /** The originator's own name for it. */
  readonly originatorReference: string;
  /** "2024-12-31". */
  readonly originationDate: string;
  /** "23:59:59". */
  readonly originationTime: string;
  /** Frames from midnight to its start. */
  readonly timeReference: number;
  /** Version of the extension. Below 2, the loudness fields have no meaning. */
  readonly version: number;
  /** LUFS. */
  readonly loudness: number;
  /** LU. */
  readonly loudnessRange: number;
  /** dBTP. */
  readonly maxTruePeak: number;
  /** LUFS. */
  readonly maxMomentaryLoudness: number;
  /** LUFS. */
  readonly maxShortTermLoudness: number;
  /** The processing steps, one per line. */
  readonly codingHistory: string;
}

const loopModes = ["none", "forward", "backward", "alternating"] as const;
const NAME_SIZE = 257;

const numbers = (count: number) => new Float64Array(new ArrayBuffer(count * 8));

/** A file's cue points. */
export function cuePointsOf(file: number): CuePoint[] {
  const cue = numbers(PS_CUE_SIZE);
  const name = new Uint8Array(new ArrayBuffer(NAME_SIZE));
  const points: CuePoint[] = [];
  for (let index = 0;; index++) {
    const count = unwrap(native().ps_file_cue(file, index, cue, PS_CUE_SIZE, name, NAME_SIZE));
    if (index >= count) return points;
    points.push({ id: cue[PS_CUE_ID], frame: cue[PS_CUE_FRAME], name: filledText(name) });
  }
}

/** A file's instrument chunk; undefined if it has none. */
export function instrumentOf(file: number): Instrument | undefined {
  const size = unwrap(native().ps_file_loops(file, null, 0));
  if (size === 0) return undefined;
  const all = numbers(size);
  unwrap(native().ps_file_loops(file, all, size));
  const loops: SampleLoop[] = [];
  for (let at = PS_INSTRUMENT_SIZE; at < size; at += PS_LOOP_SIZE) {
    loops.push({
      mode: loopModes[all[at + PS_LOOP_MODE]] ?? "none",
      start: all[at + PS_LOOP_START],
      end: all[at + PS_LOOP_END],
      count: all[at + PS_LOOP_COUNT],
    });
  }
  return {
    gain: all[PS_INSTRUMENT_GAIN],
    baseNote: all[PS_INSTRUMENT_BASE_NOTE],
    detune: all[PS_INSTRUMENT_DETUNE],
    velocities: [all[PS_INSTRUMENT_LOW_VELOCITY], all[PS_INSTRUMENT_HIGH_VELOCITY]],
    keys: [all[PS_INSTRUMENT_LOW_KEY], all[PS_INSTRUMENT_HIGH_KEY]],
    loops,
  };
}

/** A file's broadcast extension; undefined if it has none. */
export function broadcastInfoOf(file: number): BroadcastInfo | undefined {
  const all = numbers(PS_BROADCAST_SIZE);
  const { ps_file_broadcast } = native();
  if (unwrap(ps_file_broadcast(file, PS_BROADCAST_DESCRIPTION, null, 0, all, PS_BROADCAST_SIZE)) === 0) {
    return undefined;
  }
  const text = (what: number) =>
    readText((text, size) => unwrap(ps_file_broadcast(file, what, text, size, null, 0)) - 1);
  return {
    description: text(PS_BROADCAST_DESCRIPTION),
    originator: text(PS_BROADCAST_ORIGINATOR),
    originatorReference: text(PS_BROADCAST_REFERENCE),
    originationDate: text(PS_BROADCAST_DATE),
    originationTime: text(PS_BROADCAST_TIME),
    timeReference: all[PS_BROADCAST_TIME_REFERENCE],
    version: all[PS_BROADCAST_VERSION],
    loudness: all[PS_BROADCAST_LOUDNESS],
    loudnessRange: all[PS_BROADCAST_LOUDNESS_RANGE],
    maxTruePeak: all[PS_BROADCAST_TRUE_PEAK],
    maxMomentaryLoudness: all[PS_BROADCAST_MOMENTARY],
    maxShortTermLoudness: all[PS_BROADCAST_SHORT_TERM],
    codingHistory: text(PS_BROADCAST_HISTORY),
  };
}

/** libsndfile's log of a file's headers. */
export function logOf(file: number): string {
  return readText((text, size) => unwrap(native().ps_file_log(file, text, size)));
}
