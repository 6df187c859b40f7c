import { type OptionNames, requireBoolean, requireInteger, requireOptions, show } from "../base/validate.ts";
import { requireRunLength, type RunLength, runOptionNames, type RunOptions } from "./run-length.ts";

/** How to start a stream. */
export interface StartOptions extends RunOptions {
  /**
   * Frames that a function, iterable or file must have put into the ring before the device starts. true (default): the
   * first write; false: none.
   */
  prebuffer?: boolean | number;
  /** End the run with an error at the first xrun. Default: false. */
  fatalXruns?: boolean;
}

const startOptionNames: OptionNames<StartOptions> = { ...runOptionNames, prebuffer: true, fatalXruns: true };

/** When the promise of a call settles. */
export interface Blocking {
  /** true (default): when the run has ended. false: when the stream has started; wait() then waits for the end. */
  blocking?: boolean;
}

export const blockingNames: OptionNames<Blocking> = { blocking: true };

/** Checked options of a start. */
export interface StartPlan extends RunLength {
  readonly prebuffer: boolean | number;
  readonly fatalXruns: boolean;
}

/** The plan of a start for which only the length of the run was given. */
export function defaultStart(length: RunLength): StartPlan {
  return { ...length, prebuffer: true, fatalXruns: false };
}

/** Checks start options, and fills in the defaults. */
export function requireStartPlan(options: StartOptions | undefined): StartPlan {
  const given = requireOptions("options", options, startOptionNames);
  const { prebuffer = true, fatalXruns = false } = given;
  if (typeof prebuffer === "number") requireInteger("prebuffer", prebuffer, 0);
  else if (typeof prebuffer !== "boolean") {
    throw new TypeError(`prebuffer must be true, false or a number of frames, not ${show(prebuffer)}`);
  }
  return { ...requireRunLength(given), prebuffer, fatalXruns: requireBoolean("fatalXruns", fatalXruns) };
}

/** Checks the `blocking` option. */
export function requireBlocking({ blocking = true }: Blocking): boolean {
  return requireBoolean("blocking", blocking);
}
