// Reading a sound file in blocks, which may overlap.
import type { FileDtype, FileSamples } from "../samples/formats.ts";
import { newSamples } from "../samples/formats.ts";
import { fill, type Reading, readOptionNames, type ReadOptions, requireReading } from "./samples.ts";
import { type OptionNames, orElse, requireInteger, requireOptions } from "../base/validate.ts";

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
export interface ReadableFile {
  readonly channels: number;
  frames(): number;
  tell(): number;
  /** Puts up to `frames` frames into `bytes`, by one native call; returns how many there were. */
  readInto(bytes: Uint8Array, frames: number, formatCode: number): number;
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
  const size = requireInteger("blockSize", orElse(blockSize, reading.outFrames), 1, most);
  requireInteger("overlap", overlap, 0, size - 1);
  if (frames !== undefined) requireInteger("frames", frames, -1);
  const asked = frames === undefined || frames < 0 ? Infinity : frames;
  return blocks(file, reading, size, overlap, asked);
}

/** Memory for a block, with room for `size` frames, and the part of it that is read next. */
class Block<D extends FileDtype> {
  readonly samples: FileSamples<D>;
  readonly #bytesPerFrame: number;
  #room: Uint8Array | undefined;

  constructor(samples: FileSamples<D>, frames: number) {
    this.samples = samples;
    this.#bytesPerFrame = samples.byteLength / frames;
  }

  /** The memory from frame `from` on. The same view each time, as long as nobody takes the memory away. */
  room(from: number): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.samples;
    const begin = from * this.#bytesPerFrame;
    if (byteLength === 0) throw new TypeError("out must stay as long as it is while blocks are read into it");
    if (this.#room?.byteOffset !== byteOffset + begin) {
      this.#room = new Uint8Array(buffer, byteOffset + begin, byteLength - begin);
    }
    return this.#room;
  }

  /** The first `frames` frames: all of them are the samples themselves. */
  first(frames: number): FileSamples<D> {
    const length = frames * this.#bytesPerFrame / this.samples.BYTES_PER_ELEMENT;
    return length === this.samples.length ? this.samples : this.samples.subarray(0, length) as FileSamples<D>;
  }
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
  const toFill = reading.fillValue !== undefined && asked < Infinity;
  const there = file.frames() < 0 ? Infinity : file.frames() - file.tell();
  const own = out && new Block(out.subarray(0, size * perFrame) as FileSamples<D>, size);
  let left = toFill ? asked : Math.min(asked, there);
  let kept: FileSamples<D> | undefined;
  while (left > 0) {
    const block = own ?? new Block(newSamples(dtype, size * channels), size);
    const begin = kept ? overlap : 0;
    if (kept) block.samples.set(kept as ArrayLike<number>);
    const wanted = Math.min(size - begin, left);
    const got = file.readInto(block.room(begin), wanted, format.code);
    if (got === 0 && !toFill) return;
    left -= toFill ? wanted : got; // after a short block the next read says why it ended
    if (reading.fillValue !== undefined) fill(block.samples, reading, begin + got, size);
    if (overlap > 0) kept = block.samples.slice((size - overlap) * perFrame) as FileSamples<D>;
    yield reading.fillValue === undefined ? block.first(begin + got) : block.samples;
  }
}
