import { type Dtype, formatOf } from "../samples/formats.ts";
import { requireView } from "../samples/memory.ts";
import {
  requireBufferSize,
  requireOffsetWithin,
  requireRunLength,
  type RunLength,
  type RunOptions,
  totalFrames,
} from "../run/run-options.ts";
import { type FrameFormat, requireSamples } from "../samples/samples.ts";
import { overflowFlags, type SinkOptions } from "../endpoints/sink.ts";
import { requireSource, type Source } from "../endpoints/source.ts";
import { requireBoolean, requireInteger, requireOneOf, requireOptions } from "../base/validate.ts";

/** How to record in chunks. */
export interface ChunkOptions extends RunOptions, SinkOptions {
  /** Frames; default: the stream's blockSize; where that is 0 too, chunks vary in length. */
  chunkSize?: number;
  /** Frames that each chunk repeats of the one before; the first begins with silence. Default 0. */
  overlap?: number;
  /** Duplex only. Left out: a source set with setSource() stays in force; null: none. */
  playback?: Source | null;
  /** Play `playback` over and over; of a source that was set, setSource() says that. */
  loop?: boolean;
  /** Yield this, filled, instead of an array of the iterator's own. */
  out?: ArrayBufferView;
}

/** How the samples of a chunk lie in memory: frame by frame in one array, or in one array per channel. */
export type Layout = "interleaved" | "planar";

/** Checked options of chunks. */
export interface ChunkPlan {
  readonly length: RunLength;
  /** 0: chunks vary. */
  readonly chunkSize: number;
  readonly overlap: number;
  readonly layout: Layout;
  readonly bufferSize: number;
  /** PS_SINK_ */
  readonly sinkFlags: number;
  readonly out: ArrayBufferView | undefined;
}

const DEFAULT_BUFFER = 65536;
/** So that a ring can hold two of them. */
const MOST_FRAMES = 2 ** 28;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Checks what can be checked without a stream, but for the size of its blocks. */
export function requireChunkOptions(
  options: (ChunkOptions & { layout?: Layout }) | undefined,
  blockSize: number,
): void {
  const { chunkSize = 0, overlap = 0, layout, playback, loop, out, bufferSize, onOverflow, ...length } = requireOptions(
    "options",
    options,
  );
  const run = requireRunLength(length);
  requireOffsetWithin(run, totalFrames(run, undefined));
  requireInteger("chunkSize", chunkSize, 0, MOST_FRAMES);
  requireInteger("overlap", overlap, 0);
  if (chunkSize === 0 && blockSize === 0 && overlap > 0) {
    throw new RangeError(`overlap must be 0 where chunks vary in length, not ${overlap}: give a chunkSize`);
  }
  if (overlap > 0 && overlap >= (chunkSize || blockSize)) {
    const size = chunkSize > 0 ? `chunkSize of ${chunkSize}` : `blockSize of ${blockSize}`;
    throw new RangeError(`overlap must be less than the ${size}, not ${overlap}`);
  }
  const isSet = playback !== undefined && playback !== null;
  if (isSet) requireSource(playback);
  if (layout !== undefined) requireOneOf("layout", layout, ["interleaved", "planar"]);
  if (loop !== undefined && requireBoolean("loop", loop) && !isSet) {
    throw new TypeError("loop must not be set without a playback: setSource() takes it, too");
  }
  if (out !== undefined) requireView("out", out);
  if (bufferSize !== undefined) requireBufferSize(bufferSize);
  overflowFlags(onOverflow);
}

/** Checks all of the options, for a stream. */
export function planChunks(
  options: (ChunkOptions & { layout?: Layout }) | undefined,
  format: FrameFormat,
  blockSize: number,
): ChunkPlan {
  requireChunkOptions(options, blockSize);
  const given = options ?? {};
  const { overlap = 0, layout = "interleaved", onOverflow, out } = given;
  const chunkSize = given.chunkSize || blockSize;
  const bufferSize = given.bufferSize ??
    Math.max(DEFAULT_BUFFER, 2 ** Math.ceil(Math.log2(2 * (chunkSize + blockSize) || 1)));
  // When a chunk lacks its last few frames (as many as blocks and hops have in common), a whole block must still fit.
  const lacking = blockSize > 0 ? greatestCommonDivisor(blockSize, chunkSize - overlap) : chunkSize;
  const least = chunkSize - lacking + Math.max(blockSize, lacking);
  if (bufferSize < least) {
    throw new RangeError(`bufferSize must be at least ${least} for chunks of ${chunkSize} frames, not ${bufferSize}`);
  }
  if (out) requireOut(out, chunkSize, layout, format);
  const sinkFlags = overflowFlags(onOverflow);
  return { length: requireRunLength(given), chunkSize, overlap, layout, bufferSize, sinkFlags, out };
}

function requireOut(out: ArrayBufferView, chunkSize: number, layout: Layout, format: FrameFormat): void {
  const frames = requireSamples("out", out, format).byteLength / format.frameBytes;
  if (frames < Math.max(chunkSize, 1)) {
    throw new RangeError(`out must have room for ${Math.max(chunkSize, 1)} frames, not ${frames}`);
  }
  const { array } = formatOf(format.dtype as Dtype);
  if (layout === "planar" && !(out instanceof array)) {
    throw new TypeError(`out must be a ${array.name} for planar chunks of ${format.dtype}`);
  }
}
