import { type OptionNames, requireOptions } from "../base/validate.ts";
import { openCapture, requireSinkOptions, sinkOptionNames, type SinkOptions } from "../endpoints/sink.ts";
import { openPlayback, requireSourceOptions, sourceOptionNames, type SourceOptions } from "../endpoints/source.ts";
import type { Core } from "../run/core.ts";
import type { Capture } from "../run/endpoint.ts";
import {
  requireOffsetWithin,
  requireRunLength,
  runOptionNames,
  type RunOptions,
  totalFrames,
} from "../run/run-length.ts";
import { type Blocking, blockingNames, requireBlocking } from "../run/run-options.ts";
import { recordInto, recordNew } from "./recording.ts";

/** Options of DuplexStream.playrec(). */
export interface PlayrecOptions extends RunOptions, SourceOptions, SinkOptions, Blocking {
  out?: unknown;
  /** Of the source, where they differ from what stands outside. */
  source?: SourceOptions;
  /** Of the sink, likewise. */
  sink?: SinkOptions;
}

const playrecNames: OptionNames<PlayrecOptions> = {
  ...runOptionNames,
  ...sourceOptionNames,
  ...sinkOptionNames,
  ...blockingNames,
  out: true,
  source: true,
  sink: true,
};

/** Seconds that a stream may take to go on on another device: what is recorded meanwhile is longer by that. */
const LONGEST_HOLE = 6;

function holeFrames(core: Core): number {
  return Math.ceil(LONGEST_HOLE * core.sampleRate);
}

/** Plays a source and records at once: into `out`, which it returns, or into new memory. */
export async function playrec(core: Core, playback: unknown, options: PlayrecOptions | undefined): Promise<unknown> {
  core.requireIdle();
  const given = requireOptions("options", options, playrecNames);
  const length = requireRunLength(given);
  const blocking = requireBlocking(given);
  const { out } = given;
  const sinkOptions = { ...given, ...requireSinkOptions(given.sink, "sink") };
  const sourceOptions = { ...given, ...requireSourceOptions(given.source, "source") };
  const source = openPlayback(playback, sourceOptions, core.output!);
  let sink: Capture | undefined;
  const recordedFrames = (): number => {
    requireOffsetWithin(length, source.frames);
    const total = totalFrames(length, source.frames);
    if (total !== undefined || out !== undefined) return total! - length.offset;
    throw new TypeError("frames or out must be given for a source whose length is not known, or that has no end");
  };
  try {
    if (!source.isClosed) recordedFrames();
    if (out !== undefined) sink = openCapture(out, sinkOptions, core.input!);
  } catch (error) {
    source.release();
    throw error;
  }
  core.endpoints.source = source;
  if (!sink) return await recordNew(core, recordedFrames, length, blocking, core.follows ? holeFrames(core) : 0);
  await recordInto(core, sink, length, blocking);
  return out;
}
