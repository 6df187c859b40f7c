// What the tests of sound files share.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { FileDtype, FileSamples } from "../../mod.ts";
import { newSamples } from "../../src/samples/formats.ts";

/** Whether the long versions are asked for. */
export const full: boolean = process.env.PASTREAM_TEST_FULL === "1";

/** A new folder; `remove` takes it away with what is in it. */
export function newFolder(): { path: (name: string) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "pastream-"));
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** PASTREAM_TEST_SEED, or one of this moment; printed. */
export function seedOf(name: string): number {
  const seed = Number(process.env.PASTREAM_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`# ${name}: PASTREAM_TEST_SEED=${seed}`);
  return seed;
}

/** Random samples, all over the scale of their dtype. */
export function randomSamples<D extends FileDtype>(dtype: D, count: number, random: () => number): FileSamples<D> {
  const samples = newSamples(dtype, count);
  if (dtype.startsWith("float")) { for (let i = 0; i < count; i++) samples[i] = random() * 2 - 1; }
  else {
    const bytes = new Uint8Array(samples.buffer);
    for (let i = 0; i < bytes.length; i++) bytes[i] = random() * 256;
  }
  return samples;
}
