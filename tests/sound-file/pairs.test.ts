// Every format, subtype and byte order, with 1, 2, 3 and 8 channels: what is written in it is read again with the same
// samples, or the open was an error. Samples are noise at full scale, which is hardest to pack.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { availableFormats, availableSubtypes, checkFormat, SoundFile, SoundFileError } from "../../mod.ts";
import { full, randomFrom, seedOf } from "../helpers/sounds.ts";

const random = randomFrom(seedOf("pairs"));
/** The bits that a subtype keeps. */
const bits: Record<string, number> = {
  PCM_S8: 8,
  PCM_U8: 8,
  PCM_16: 16,
  PCM_24: 24,
  PCM_32: 32,
  FLOAT: 24,
  DOUBLE: 32,
};
Object.assign(bits, { ALAC_16: 16, ALAC_20: 20, ALAC_24: 24, ALAC_32: 32, DWVW_12: 12, DWVW_16: 16, DWVW_24: 24 });
Object.assign(bits, { DPCM_8: 8, DPCM_16: 16 });

type Endian = "file" | "little" | "big";
const endians: Endian[] = ["file", "little", "big"];

/** The file, open for writing; undefined if it is refused. */
function opened(options: { format: string; subtype: string; endian: Endian; channels: number }) {
  for (const sampleRate of [48000, 44100, 8000]) {
    try {
      return SoundFile.inMemory({ ...options, sampleRate });
    } catch (error) {
      if (!(error instanceof SoundFileError)) throw error;
    }
  }
  return undefined;
}

describe("what is written is the same when it is read", () => {
  for (const format of Object.keys(availableFormats())) {
    if (format === "SD2") continue; // it has a second file, and is not in memory
    it(format, () => {
      const failures: string[] = [];
      let written = 0;
      for (const subtype of Object.keys(availableSubtypes(format)).filter((name) => name in bits)) {
        for (const endian of endians.filter((endian) => checkFormat(format, subtype, endian))) {
          for (const channels of [1, 2, 3, 8]) {
            const file = opened({ format, subtype, endian, channels });
            if (!file) continue;
            const frames = full ? 20011 : channels < 3 ? 4099 : 701;
            const mask = -1 << (32 - bits[subtype]);
            const samples = Int32Array.from({ length: frames * channels }, () => (random() - 0.5) * 2 ** 32 & mask);
            file.write(samples);
            file.close();
            const { sampleRate } = file, raw = { format, subtype, endian, channels, sampleRate };
            using back = new SoundFile(file.bytes(), "r", format === "RAW" ? raw : {});
            const read = back.read(-1, { dtype: "int32" });
            const at = read.findIndex((sample, i) => sample !== samples[i]);
            // Without a header nothing says how many samples the last byte has.
            const longer = format === "RAW" && subtype.startsWith("DWVW") && at === samples.length;
            if (!longer && (read.length !== samples.length || at >= 0)) {
              failures.push(`${subtype} ${endian}, ${channels} channels: ${read.length}, sample ${at} differs`);
            }
            written++;
          }
        }
      }
      assert.deepEqual(failures, []);
      assert.ok(written > 0 || /OGG|MP3|WVE|XI/.test(format));
    });
  }
});
