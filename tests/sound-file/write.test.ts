// Writing samples, on disk and in memory.
import assert from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import {
  availableFormats,
  availableSubtypes,
  checkFormat,
  type FileDtype,
  info,
  SoundFile,
  SoundFileError,
} from "../../mod.ts";
import { soundSuite, stereo } from "../helpers/sound-suite.ts";
import { randomSamples } from "../helpers/sounds.ts";

const { path, random, data, written } = soundSuite("writing");

const FRAMES = 4800; // whole blocks of SDS, of which libsndfile loses a part at the end

/**
 * What becomes of samples in a file of one channel; undefined where libsndfile lists the pair but does not write it.
 */
function through(format: string, subtype: string, samples: ArrayBufferView): Int16Array | undefined {
  for (const sampleRate of [48000, 44100, 8000]) {
    const options = { format, subtype, channels: 1, sampleRate };
    try {
      const file = new SoundFile(path("through"), "w", options);
      try {
        file.write(samples);
      } finally {
        file.close();
      }
      using back = new SoundFile(path("through"), "r", format === "RAW" ? options : {});
      return back.read(FRAMES, { dtype: "int16" });
    } catch (error) {
      if (!(error instanceof SoundFileError)) throw error; // not at this rate, or not at all: other tests say which
    }
  }
}

