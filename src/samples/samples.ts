import { countOf } from "../base/count.ts";
import { type Dtype, formatOf, type SamplesOf } from "./formats.ts";
import { requireBytes } from "./memory.ts";
import { show, withArticle } from "../base/validate.ts";

/** Samples of a stream's dtype, or their bytes, in memory that may be shared. */
export type Samples<D extends Dtype = Dtype> = SamplesOf<D, ArrayBufferLike> | Uint8Array | DataView | ArrayBufferLike;

/** The format of the frames of one direction of a stream. */
export interface FrameFormat {
  readonly dtype: Dtype;
  readonly channels: number;
  readonly frameBytes: number;
}

/** Whether a value is memory: a typed array, DataView, ArrayBuffer or SharedArrayBuffer. */
export function isMemory(value: unknown): value is ArrayBufferView | ArrayBufferLike {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/** Samples of one channel in each array, all of equal length. */
export type Planar<D extends Dtype = Dtype> = readonly SamplesOf<D, ArrayBufferLike>[];

/**
 * Whether a value is planes of a dtype. For uint8 and int24, whose arrays may as well be bytes, none is: an array of
 * them is pieces.
 */
export function isPlanar(value: unknown, dtype: Dtype): value is Planar {
  if (!Array.isArray(value) || value.length === 0 || dtype === "uint8" || dtype === "int24") return false;
  const { array } = formatOf(dtype);
  return value.every((plane) => plane instanceof array);
}

/** The bytes of a piece of samples (of the stream's own dtype, or bytes), which may end within a frame. */
export function requirePiece(name: string, value: unknown, { dtype }: FrameFormat): Uint8Array {
  const bytes = requireBytes(name, value);
  const { array } = formatOf(dtype);
  const isBytes = !ArrayBuffer.isView(value) || value instanceof DataView || value instanceof Uint8Array;
  if (!isBytes && !(value instanceof array)) {
    const hint = value instanceof Float64Array && dtype === "float32" ? ": Float32Array.from(samples) makes one" : "";
    throw new TypeError(
      `${name} must be ${withArticle(array.name)} for a stream of ${dtype}, or bytes, not ${show(value)}${hint}`,
    );
  }
  return bytes;
}

/** The bytes of samples (of the stream's own dtype, or bytes), which must be whole frames. Nothing is converted. */
export function requireSamples(name: string, value: unknown, format: FrameFormat): Uint8Array {
  const { dtype, channels, frameBytes } = format;
  const bytes = requirePiece(name, value, format);
  if (bytes.byteLength % frameBytes !== 0) {
    throw new RangeError(
      `${name} must be whole frames of ${frameBytes} bytes (${countOf(channels, "channel")} of ${dtype}), not ` +
        `${bytes.byteLength} bytes long`,
    );
  }
  return bytes;
}

/** The bytes of samples that have been checked before. Throws if they no longer have `length` bytes. */
export function requireUnchanged(name: string, value: unknown, format: FrameFormat, length: number): Uint8Array {
  const bytes = requireSamples(name, value, format);
  if (bytes.byteLength === length) return bytes;
  throw new TypeError(`${name} must still have its ${length} bytes, not ${bytes.byteLength}`);
}
