// Reading a sound file in blocks, which may overlap.
import type { FileDtype, FileSamples } from "../samples/formats.ts";
import { newSamples } from "../samples/formats.ts";
import { fill, type Reading, readOptionNames, type ReadOptions, requireReading } from "./samples.ts";
import { type OptionNames, requireInteger, requireOptions } from "../base/validate.ts";

/** How blocks are read. */
export interface BlockOptions<D extends FileDtype> extends ReadOptions<D> {
  /** Frames of a block; default: as many as `out` holds. */
  blockSize?: number;
  /** Frames that each block repeats of the one before. */
  overlap?: number;
  /** How many frames to read in all; default: to the end of the file. */
  frames?: number;
}

const blockOptionNames: OptionNames<BlockOptions<FileDtype>> = {
  ...readOptionNames,
  blockSize: true,
  overlap: true,
  frames: true,
};

const BLOCK_MAX = 2 ** 31 - 1;

/** What is needed of a SoundFile. */
interface ReadableFile {
  readonly channels: number;
  readonly frames: number;
  tell(): number;
  read<D extends FileDtype>(frames: number, options: ReadOptions<D>): FileSamples<D>;
}

/** Checks the options, then reads block after block. */
export function blocksOf<D extends FileDtype>(
  file: ReadableFile,
  options: BlockOptions<D> | undefined,
): Generator<FileSamples<D>, void, void> {
  const { blockSize, overlap = 0, frames, ...rest } = requireOptions("options", options, blockOptionNames);
  const reading = requireReading(rest, file.channels);
  if (blockSize === undefined && reading.out === undefined) throw new TypeError("blockSize must be given, or out");
  if (reading.outFrames === 0) throw new RangeError("out must have room for a frame, not 0 bytes");
  const most = reading.outFrames ?? BLOCK_MAX;
  const size = requireInteger("blockSize", blockSize ?? reading.outFrames, 1, most);
  requireInteger("overlap", overlap, 0, size - 1);
  if (frames !== undefined) requireInteger("frames", frames, -1);
  const asked = frames === undefined || frames < 0 ? Infinity : frames;
  return blocks(file, reading, size, overlap, asked);
}

function* blocks<D extends FileDtype>(
  file: ReadableFile,
  reading: Reading<D>,
  size: number,
  overlap: number,
  asked: number,
): Generator<FileSamples<D>, void, void> {
  const { dtype, format, channels, out } = reading;
  const perFrame = channels * (format.sampleSize / format.array.BYTES_PER_ELEMENT);
  const cut = (samples: FileSamples<D>, from: number, to: number) =>
    samples.subarray(from * perFrame, to * perFrame) as FileSamples<D>;
  const toFill = reading.fillValue !== undefined && asked < Infinity;
  const there = file.frames < 0 ? Infinity : file.frames - file.tell();
  let left = toFill ? asked : Math.min(asked, there);
  let kept: FileSamples<D> | undefined;
  while (left > 0) {
    const block = out ? cut(out, 0, size) : newSamples(dtype, size * channels);
    const begin = kept ? overlap : 0;
    if (kept) block.set(kept as ArrayLike<number>);
    const wanted = Math.min(size - begin, left);
    const got = file.read(wanted, { dtype, out: cut(block, begin, begin + wanted) }).length / perFrame;
    if (got === 0 && !toFill) return;
    left -= toFill ? wanted : got; // after a short block the next read says why it ended
    if (reading.fillValue !== undefined) fill(block, reading, begin + got, size);
    if (overlap > 0) kept = block.slice((size - overlap) * perFrame) as FileSamples<D>;
    yield reading.fillValue === undefined ? cut(block, 0, begin + got) : block;
  }
}
