// What tests of streams have in common: the virtual device, random samples, and comparing.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Dtype, SamplesOf, Stream, StreamOptions } from "../../mod.ts";
import { formatOf, newSamples } from "../../src/samples/formats.ts";

export type Clock = "realtime" | "freewheel";
export const clocks: readonly Clock[] = ["realtime", "freewheel"];

/** More rounds in the full test. */
export const full = process.env.PASTREAM_TEST_FULL === "1";

/** Options for the virtual device. */
export function virtual<Options extends StreamOptions>(
  clock: Clock,
  options?: Options,
  settings?: Partial<Extract<StreamOptions["hostSettings"], { hostApi: "virtual" }>>,
): Options {
  return { device: "virtual", hostSettings: { hostApi: "virtual", clock, ...settings }, ...options } as Options;
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Random samples of all bit patterns; of floats all that are finite, for a NaN need not keep its bits. */
export function noise<D extends Dtype>(dtype: D, samples: number, seed = 1): SamplesOf<D> {
  const memory = newSamples(dtype, samples) as SamplesOf<D>;
  const next = random(seed);
  const bytes = new Uint8Array(memory.buffer);
  if (memory instanceof Float32Array) { for (let i = 0; i < samples; i++) memory[i] = 4 * next() - 2; }
  else for (let i = 0; i < bytes.length; i++) bytes[i] = 256 * next();
  return memory;
}

/** The same number of elements, filled with silence. */
export function silence<D extends Dtype>(dtype: D, samples: number): SamplesOf<D> {
  return newSamples(dtype, samples).fill(formatOf(dtype).silence) as SamplesOf<D>;
}

/** Arrays one after the other. */
export function join<A extends SamplesOf>(...parts: readonly A[]): A {
  const bytes = Buffer.concat(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
  const memory = new Uint8Array(bytes).buffer;
  return new (parts[0].constructor as new (memory: ArrayBuffer) => A)(memory);
}

/** That two arrays are equal byte for byte; says where they first differ. */
export function equalSamples(actual: ArrayBufferView, expected: ArrayBufferView, what = "samples"): void {
  assert.equal(actual.constructor.name, expected.constructor.name, `${what}: type`);
  const [a, b] = [actual, expected].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
  );
  if (a.equals(b)) return;
  const at = a.findIndex((byte, i) => byte !== b[i]);
  assert.fail(`${what}: ${a.length} bytes and ${b.length} differ from byte ${at < 0 ? a.length : at} on`);
}

/** Waits until something is so, for as long as a busy machine may take; fails if it never is. */
export async function eventually(condition: () => boolean, what = String(condition)): Promise<void> {
  for (const end = performance.now() + 60_000; !condition();) {
    assert.ok(performance.now() < end, `after a minute not: ${what}`);
    await pause(1);
  }
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The states that a stream is in. */
export const flags = (stream: Stream): string =>
  (["active", "finished", "stopped", "aborted", "closed"] as const).filter((name) => stream[name]).join(" ");
