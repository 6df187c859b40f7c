/** Length of a run. */
import type { SoundFile } from "../../mod.ts";
import { framesOf, type Span } from "../options/numbers.ts";
import type { Settings } from "../options/settings.ts";
import { UsageError } from "../options/usage-error.ts";

/** Frames of a run, as start() takes them. */
export interface RunLength {
  readonly frames: number;
  readonly pad: number;
  readonly offset: number;
  /** Frames of the whole run; undefined if not known in advance. */
  readonly total: number | undefined;
}

export function runLength(
  settings: Settings,
  sampleRate: number,
  playback: SoundFile | undefined,
  records: boolean,
): RunLength {
  const inFrames = (span: Span | undefined, preset: number) => span ? framesOf(span, sampleRate) : preset;
  const limit = inFrames(settings.duration, -1);
  const pad = playback ? inFrames(settings.pad, 0) : 0;
  const offset = records ? inFrames(settings.offset, 0) : 0;
  const known = playback && !settings.loop && playback.frames >= 0
    ? Math.round(playback.frames * sampleRate / playback.sampleRate)
    : undefined;
  // --duration is a limit: a shorter file is played to its end, unless silence up to the limit is to follow.
  const frames = pad >= 0 && known !== undefined ? Math.min(limit, known) : limit;
  const first = frames >= 0 ? frames : pad >= 0 ? known : undefined;
  const total = first === undefined ? undefined : first + Math.max(pad, 0);
  if (total !== undefined && offset > total) {
    throw new UsageError(`-o/--offset: ${offset} frames are more than the ${total} of the whole run`);
  }
  return { frames, pad, offset, total };
}
