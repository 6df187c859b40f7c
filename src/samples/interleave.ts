// Interleaved samples (frame after frame) to planes (channel after channel), and back.
import { countOf } from "../base/count.ts";
import type { SamplesOf } from "./formats.ts";
import { requireView } from "./memory.ts";
import { fillPlanes } from "./planar.ts";
import { requireInteger } from "../base/validate.ts";

const CHANNELS_MAX = 1024; // libsndfile's

type AnyConstructor<A> = new (length: number) => A;

/** The constructor for arrays like this one: the standard one for a subclass (Node's Buffer is a Uint8Array). */
function constructorOf<A extends SamplesOf | Float64Array>(name: string, array: A): AnyConstructor<A> {
  requireView(name, array);
  const kinds = globalThis as unknown as Record<string, AnyConstructor<A>>;
  if (!((array as unknown) instanceof DataView)) return kinds[array[Symbol.toStringTag]];
  throw new TypeError(`${name} must be a typed array, not a DataView`);
}

/**
 * Splits interleaved samples into one new array per channel. Not for packed int24 samples, whose array holds bytes.
 *
 * @param samples interleaved, a whole number of frames; else RangeError
 * @example
 * ```ts
 * const stereo = Float32Array.of(0.1, -0.1, 0.2, -0.2);
 * const [left, right] = deinterleave(stereo, 2); // 0.1, 0.2 and -0.1, -0.2
 * ```
 */
export function deinterleave<A extends SamplesOf | Float64Array>(samples: A, channels: number): A[] {
  const Samples = constructorOf("samples", samples);
  requireInteger("channels", channels, 1, CHANNELS_MAX);
  const frames = samples.length / channels;
  if (!Number.isInteger(frames)) {
    throw new RangeError(
      `samples must be whole frames of ${countOf(channels, "channel")}, not ${countOf(samples.length, "sample")}`,
    );
  }
  const planes = Array.from({ length: channels }, () => new Samples(frames));
  fillPlanes(planes, samples, frames, 1);
  return planes;
}

/** Throws unless planes are typed arrays of one type and of the same length. */
export function requirePlanes(planes: readonly (SamplesOf | Float64Array)[]): void {
  if (!Array.isArray(planes) || planes.length === 0) throw new TypeError("planes must be an array of typed arrays");
  const [first] = planes as readonly (SamplesOf | Float64Array)[];
  const Samples = constructorOf("planes[0]", first);
  planes.forEach((plane, i) => {
    if (constructorOf(`planes[${i}]`, plane) !== Samples) {
      throw new TypeError("planes must be typed arrays of one type");
    }
    if (plane.length !== first.length) {
      throw new RangeError(`planes must be as long as each other, not ${first.length} and ${plane.length} samples`);
    }
  });
}

/** Joins one array per channel into a new interleaved one. All must have the same length; else RangeError. */
export function interleave<A extends SamplesOf | Float64Array>(planes: readonly A[]): A {
  requirePlanes(planes);
  return interleaveFrames(planes, 0, planes[0].length);
}

/** The same for the frames `from` to `to` of planes that have been checked. */
export function interleaveFrames<A extends SamplesOf | Float64Array>(
  planes: readonly A[],
  from: number,
  to: number,
): A {
  const samples = new (constructorOf("planes[0]", planes[0]))((to - from) * planes.length);
  planes.forEach((plane, channel) => {
    for (let frame = from, at = channel; frame < to; frame++, at += planes.length) samples[at] = plane[frame];
  });
  return samples;
}
