import { requireBoolean, requireInteger, requireOptions, show } from "../base/validate.ts";

/** How many frames to run. */
export interface RunOptions {
  /** Frames to play or record; negative (default -1): as many as the source has, or until stopped. */
  frames?: number;
  /** Frames of silence after the source; negative: up to `frames`, or without end. Default 0. */
  pad?: number;
  /** Frames that are dropped from the start of the recording. Default 0. */
  offset?: number;
}

/** How to start a stream. */
export interface StartOptions extends RunOptions {
  /**
   * Frames that a function, iterable or file must have put into the ring before the device starts. true (default): the
   * first write; false: none.
   */
  prebuffer?: boolean | number;
  /** End the run with an error at the first xrun. Default false. */
  fatalXruns?: boolean;
}

/** Whether a call settles with the run's end. */
export interface Blocking {
  /** true (default): the promise settles when the run has ended. false: once the stream has started; then wait(). */
  blocking?: boolean;
}

/** How long a run is to be, checked. */
export interface RunLength {
  readonly frames: number;
  readonly pad: number;
  readonly offset: number;
}

/** Checked run options, with their defaults. */
export function requireRunLength(options: RunOptions): RunLength {
  const { frames = -1, pad = 0, offset = 0 } = options;
  requireInteger("frames", frames);
  requireInteger("pad", pad);
  requireInteger("offset", offset, 0);
  return { frames, pad, offset };
}

/** Frames that a run will have, if the source has `sourceFrames` of them; undefined if that is not known. */
export function totalFrames({ frames, pad }: RunLength, sourceFrames: number | undefined): number | undefined {
  const first = frames >= 0 ? frames : pad >= 0 ? sourceFrames : undefined;
  return first === undefined ? undefined : first + Math.max(pad, 0);
}

/** An offset beyond the end of what is recorded is a mistake. */
export function requireOffsetWithin({ offset }: RunLength, total: number | undefined): void {
  if (total !== undefined && offset > total) {
    throw new RangeError(`offset must not be beyond the run's ${total} frames, not ${offset}`);
  }
}

/** Checked start options. */
export function requireStartOptions(options: StartOptions | undefined): RunLength & Required<StartOptions> {
  const given = requireOptions("options", options);
  const { prebuffer = true, fatalXruns = false } = given;
  if (typeof prebuffer === "number") requireInteger("prebuffer", prebuffer, 0);
  else if (typeof prebuffer !== "boolean") {
    throw new TypeError(`prebuffer must be true, false or a number of frames, not ${show(prebuffer)}`);
  }
  return { ...requireRunLength(given), prebuffer, fatalXruns: requireBoolean("fatalXruns", fatalXruns) };
}

/** The frames of a ring between JavaScript or a file and the device. */
export function requireBufferSize(bufferSize: number = 65536): number {
  requireInteger("bufferSize", bufferSize, 1, 2 ** 30);
  if ((bufferSize & (bufferSize - 1)) !== 0) throw new RangeError(`bufferSize must be a power of 2, not ${bufferSize}`);
  return bufferSize;
}
