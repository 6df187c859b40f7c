// Interleaved samples (frame after frame) to planes (channel after channel), and back.
import type { SamplesOf } from "./formats.ts";
import { requireView } from "./memory.ts";
import { fillPlanes } from "./planar.ts";
import { requireInteger } from "./validate.ts";

type AnyConstructor<A> = new (length: number) => A;

/**
 * Takes interleaved samples apart: one new array per channel. Packed int24 samples have no typed array of their own, and
 * would be torn.
 *
 * @param samples interleaved, a whole number of frames; else RangeError
 * @example
 * ```ts
 * const [left, right] = deinterleave(stereo, 2);
 * ```
 */
export function deinterleave<A extends SamplesOf | Float64Array<ArrayBuffer>>(samples: A, channels: number): A[] {
  requireView("samples", samples);
  requireInteger("channels", channels, 1);
  const frames = samples.length / channels;
  if (!Number.isInteger(frames)) {
    throw new RangeError(`samples must be whole frames of ${channels} channels, not ${samples.length} samples`);
  }
  const planes = Array.from({ length: channels }, () => new (samples.constructor as AnyConstructor<A>)(frames));
  fillPlanes(planes, samples, frames, 1);
  return planes;
}

/** Puts one array per channel together: a new array of interleaved samples. All must be as long; else RangeError. */
export function interleave<A extends SamplesOf | Float64Array<ArrayBuffer>>(planes: readonly A[]): A {
  if (!Array.isArray(planes) || planes.length === 0) throw new TypeError("planes must be an array of typed arrays");
  const [first] = planes as A[];
  planes.forEach((plane, i) => {
    requireView(`planes[${i}]`, plane);
    if (plane.constructor !== first.constructor) throw new TypeError("planes must be typed arrays of one type");
    if (plane.length !== first.length) {
      throw new RangeError(`planes must be as long as each other, not ${first.length} and ${plane.length} samples`);
    }
  });
  const samples = new (first.constructor as AnyConstructor<A>)(first.length * planes.length);
  planes.forEach((plane, channel) => {
    for (let frame = 0, at = channel; frame < plane.length; frame++, at += planes.length) samples[at] = plane[frame];
  });
  return samples;
}