describe("writing", () => {
  it("takes every dtype, packed ones by name", () => {
    const subtypes: Record<FileDtype, string> = {
      float32: "FLOAT",
      float64: "DOUBLE",
      int32: "PCM_32",
      int24: "PCM_24",
      int16: "PCM_16",
      int8: "PCM_S8",
      uint8: "PCM_U8",
    };
    for (const [dtype, subtype] of Object.entries(subtypes) as [FileDtype, string][]) {
      const samples = randomSamples(dtype, 300, random);
      using file = new SoundFile(path("types.raw"), "w+", { ...stereo, subtype, channels: 3 });
      file.write(samples, dtype === "int24" ? dtype : undefined);
      file.write(new DataView(samples.buffer), dtype);
      file.write(new Uint8Array(samples.buffer), dtype);
      assert.equal(file.frames, 300, dtype);
      file.seek(0);
      for (let i = 0; i < 3; i++) assert.deepEqual(file.read(100, { dtype }), samples, dtype);
    }
  });

  it("refuses what is not whole frames, and what it cannot know", () => {
    using file = new SoundFile(path("bad.wav"), "w", stereo);
    assert.throws(
      () => file.write(new Int16Array(3)),
      /data must be whole frames of 4 bytes \(int16, 2 channels\), not 6/,
    );
    assert.throws(() => file.write(new DataView(new ArrayBuffer(8))), /dtype must be given/);
    assert.throws(() => file.write(new BigInt64Array(2)), TypeError);
    assert.throws(() => file.write(new Int32Array(2), "int16"), TypeError);
    assert.throws(() => file.write([1, 2] as unknown as Int16Array), TypeError);
    assert.throws(() => file.read(), /not open for reading/);
    file.write(new Int16Array(0));
    assert.equal(file.frames, 0);
  });

  it("clips floating point", () => {
    using file = SoundFile.inMemory({ format: "WAV", sampleRate: 8000, channels: 1 });
    file.write(new Float32Array([1.5, -1.5, 1, -1, 0.25]));
    using back = new SoundFile(file.bytes());
    assert.deepEqual([...back.read(-1, { dtype: "int16" })], [32767, -32768, 32767, -32768, 8192]);
  });

  it("clips in every format, and takes what is no number for silence", () => {
    // libsndfile alone would end the process (mu-law, A-law, MP3), wrap around (SDS, PAF, DWVW, ADPCM), or fail (FLAC).
    const values = [NaN, Infinity, -Infinity, 1e30, -1e30, 1e10, -1e10, 1.5, -1.5, 1, -1];
    const places = Array.from({ length: 22 }, (_, n) => 7 + 200 * n);
    const clipped = (value: number) => Math.min(Math.max(Math.round(value * 32768), -32768), 32767) || 0;
    const tone = Float32Array.from({ length: FRAMES }, (_, i) => 1.5 * Math.sin(i / 25));
    const failures: string[] = [];
    for (const format of Object.keys(availableFormats())) {
      for (const subtype of Object.keys(availableSubtypes(format))) {
        for (const Samples of [Float32Array, Float64Array]) {
          const samples = new Samples(FRAMES);
          places.forEach((place, n) => samples[place] = values[n % values.length]);
          const read = through(format, subtype, samples);
          if (read === undefined || !/^PCM|LAW|ALAC|DWVW|FLOAT|DOUBLE/.test(subtype)) continue;
          places.forEach((place, n) => {
            const wanted = clipped(values[n % values.length]);
            if (Math.abs(read[place] - wanted) <= 700) return;
            failures.push(`${format}/${subtype} ${Samples.name}: ${values[n % values.length]} became ${read[place]}`);
          });
        }
        // Codecs that lose something clip, too; but some go beyond full scale, and those for speech are bad at it.
        if (/VORBIS|OPUS|MPEG|G72|GSM/.test(subtype)) continue;
        const [ours, wanted] = [tone, Int16Array.from(tone, clipped)].map((data) => through(format, subtype, data));
        if (ours === undefined || wanted === undefined) continue;
        const difference = Math.sqrt(ours.reduce((sum, sample, i) => sum + (sample - wanted[i]) ** 2, 0) / FRAMES);
        if (!(difference < 2000)) failures.push(`${format}/${subtype}: a tone differs by ${difference}`);
      }
    }
    assert.deepEqual(failures, []);
  });

  it("keeps what is no number in files of floating point", () => {
    for (const subtype of ["FLOAT", "DOUBLE"]) {
      const samples = Float32Array.of(NaN, Infinity, -Infinity, 2, -2, 1e30);
      using file = new SoundFile(path("no numbers.wav"), "w+", { ...stereo, channels: 1, subtype });
      file.write(samples);
      file.seek(0);
      assert.deepEqual(file.read(), samples);
      file.seek(0);
      assert.deepEqual([...file.read(-1, { dtype: "int16" })], [0, 32767, -32768, 32767, -32768, 32767]);
    }
  });

  it("goes beyond the end, and makes what is between silent", () => {
    for (const [subtype, silence] of [["PCM_16", 0], ["PCM_U8", 0], ["FLOAT", 0], ["ULAW", 0]] as const) {
      using file = new SoundFile(path("gap.wav"), "w+", { ...stereo, subtype });
      assert.equal(file.seek(30000), 30000);
      assert.deepEqual([file.tell(), file.frames], [30000, 0]);
      assert.equal(file.read(10).length, 0);
      assert.equal(file.tell(), 30000);
      file.write(Int16Array.of(-32768, -32768));
      assert.deepEqual([file.tell(), file.frames], [30001, 30001]);
      assert.equal(file.seek(5, "end"), 30006);
      assert.throws(() => file.truncate(), RangeError);
      file.seek(0);
      const samples = file.read(-1, { dtype: "int16" });
      assert.ok(samples.subarray(0, -2).every((sample) => sample === silence), subtype);
      assert.ok(samples[60000] < -32000 && samples[60001] < -32000);
      file.seek(40000);
      file.close();
      assert.equal(info(path("gap.wav")).frames, 30001, "going there is not writing");
    }
    using xi = new SoundFile(path("gap.xi"), "w", { format: "XI", channels: 1, sampleRate: 44100 });
    assert.equal(xi.seekable, false);
    assert.throws(() => xi.seek(2), /seek/);
    xi.write(data);
    assert.equal(xi.frames, 2000);
  });

  it("reads and writes one file at one position", () => {
    for (const [mode, frames] of [["r+", 1000], ["w+", 0]] as const) {
      using file = new SoundFile(written("both.wav"), mode, mode === "r+" ? {} : stereo);
      assert.equal(file.frames, frames);
      assert.equal(file.tell(), 0);
      if (mode === "w+") file.write(data);
      file.seek(10);
      file.write(data.slice(0, 20));
      assert.equal(file.tell(), 20);
      assert.deepEqual(file.read(5, { dtype: "int16" }), data.slice(40, 50));
      file.seek(10);
      assert.deepEqual(file.read(10, { dtype: "int16" }), data.slice(0, 20));
      file.seek(0, "end");
      file.write(data.slice(0, 10));
      assert.equal(file.frames, 1005);
      file.truncate(500);
      assert.equal(file.frames, 500);
      assert.equal(file.tell(), 500);
      file.seek(100);
      file.truncate();
      assert.throws(() => file.truncate(101), RangeError);
      file.close();
      assert.equal(info(path("both.wav")).frames, 100);
    }
  });

  it("opens an empty file with r+", () => {
    writeFileSync(path("void.wav"), "");
    using file = new SoundFile(path("void.wav"), "r+", stereo);
    file.write(data);
    file.close();
    assert.equal(info(path("void.wav")).frames, 1000);
  });

  it("shows what is flushed to others, and two handles do not disturb each other", () => {
    using file = new SoundFile(path("shared.wav"), "w", stereo);
    file.write(data);
    file.flush();
    using reader = new SoundFile(path("shared.wav"));
    assert.equal(reader.frames, 1000);
    file.write(data);
    assert.deepEqual(reader.read(-1, { dtype: "int16" }), data);
    assert.equal(file.tell(), 2000);
  });

  it("compresses as much as it is told", () => {
    const size = (name: string, options: object) => {
      using file = new SoundFile(path(name), "w", { ...stereo, ...options });
      file.write(Float32Array.from({ length: 88200 }, (_, i) => Math.sin(i ** 1.3 / 100) * 0.5));
      file.close();
      return readFileSync(path(name)).length;
    };
    assert.ok(size("low.ogg", { compressionLevel: 0 }) > 1.5 * size("high.ogg", { compressionLevel: 1 }));
    if (checkFormat("MP3", "MPEG_LAYER_III")) {
      for (const bitrateMode of ["constant", "average", "variable"] as const) {
        const [low, middle, high] = [0, 0.5, 1].map((level) => size("a.mp3", { bitrateMode, compressionLevel: level }));
        assert.ok(low > middle && middle > high, `${bitrateMode}: ${low}, ${middle}, ${high}`);
      }
      const constant = size("c.mp3", { bitrateMode: "constant", compressionLevel: 0.5 });
      assert.notEqual(constant, size("v.mp3", { bitrateMode: "variable", compressionLevel: 0.5 }));
    }
    assert.ok(size("low.flac", { compressionLevel: 0 }) > size("high.flac", { compressionLevel: 1 }));
  });
});

