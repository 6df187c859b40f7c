import type { SamplesOf } from "./formats.ts";

/** The planes of `frames` frames: one array per channel, in the given memory or in new memory. */
export function newPlanes(memory: SamplesOf, channels: number): SamplesOf[] {
  const length = memory.length / channels;
  return Array.from({ length: channels }, (_, i) => memory.subarray(i * length, (i + 1) * length) as SamplesOf);
}

/** Copies each channel of interleaved samples into its plane. `width`: array elements of one sample (3 for int24). */
export function fillPlanes(
  planes: readonly { [index: number]: number }[],
  samples: ArrayLike<number>,
  frames: number,
  width: number,
): void {
  const stride = planes.length * width;
  for (const [channel, plane] of planes.entries()) {
    for (let part = 0; part < width; part++) {
      let from = channel * width + part;
      for (let i = part; i < frames * width; i += width, from += stride) plane[i] = samples[from];
    }
  }
}
