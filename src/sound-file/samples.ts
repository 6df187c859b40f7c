// Memory for the samples that are read from a file, or written to it.
import { countOf } from "../base/count.ts";
import {
  dtypeOfArray,
  type FileDtype,
  fileFormatOf,
  type FileSamples,
  type Format,
  newSamples,
} from "../samples/formats.ts";
import { nextTurn, PIECE_BYTES } from "../base/event-loop.ts";
import { requireView } from "../samples/memory.ts";
import { type OptionNames, orElse, requireInteger, requireNumber, show, withArticle } from "../base/validate.ts";

/** How samples are read. */
export interface ReadOptions<D extends FileDtype> {
  /** Default "float32", or what `out` is. */
  dtype?: D;
  /** If the file ends early, the remaining frames get this sample value. */
  fillValue?: number;
  /** Memory to fill; the filled part of it is returned instead of new memory. */
  out?: ArrayBufferView;
}

/** The names of the options of reading. */
export const readOptionNames: OptionNames<ReadOptions<FileDtype>> = { dtype: true, fillValue: true, out: true };

/** The first piece of memory, and the others, if the length is not known. */
const [FIRST_PART_BYTES, PART_BYTES] = [2 ** 20, 2 ** 26];
/** Memory for a length that a header promises, as far as it is not what has come times `PROMISED_TIMES`. */
const PROMISED_BYTES = 2 ** 23;
const PROMISED_TIMES = 64;

/** The dtype that follows from an array's type. */
function ownDtype(array: ArrayBufferView): FileDtype | undefined {
  return dtypeOfArray(array) ?? (array instanceof Uint8Array ? "uint8" : undefined);
}

function requireWholeFrames(
  name: string,
  view: ArrayBufferView,
  { dtype, sampleSize }: Format,
  channels: number,
): number {
  const frames = view.byteLength / (sampleSize * channels);
  if (Number.isInteger(frames)) return frames;
  throw new RangeError(
    `${name} must be whole frames of ${sampleSize * channels} bytes (${dtype}, ${countOf(channels, "channel")}), not ` +
      `${view.byteLength} bytes long`,
  );
}

/** A value that a sample can have. */
function requireSample(name: string, value: unknown, { dtype, sampleSize }: Format): void {
  const half = 2 ** (8 * sampleSize - 1);
  if (dtype.startsWith("float")) requireNumber(name, value);
  else if (dtype === "uint8") requireInteger(name, value, 0, 2 * half - 1);
  else requireInteger(name, value, -half, half - 1);
}

/** The format that is read, and the memory and value that the caller wants for it. */
export function requireReading<D extends FileDtype>(options: ReadOptions<D>, channels: number): Reading<D> {
  const { out, fillValue } = options;
  if (out !== undefined) requireView("out", out);
  const dtype = orElse(options.dtype, (out && ownDtype(out)) ?? "float32");
  const format = fileFormatOf(dtype);
  if (fillValue !== undefined) requireSample("fillValue", fillValue, format);
  if (out === undefined) return { dtype: dtype as D, format, fillValue, channels };
  if (!(out instanceof format.array)) {
    throw new TypeError(`out must be ${withArticle(format.array.name)} for ${dtype}, not ${show(out)}`);
  }
  const frames = requireWholeFrames("out", out, format, channels);
  return { dtype: dtype as D, format, fillValue, channels, out: out as unknown as FileSamples<D>, outFrames: frames };
}

/** How samples are read, checked. */
export interface Reading<D extends FileDtype> {
  readonly dtype: D;
  readonly format: Format;
  readonly channels: number;
  readonly fillValue?: number;
  readonly out?: FileSamples<D>;
  readonly outFrames?: number;
}

/** A piece of memory for whole frames. */
class Part<D extends FileDtype> {
  readonly samples: FileSamples<D>;
  readonly frames: number;
  /** Frames at its beginning that are left for what the parts before it hold. */
  readonly lead: number;
  /** How many of its frames are taken, the lead included. */
  done: number;

  constructor(samples: FileSamples<D>, frames: number, lead = 0) {
    this.samples = samples;
    this.frames = frames;
    this.lead = this.done = lead;
  }
}

/** Takes in up to `frames` frames that come piece by piece. */
export class Gathering<D extends FileDtype> {
  readonly #reading: Reading<D>;
  readonly #frames: number;
  readonly #parts: Part<D>[] = [];
  readonly #trusted: boolean;
  #done = 0;

  /** Frames that have come. */
  get done(): number {
    return this.#done;
  }

  /** `frames` may be Infinity; `trusted` says that there are as many. */
  constructor(reading: Reading<D>, frames: number, trusted: boolean) {
    this.#reading = reading;
    this.#frames = frames;
    this.#trusted = trusted || reading.out !== undefined || reading.fillValue !== undefined;
  }

