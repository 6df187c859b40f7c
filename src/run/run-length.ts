// How long a run is: the one place for the rule of `frames`, `pad`, `offset` and the source.
import { type OptionNames, requireInteger } from "../base/validate.ts";

/** The length of a run. */
export interface RunOptions {
  /** Frames to play or record; negative (default -1): as many as the source has, or until the run is stopped. */
  frames?: number;
  /** Frames of silence after the source; negative: silence up to `frames`, or without end. Default: 0. */
  pad?: number;
  /** Frames that are dropped from the start of the recording. Default: 0. */
  offset?: number;
}

export const runOptionNames: OptionNames<RunOptions> = { frames: true, pad: true, offset: true };

/** Checked run options. */
export type RunLength = Readonly<Required<RunOptions>>;

/** Checks run options, and fills in the defaults. */
export function requireRunLength({ frames = -1, pad = 0, offset = 0 }: RunOptions): RunLength {
  requireInteger("frames", frames);
  requireInteger("pad", pad);
  requireInteger("offset", offset, 0);
  return { frames: Math.max(frames, -1), pad: Math.max(pad, -1), offset }; // any negative number means the same
}

/** Frames that a run with a source of `sourceFrames` frames has; undefined if that is not known in advance. */
export function totalFrames({ frames, pad }: RunLength, sourceFrames: number | undefined): number | undefined {
  const played = frames >= 0 ? frames : pad >= 0 ? sourceFrames : undefined;
  return played === undefined ? undefined : played + Math.max(pad, 0);
}

/** Throws a RangeError for an offset beyond the end of a run with a source of `sourceFrames` frames. */
export function requireOffsetWithin(length: RunLength, sourceFrames: number | undefined): void {
  const total = totalFrames(length, sourceFrames);
  if (total !== undefined && length.offset > total) {
    throw new RangeError(`offset must not exceed the ${total} frames of the run, not ${length.offset}`);
  }
}

/** The length of a run without a source into a sink with room for `room` frames: a full sink ends it. */
export function untilFull(length: RunLength, room: number | undefined): RunLength {
  return length.frames < 0 && room !== undefined ? { ...length, frames: room + length.offset, pad: 0 } : length;
}
