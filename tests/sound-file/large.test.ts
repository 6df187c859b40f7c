// Sound files over 2 and 4 GB, which are holes on the disk: positions are of 64 bits all the way down.
// On one runtime: what is tested is below the runtimes
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { describe, it } from "node:test";
import { info, SoundFile } from "../../mod.ts";
import { soundSuite } from "../helpers/sound-suite.ts";

const { path } = soundSuite("large");

const mono = { sampleRate: 48000, channels: 1, subtype: "PCM_16" } as const;
const GB_2 = 2 ** 30, GB_4 = 2 ** 31; // in frames
const mark = (at: number) => Int16Array.from([1, 2, 3, 4], (n) => n * 1000 + at % 97);

interface Kind {
  readonly frames: number;
  /** Where a header says how long the sound is, in bytes, and what it counts besides the sound. */
  readonly sizes: (header: Uint8Array) => [at: number, more: number][];
  readonly wide?: boolean; // of 64 bits
  readonly bigEndian?: boolean;
}
const kinds: Record<string, Kind> = {
  WAV: { frames: 2_000_000_000, sizes: (header) => [[4, header.length - 8], [header.length - 4, 0]] },
  AIFF: {
    frames: 2_000_000_000,
    sizes: (header) => [[4, header.length - 8], [22, -2_000_000_000], [header.length - 12, 8]], // the second: in frames
    bigEndian: true,
  },
  AU: { frames: 2_000_000_000, sizes: () => [[8, 0]], bigEndian: true },
  RAW: { frames: 2_600_000_000, sizes: () => [] },
  RF64: { frames: 2_600_000_000, sizes: (header) => [[20, header.length - 8], [28, 0]], wide: true },
  // Here a size is that of the whole chunk, with the 24 bytes before what is in it.
  W64: { frames: 2_600_000_000, sizes: (header) => [[16, header.length], [header.length - 8, 24]], wide: true },
  CAF: { frames: 2_600_000_000, sizes: (header) => [[header.length - 12, 4]], wide: true, bigEndian: true },
};

/** A number as a header has it. */
function number(value: number, { wide, bigEndian }: Kind): Uint8Array {
  const bytes = new Uint8Array((wide ? BigUint64Array.of(BigInt(value)) : Uint32Array.of(value)).buffer);
  return bigEndian ? bytes.reverse() : bytes;
}

/** A file of silence that takes no room on the disk; returns the number of bytes before its sound. */
function hollow(name: string, format: string): number {
  new SoundFile(path(name), "w", { ...mono, format }).close();
  const { frames, sizes } = kinds[format];
  const descriptor = openSync(path(name), "r+");
  try {
    const header = new Uint8Array(statSync(path(name)).size);
    readSync(descriptor, header, 0, header.length, 0);
    for (const [at, more] of sizes(header)) {
      const bytes = number(2 * frames + more, kinds[format]);
      writeSync(descriptor, bytes, 0, bytes.length, at);
    }
    ftruncateSync(descriptor, header.length + 2 * frames);
    return header.length;
  } finally {
    closeSync(descriptor);
  }
}

describe("sound files over 2 and 4 GB", () => {
  for (const [format, { frames }] of Object.entries(kinds)) {
    it(`${format} is read, changed and truncated at any place`, () => {
      const name = `large.${format}`, raw = format === "RAW" ? { ...mono, format } : {};
      // Around where 32 bits, with and without a sign, come to their end.
      const places = [0, GB_2 - 2, GB_2 + 1000, GB_4 - 2, GB_4 + 1000, frames - 4].filter((at) => at + 4 <= frames);
      const before = hollow(name, format);
      try {
        assert.equal(info(path(name), raw).frames, frames);
        using file = new SoundFile(path(name), "r+", raw);
        for (const at of places) {
          assert.equal(file.seek(at), at);
          file.write(mark(at));
          assert.equal(file.tell(), at + 4);
        }
        for (const at of places) {
          file.seek(Math.max(at - 2, 0));
          const expected = at === 0 ? [...mark(at), 0, 0] : [0, 0, ...mark(at)];
          assert.deepEqual([...file.read(6, { dtype: "int16" })], expected, `at ${at}`);
        }
        assert.equal(file.seek(-4, "end"), frames - 4);
        file.write(mark(1));
        file.write(mark(2)); // behind the end
        assert.equal(file.frames, frames + 4);
        for (const kept of [GB_4 + 1002, GB_2 + 1002].filter((kept) => kept < frames)) {
          file.truncate(kept);
          assert.deepEqual([file.frames, file.tell()], [kept, kept]);
          file.flush();
          assert.equal(statSync(path(name)).size, before + 2 * kept);
        }
        file.close();
        using back = new SoundFile(path(name), "r", raw);
        assert.equal(back.frames, GB_2 + 1002);
        back.seek(-4, "end");
        assert.deepEqual([...back.read(-1, { dtype: "int16" })], [0, 0, ...mark(GB_2 + 1000).subarray(0, 2)]);
      } finally {
        rmSync(path(name));
      }
    });
  }
});
