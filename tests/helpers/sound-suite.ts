// What the tests of SoundFile share: a folder, samples, a file of them, and a look at whether handles are left.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { native } from "../../ffi/load.ts";
import { PastreamError, SoundFile } from "../../mod.ts";
import { newFolder, randomFrom, randomSamples, seedOf } from "./sounds.ts";

export const stereo = { sampleRate: 44100, channels: 2 };

/** Whether an error is a PastreamError of this code. */
export function is(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PastreamError && error.code === code;
}

export interface SoundSuite {
  readonly path: (name: string) => string;
  readonly random: () => number;
  /** 1000 frames of two channels. */
  readonly data: Int16Array<ArrayBuffer>;
  /** Makes a stereo PCM_16 file of `data`; returns its path. */
  readonly written: (name: string) => string;
}

/** Call it once, at the top of a test file; `name` is for the seed that is printed. */
export function soundSuite(name: string): SoundSuite {
  const random = randomFrom(seedOf(name));
  const { path, remove } = newFolder();
  const data = randomSamples("int16", 2 * 1000, random);
  const written = (name: string) => {
    using file = new SoundFile(path(name), "w", stereo);
    file.write(data);
    return path(name);
  };
  let handles = 0;
  before(() => void (handles = native().ps_handle_count()));
  after(() => {
    remove();
    assert.equal(native().ps_handle_count(), handles, "handles are left");
  });
  return { path, random, data, written };
}
