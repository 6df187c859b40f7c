import {
  PS_FORMAT_FLOAT32,
  PS_FORMAT_FLOAT64,
  PS_FORMAT_INT16,
  PS_FORMAT_INT24,
  PS_FORMAT_INT32,
  PS_FORMAT_INT8,
  PS_FORMAT_UINT8,
} from "../../ffi/constants.ts";
import { requireOneOf } from "../base/validate.ts";

/** Sample formats of an audio device stream. `int24` is packed, 3 bytes little-endian, held in a Uint8Array. */
export type Dtype = "float32" | "int32" | "int24" | "int16" | "int8" | "uint8";

/** Sample formats of a sound file's reads and writes. */
export type FileDtype = Dtype | "float64";

/** The typed array that holds interleaved samples of a dtype. */
export type SamplesOf<D extends Dtype = Dtype, Memory extends ArrayBufferLike = ArrayBuffer> = D extends "float32"
  ? Float32Array<Memory>
  : D extends "int32" ? Int32Array<Memory>
  : D extends "int16" ? Int16Array<Memory>
  : D extends "int8" ? Int8Array<Memory>
  : Uint8Array<Memory>; // int24, uint8

/** The typed array that holds interleaved samples of a file dtype. */
export type FileSamples<D extends FileDtype> = D extends Dtype ? SamplesOf<D> : Float64Array<ArrayBuffer>;

/** A sample format. */
export interface Format {
  readonly dtype: FileDtype;
  /** PS_FORMAT_ */
  readonly code: number;
  readonly sampleSize: number;
  readonly array: SampleArray;
  /** The sample value of silence. */
  readonly silence: number;
}

/** The constructor of a typed array that holds samples. */
export type SampleArray =
  | Float32ArrayConstructor
  | Float64ArrayConstructor
  | Int32ArrayConstructor
  | Int16ArrayConstructor
  | Int8ArrayConstructor
  | Uint8ArrayConstructor;

function format(dtype: FileDtype, code: number, sampleSize: number, array: SampleArray, silence = 0): Format {
  return { dtype, code, sampleSize, array, silence };
}

const formats: Readonly<Record<FileDtype, Format>> = {
  float32: format("float32", PS_FORMAT_FLOAT32, 4, Float32Array),
  int32: format("int32", PS_FORMAT_INT32, 4, Int32Array),
  int24: format("int24", PS_FORMAT_INT24, 3, Uint8Array),
  int16: format("int16", PS_FORMAT_INT16, 2, Int16Array),
  int8: format("int8", PS_FORMAT_INT8, 1, Int8Array),
  uint8: format("uint8", PS_FORMAT_UINT8, 1, Uint8Array, 128),
  float64: format("float64", PS_FORMAT_FLOAT64, 8, Float64Array),
};

const fileDtypes = Object.keys(formats) as FileDtype[];
const dtypes = fileDtypes.filter((dtype) => dtype !== "float64") as Dtype[];

/** The format of a stream's dtype. `name` is the option, for error messages. */
export function formatOf(dtype: unknown, name: string = "dtype"): Format {
  return formats[requireOneOf(name, dtype, dtypes)];
}

/** The format of a file's dtype. */
export function fileFormatOf(dtype: unknown, name: string = "dtype"): Format {
  return formats[requireOneOf(name, dtype, fileDtypes)];
}

/** New memory for samples, filled with zeros. */
export function newSamples<D extends FileDtype>(dtype: D, samples: number): FileSamples<D> {
  const { array, sampleSize } = formats[dtype];
  const memory = new ArrayBuffer(samples * sampleSize);
  return new (array as Uint8ArrayConstructor)(memory) as unknown as FileSamples<D>;
}

/** The dtype of a typed array's type; undefined for bytes and for types that no dtype has. */
export function dtypeOfArray(array: ArrayBufferView): FileDtype | undefined {
  return fileDtypes.find((dtype) => dtype !== "int24" && dtype !== "uint8" && array instanceof formats[dtype].array);
}