  /** Memory for what comes next, with room for at least one frame; undefined when all is there. */
  room(): { bytes: Uint8Array; frames: number } | undefined {
    if (this.#done === this.#frames) return undefined;
    let part = this.#parts[this.#parts.length - 1];
    if (part === undefined || part.done === part.frames) this.#parts.push(part = this.#newPart());
    const { buffer, byteOffset, byteLength } = part.samples;
    const filled = part.done * this.#frameBytes;
    const frames = part.frames - part.done;
    const left = frames * this.#frameBytes;
    if (byteLength < filled + left) throw new TypeError("out must stay as long as it is until it is filled");
    return { bytes: new Uint8Array(buffer, byteOffset + filled, left), frames };
  }

  /** The number of frames that have been put there. */
  advance(frames: number): void {
    this.#parts[this.#parts.length - 1].done += frames;
    this.#done += frames;
  }

  /** All that has come; filled up to the frames that were asked for, if there is a value for it. */
  samples(): FileSamples<D> {
    const steps = this.#join();
    for (let step = steps.next();; step = steps.next()) if (step.done) return step.value;
  }

  /** The same, and the event loop has its turns while pieces are joined. */
  async samplesInTurns(): Promise<FileSamples<D>> {
    const steps = this.#join();
    for (let step = steps.next();; step = steps.next()) {
      if (step.done) return step.value;
      await nextTurn();
    }
  }

  /** Yields before each piece that is copied or filled. */
  *#join(): Generator<void, FileSamples<D>, void> {
    const { out, fillValue, channels, dtype } = this.#reading;
    const last = this.#parts.at(-1);
    if (last === undefined) return out ? this.#cut(out, 0) : newSamples(dtype, 0);
    if (fillValue !== undefined) {
      const piece = Math.ceil(PIECE_BYTES / this.#frameBytes);
      for (let from = this.#done; from < this.#frames; from += piece) {
        yield;
        fill(last.samples, this.#reading, from, Math.min(from + piece, this.#frames));
      }
      return this.#cut(last.samples, this.#frames);
    }
    if (out !== undefined) return this.#cut(out, this.#done);
    // New memory is as long as its samples, also where more was expected.
    const all = this.#done === last.frames ? last.samples : newSamples(dtype, this.#done * channels);
    yield* this.#moveInto(all);
    return all;
  }

  /** Yields before each piece that is copied. */
  *#moveInto(all: FileSamples<D>): Generator<void, void, void> {
    const bytes = new Uint8Array(all.buffer);
    let at = 0;
    for (const { samples, lead, done } of this.#parts.splice(0)) {
      const skipped = lead * this.#frameBytes;
      const part = new Uint8Array(samples.buffer, samples.byteOffset + skipped, done * this.#frameBytes - skipped);
      for (let from = 0; samples !== all && from < part.length; from += PIECE_BYTES) {
        yield;
        bytes.set(part.subarray(from, from + PIECE_BYTES), at + from);
      }
      at += part.length;
    }
  }

  get #frameBytes(): number {
    return this.#reading.format.sampleSize * this.#reading.channels;
  }

  #newPart(): Part<D> {
    const { out, dtype, channels } = this.#reading;
    if (out !== undefined) return new Part(out, this.#frames);
    const framesIn = (bytes: number) => Math.ceil(bytes / this.#frameBytes);
    if (this.#frames === Infinity) {
      const frames = framesIn(this.#parts.length === 0 ? FIRST_PART_BYTES : PART_BYTES);
      return new Part(newSamples(dtype, frames * channels), frames);
    }
    // One piece, so that nothing is left to be moved at the end, as far as the header has kept its word.
    const most = this.#trusted ? Infinity : Math.max(PROMISED_TIMES * this.#done, framesIn(PROMISED_BYTES));
    const frames = Math.min(this.#frames, most);
    return new Part(newSamples(dtype, frames * channels), frames, this.#done);
  }

  /** The first `frames` frames of an array. */
  #cut(samples: FileSamples<D>, frames: number): FileSamples<D> {
    return samples.subarray(0, frames * this.#frameBytes / samples.BYTES_PER_ELEMENT) as FileSamples<D>;
  }
}

/** Sets the frames from `from` to `to` to a sample value. */
export function fill<D extends FileDtype>(
  samples: FileSamples<D>,
  reading: Reading<D>,
  from: number,
  to: number,
): void {
  const { format, channels, fillValue = 0 } = reading;
  if (format.dtype !== "int24") {
    samples.fill(fillValue, from * channels, to * channels);
    return;
  }
  const bytes = samples as Uint8Array;
  for (let at = from * channels * 3; at < to * channels * 3; at++) bytes[at] = fillValue >> (8 * (at % 3));
}

/** Samples to be written, checked. */
export function requireSamples(
  data: ArrayBufferView,
  dtype: FileDtype | undefined,
  channels: number,
): { bytes: Uint8Array; frames: number; format: Format } {
  requireView("data", data);
  const wanted = orElse(dtype, ownDtype(data));
  if (wanted === undefined) throw new TypeError(`dtype must be given for ${show(data)}: it does not say what it holds`);
  const format = fileFormatOf(wanted);
  if (!(data instanceof format.array) && !(data instanceof DataView) && !(data instanceof Uint8Array)) {
    throw new TypeError(`data must be ${withArticle(format.array.name)} for ${wanted}, or bytes, not ${show(data)}`);
  }
  const frames = requireWholeFrames("data", data, format, channels);
  return { bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), frames, format };
}

/** Where reading is to end: the frames asked for (undefined or negative: all), or those that `out` has room for. */
export function requireFrames(frames: number | undefined, outFrames: number | undefined): number {
  if (frames !== undefined) requireInteger("frames", frames, -1);
  const asked = frames === undefined || frames < 0 ? Infinity : frames;
  return Math.min(asked, outFrames ?? Infinity);
}
