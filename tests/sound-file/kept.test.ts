// What a format does not hold is refused before an existing file is touched; what is written is read again.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import process from "node:process";
import {
  availableFormats,
  availableSubtypes,
  checkFormat,
  InputStream,
  readFile,
  SoundFile,
  SoundFileError,
  writeFile,
} from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import { full, newFolder } from "../helpers/sounds.ts";

const folder = newFolder();
after(folder.remove);

describe("a file that exists", () => {
  const impossible: [string, { sampleRate: number; channels: number; subtype?: string }][] = [
    ["OGG", { sampleRate: 200001, channels: 1 }],
    ["OGG", { sampleRate: 44100, channels: 256 }],
    ["CAF", { sampleRate: 48000, channels: 9, subtype: "ALAC_16" }],
    ["SVX", { sampleRate: 96000, channels: 1 }],
    ["MPC2K", { sampleRate: 96000, channels: 1 }],
    ["HTK", { sampleRate: 44100, channels: 1 }],
    ["SDS", { sampleRate: 44100, channels: 1 }],
    ["PAF", { sampleRate: 8000, channels: 3, subtype: "PCM_24" }],
  ];
  for (const [format, options] of impossible) {
    it(`stays as it is: ${format} ${JSON.stringify(options)}`, async () => {
      const path = folder.path("kept.bin"), before = "something of value";
      writeFileSync(path, before);
      const samples = new Int16Array(options.channels * 10);
      await assert.rejects(writeFile(path, samples, { format, ...options }), SoundFileError);
      assert.equal(readFileSync(path, "utf8"), before);
    });
  }

  for (const options of [{ channels: 1, subtype: "FLOAT" }, { channels: 9 }]) {
    it(`is told from one of an unknown format: FLAC ${JSON.stringify(options)}`, async () => {
      const writing = writeFile(folder.path("no.flac"), new Int16Array(9), { sampleRate: 48000, ...options });
      await assert.rejects(writing, /no\.flac: files of this format cannot have this subtype, .*number of channels/);
      assert.equal(existsSync(folder.path("no.flac")), false);
    });
  }

  it("PAF of 24 bits is not offered, for it loses samples", () => assert.equal(checkFormat("PAF", "PCM_24"), false));
});

describe("a file that is being written", { skip: process.platform === "win32" && "its locks keep readers out" }, () => {
  const shape = { sampleRate: 8000, channels: 1 };
  const again = /kept\.wav: the file is open for writing already/;

  it("is not written by another one, and stays as it is", async () => {
    const path = folder.path("kept.wav"), samples = Int16Array.from({ length: 2000 }, (_, i) => i);
    const file = new SoundFile(path, "w", shape);
    file.write(samples.subarray(0, 1000));
    file.flush();
    assert.throws(() => new SoundFile(path, "w", shape), again);
    assert.throws(() => new SoundFile(path, "r+"), again);
    await assert.rejects(writeFile(path, samples, shape), again);
    await using stream = new InputStream({ device: "virtual", ...shape });
    stream.setSink(path);
    await assert.rejects(stream.start({ frames: 10 }), again);
    const args = ["exit", path, "WAV"];
    assert.match((await runTs(new URL("../programs/writing.ts", import.meta.url), { args })).stderr, again);
    assert.equal((await readFile(path)).samples.length, 1000);
    file.write(samples.subarray(1000));
    file.close();
    assert.deepEqual((await readFile(path, { dtype: "int16" })).samples, samples);
    new SoundFile(path, "r+").close();
  });
});

describe("what is written is read again", () => {
  const exact = /^(PCM_|FLOAT|DOUBLE)/;
  const blocks = /ADPCM|GSM|G72|ALAC/; // which are filled up with silence, or not exact
  for (const format of Object.keys(availableFormats())) {
    if (format === "RAW" || format === "SD2") continue;
    it(format, () => {
      const failures: string[] = [];
      for (const subtype of Object.keys(availableSubtypes(format))) {
        for (const channels of [1, 2, 3, ...(full ? [6, 8, 9, 16] : [])]) {
          for (const sampleRate of [8000, 44100, 48000, ...(full ? [1, 11025, 96000, 192000, 200001] : [])]) {
            for (const frames of [0, 1, 10, 41, 1001]) {
              const what = `${subtype}, ${channels} channels, ${sampleRate} Hz, ${frames} frames: `;
              const samples = Int16Array.from(
                { length: frames * channels },
                (_, i) => ((i * 37) % 20000 - 10000) & ~255,
              );
              const file = opened(format, subtype, channels, sampleRate);
              if (!file) continue;
              file.write(samples);
              file.close();
              try {
                using back = new SoundFile(file.bytes());
                assert.equal(back.sampleRate, sampleRate);
                assert.equal(back.channels, channels);
                const read = back.read(-1, { dtype: "int16" });
                const silent = frames === 0 && /MPEG|OPUS/.test(subtype); // they cannot be without a frame
                if (!blocks.test(subtype) && !silent) assert.equal(read.length, samples.length);
                assert.ok(read.length >= samples.length);
                if (exact.test(subtype)) assert.deepEqual(read, samples);
              } catch (error) {
                failures.push(what + String(error).split("\n")[0]);
              }
            }
          }
        }
      }
      assert.deepEqual(failures, []);
    });
  }
});

function opened(format: string, subtype: string, channels: number, sampleRate: number): SoundFile | undefined {
  try {
    return SoundFile.inMemory({ format, subtype, channels, sampleRate });
  } catch (error) {
    assert.ok(error instanceof SoundFileError, String(error));
    return undefined;
  }
}

describe("a tag that a format does not keep", () => {
  it("is an error", () => {
    for (
      const [format, tag, text] of [["AIFF", "copyright", "© 2024 ☃"], ["AIFF", "album", "A"], [
        "WAV",
        "license",
        "MIT",
      ], ["MP3", "license", "MIT"]]
    ) {
      const file = SoundFile.inMemory({ format, sampleRate: 48000, channels: 1 });
      assert.throws(() => (file.metadata[tag] = text), /do not keep this tag/, `${format} ${tag}`);
      file.close();
    }
  });
});
