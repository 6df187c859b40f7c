// Seeks are exact to the frame in every seekable format: what is read there is what a read from the start gives.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { availableFormats, availableSubtypes, readFile, SoundFile, SoundFileError } from "../../mod.ts";
import { full, randomFrom, seedOf } from "../helpers/sounds.ts";

const random = randomFrom(seedOf("seek"));
const FRAMES = 60007;
const noise = Float32Array.from({ length: 2 * FRAMES }, () => random() - 0.5);

/** A file of noise, of one channel or two; undefined where the format does not hold it. */
function made(format: string, subtype: string, sampleRate: number): Uint8Array | undefined {
  for (const channels of [1, 2]) {
    try {
      const file = SoundFile.inMemory({ format, subtype, sampleRate, channels });
      file.write(noise.subarray(0, FRAMES * channels));
      file.close();
      return file.bytes();
    } catch (error) {
      if (!(error instanceof SoundFileError)) throw error;
    }
  }
  return undefined;
}

function check(bytes: Uint8Array, seeks: number): void {
  using file = new SoundFile(bytes);
  if (!file.seekable) return void assert.throws(() => (file.read(10), file.seek(0)), /seek/);
  const all = file.read(), { frames, channels } = file;
  assert.equal(all.length, frames * channels);
  for (let i = 0; i < seeks; i++) {
    // Near the end is where counts of blocks and pages go wrong.
    const at = i < 6 ? frames - 20 * i : Math.floor(random() * frames);
    assert.equal(file.seek(at), at);
    const read = file.read(500);
    assert.equal(read.length, Math.min(500, frames - at) * channels, `at ${at}`);
    for (let k = 0; k < read.length; k++) {
      assert.ok(Math.abs(read[k] - all[at * channels + k]) < 1e-3, `frame ${at}, sample ${k} after it`);
    }
    if (i % 3 === 0) file.read(Math.floor(random() * 3000)); // from anywhere
  }
}

describe("seeks are exact", () => {
  for (const format of Object.keys(availableFormats())) {
    if (format === "RAW" || format === "SD2") continue; // without a header, with a second file
    it(format, () => {
      for (const subtype of Object.keys(availableSubtypes(format))) {
        const bytes = [48000, 44100, 8000].map((rate) => made(format, subtype, rate)).find((made) => made);
        if (bytes) check(bytes, full ? 100 : 15);
      }
    });
  }

  it("in Vorbis of many pages, near the last one", () => {
    for (const frames of full ? [150000, 150001, 151111, 90001, 500000] : [150000, 90001]) {
      const file = SoundFile.inMemory({ format: "OGG", sampleRate: 48000, channels: 1 });
      for (let done = 0; done < frames; done += noise.length) file.write(noise.subarray(0, frames - done));
      file.close();
      check(file.bytes(), full ? 200 : 30);
    }
  });

  it("in readFile, too", async () => {
    const bytes = made("OGG", "VORBIS", 44100)!;
    const all = (await readFile(bytes)).samples;
    const part = (await readFile(bytes, { start: 31624, frames: 600 })).samples;
    part.forEach((sample, i) => assert.ok(Math.abs(sample - all[31624 + i]) < 1e-3, `sample ${i}`));
  });
});
