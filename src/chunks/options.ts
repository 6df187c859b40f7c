import {
  type OptionNames,
  requireBoolean,
  requireInteger,
  requireOneOf,
  requireOptions,
  withArticle,
} from "../base/validate.ts";
import { shapeFor } from "../endpoints/shape.ts";
import { requireOverflow, sinkOptionNames, type SinkOptions } from "../endpoints/sink.ts";
import { requireSource, type Source } from "../endpoints/source.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { requireBufferSize, ringFrames } from "../run/ring-size.ts";
import {
  requireOffsetWithin,
  requireRunLength,
  type RunLength,
  runOptionNames,
  type RunOptions,
} from "../run/run-length.ts";
import { type Dtype, formatOf } from "../samples/formats.ts";
import { requireView } from "../samples/memory.ts";
import { type FrameFormat, requireSamples } from "../samples/samples.ts";

/** How to record in chunks. */
export interface ChunkOptions extends RunOptions, SinkOptions {
  /** Frames of a chunk. Default: the stream's blockSize; if that is 0, chunks vary in length. */
  chunkSize?: number;
  /** Frames that each chunk repeats from the end of the one before; the first chunk begins with silence. Default: 0. */
  overlap?: number;
  /** What a duplex stream plays. Default: what setSource() has set; null: nothing. */
  playback?: Source | null;
  /** Play `playback` over and over. For a source of setSource() it is an option there. */
  loop?: boolean;
  /** Memory to fill and yield instead of an array of the iterator's own. */
  out?: ArrayBufferView;
}

/** The memory layout of a chunk: frame by frame in one array, or one array per channel. */
export type Layout = "interleaved" | "planar";

/** Options of chunks, with their layout. */
export type LayoutOptions = ChunkOptions & { layout?: Layout };

export const chunkOptionNames: OptionNames<LayoutOptions> = {
  ...runOptionNames,
  ...sinkOptionNames,
  chunkSize: true,
  overlap: true,
  playback: true,
  loop: true,
  out: true,
  layout: true,
};

/** Options of chunks that have been checked as far as that is possible without a stream. */
export interface CheckedChunkOptions {
  readonly length: RunLength;
  /** 0: chunks vary in length. */
  readonly chunkSize: number;
  readonly overlap: number;
  readonly layout: Layout;
  readonly bufferSize: number | undefined;
  readonly onOverflow: SinkOptions["onOverflow"];
  /** Of the chunks; undefined: the stream's. */
  readonly sampleRate: number | undefined;
  readonly channels: number | undefined;
  readonly out: ArrayBufferView | undefined;
  readonly playback: Source | null | undefined;
  readonly loop: boolean;
}

/** What chunks of a stream are like. */
export interface ChunkPlan extends CheckedChunkOptions {
  readonly bufferSize: number;
  /** The stream's input, as the chunks have it. */
  readonly input: StreamDirection;
}

/** So that a ring can hold two of them. */
const MOST_FRAMES = 2 ** 28;

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Checks options of chunks, without a stream except for the size of its blocks. */
export function requireChunkOptions(options: LayoutOptions | undefined, blockSize: number): CheckedChunkOptions {
  const given = requireOptions("options", options, chunkOptionNames);
  const { chunkSize = 0, overlap = 0, layout = "interleaved", playback, loop = false, out, bufferSize } = given;
  const length = requireRunLength(given);
  requireOffsetWithin(length, undefined);
  requireInteger("chunkSize", chunkSize, 0, MOST_FRAMES);
  requireInteger("overlap", overlap, 0);
  if (chunkSize === 0 && blockSize === 0 && overlap > 0) {
    throw new RangeError(`overlap must be 0 for chunks that vary in length, not ${overlap}: set chunkSize`);
  }
  if (overlap > 0 && overlap >= (chunkSize || blockSize)) {
    const size = chunkSize > 0 ? `chunkSize of ${chunkSize}` : `blockSize of ${blockSize}`;
    throw new RangeError(`overlap must be less than the ${size}, not ${overlap}`);
  }
  const hasPlayback = playback !== undefined && playback !== null;
  if (hasPlayback) requireSource(playback);
  requireOneOf("layout", layout, ["interleaved", "planar"]);
  if (requireBoolean("loop", loop) && !hasPlayback) {
    throw new TypeError("loop must not be set without playback: setSource() has the same option");
  }
  if (out !== undefined) requireView("out", out);
  if (bufferSize !== undefined) requireBufferSize(bufferSize);
  const { onOverflow, sampleRate, channels } = given;
  requireOverflow(onOverflow);
  const size = chunkSize || blockSize;
  const sink = { bufferSize, onOverflow, sampleRate, channels };
  return { length, chunkSize: size, overlap, layout, ...sink, out, playback, loop };
}

/** Completes checked options for a stream. */
export function planChunks(checked: CheckedChunkOptions, direction: StreamDirection): ChunkPlan {
  const input = shapeFor("sink", direction, checked);
  const { chunkSize, overlap, layout, out } = checked;
  const { blockSize } = input;
  // A ring has to hold two chunks and two blocks.
  const bufferSize = checked.bufferSize ??
    Math.max(ringFrames(input, undefined), 2 ** Math.ceil(Math.log2(2 * (chunkSize + blockSize) || 1)));
  // While a chunk lacks its last frames (as many as blocks and hops have in common), a whole block must still fit.
  const lacking = blockSize > 0 ? greatestCommonDivisor(blockSize, chunkSize - overlap) : chunkSize;
  const least = chunkSize - lacking + Math.max(blockSize, lacking);
  if (bufferSize < least) {
    throw new RangeError(`bufferSize must be at least ${least} for chunks of ${chunkSize} frames, not ${bufferSize}`);
  }
  if (out) requireOut(out, chunkSize, layout, input);
  return { ...checked, bufferSize, input };
}

function requireOut(out: ArrayBufferView, chunkSize: number, layout: Layout, format: FrameFormat): void {
  const frames = requireSamples("out", out, format).byteLength / format.frameBytes;
  if (frames < Math.max(chunkSize, 1)) {
    throw new RangeError(`out must have room for ${Math.max(chunkSize, 1)} frames, not ${frames}`);
  }
  const { array } = formatOf(format.dtype as Dtype);
  if (layout === "planar" && !(out instanceof array)) {
    throw new TypeError(`out must be ${withArticle(array.name)} for planar chunks of ${format.dtype}`);
  }
}