describe("files in memory", () => {
  for (const format of ["WAV", "FLAC", "OGG", "AIFF", "CAF", "W64"]) {
    it(`are written and read: ${format}`, () => {
      const file = SoundFile.inMemory({ ...stereo, format });
      assert.equal(file.name, "memory");
      file.write(data);
      file.close();
      const bytes = file.bytes();
      assert.equal(file.closed, true);
      using back = new SoundFile(bytes);
      assert.equal(back.frames, 1000);
      const samples = back.read(-1, { dtype: "int16" });
      if (format !== "OGG") assert.deepEqual(samples, data);
      assert.deepEqual(back.bytes(), bytes);
    });
  }

  it("give their bytes while they are written", () => {
    using file = SoundFile.inMemory({ ...stereo, format: "WAV" });
    for (let i = 1; i <= 3; i++) {
      file.write(data);
      assert.equal(info(file.bytes()).frames, 1000 * i);
    }
    using onDisk = new SoundFile(written("disk.wav"));
    assert.throws(() => onDisk.bytes(), /not in memory/);
  });
});

describe("seeks far behind the end", () => {
  for (const format of ["RAW", "WAV", "FLAC"]) {
    it(`are an error, and the disk is not filled: ${format}`, () => {
      const options = { format, subtype: "PCM_16", sampleRate: 48000, channels: 1 };
      for (const file of [SoundFile.inMemory(options), new SoundFile(path(`far.${format}`), "w", options)]) {
        using far = file;
        for (const frame of [2 ** 50, 2 ** 40, 2 ** 31]) {
          assert.throws(() => far.seek(frame), format === "FLAC" ? SoundFileError : RangeError);
        }
        if (format === "FLAC") continue; // what it has written stays as it is
        far.seek(100000);
        far.write(new Int16Array(1));
        assert.equal(far.frames, 100001);
      }
      assert.ok(statSync(path(`far.${format}`)).size < 300000);
    });
  }
});
