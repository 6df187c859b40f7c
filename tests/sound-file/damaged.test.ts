// Files that are damaged, cut off, or written in ways of other programs, by path and from a pipe: their samples, or an
// error that says what is wrong, in bounded time.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import process from "node:process";
import { checkFormat, readFile, SoundFile, SoundFileError } from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import {
  aiff,
  aiffComm,
  be,
  cat,
  le,
  made,
  pipeOf,
  ramp,
  rampBE,
  rampLE,
  wav,
  wavData,
  wavFmt,
} from "../helpers/sound-bytes.ts";
import { newFolder } from "../helpers/sounds.ts";

const folder = newFolder();
after(folder.remove);
const unix = process.platform === "win32" ? "there are no named pipes" : false;

let files = 0;
function path(bytes: Uint8Array, extension = "bin"): string {
  const name = folder.path(`${files++}.${extension}`);
  writeFileSync(name, bytes);
  return name;
}
const pipe = (bytes: Uint8Array) => pipeOf(folder.path(`pipe${files++}`), bytes);

/** All samples, and the error that came after them. */
function readOut(file: SoundFile): { samples: Int16Array; error?: Error } {
  const parts: Int16Array[] = [];
  let error: Error | undefined;
  try {
    for (let part; (part = file.read(1000, { dtype: "int16" })).length > 0;) parts.push(part);
  } catch (caught) {
    error = caught as Error;
  }
  const samples = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (samples.set(part, at), at + part.length), 0);
  return { samples, error };
}

const ds64 = (sizes: number[]) => cat("ds64", le(28), ...sizes.map(le));
const svx = (id: string, size: number) =>
  cat(
    "FORM",
    be(1000),
    "8SVX",
    "VHDR",
    be(20),
    be(10),
    be(0),
    be(0),
    "\x1f\x40\x01\0",
    be(65536),
    id,
    be(size),
  ) as Uint8Array;
const flat = (frames: number) => new Int16Array(frames).fill(2560);

describe("headers of other programs", () => {
  const whole: [string, Uint8Array][] = [
    [
      "AU with a text of 60,000 bytes",
      cat(".snd", be(60024), be(20), be(3), be(8000), be(1), new Uint8Array(60000), rampBE),
    ],
    ["WAV with 2 MB before the sound", wav(wavFmt(), cat("pad ", le(2e6), new Uint8Array(2e6)), wavData)],
    ["WAV whose sizes are 0", cat("RIFF", le(0x24), "WAVE", wavFmt(), "data", le(0), rampLE)],
    ["WAV whose sizes are 0xFFFFFFFF", cat("RIFF", le(0xffffffff), "WAVE", wavFmt(), "data", le(0xffffffff), rampLE)],
    [
      "RF64 whose sizes are 0",
      cat("RF64", le(0xffffffff), "WAVE", ds64([0, 0, 0, 0, 0, 0, 0]), wavFmt(), "data", le(0xffffffff), rampLE),
    ],
    ["AU whose size is 0", cat(".snd", be(24), be(0), be(3), be(8000), be(1), rampBE)],
    ["AIFF whose sound is set off", aiff(aiffComm, cat("SSND", be(328), be(300), be(0), new Uint8Array(300), rampBE))],
  ];
  for (const [name, bytes] of whole) {
    it(name, () => {
      using file = new SoundFile(path(bytes));
      assert.equal(file.frames, 10);
      assert.deepEqual(file.read(-1, { dtype: "int16" }), ramp);
      assert.deepEqual(new SoundFile(bytes).read(-1, { dtype: "int16" }), ramp);
    });
    it(`${name}, from a pipe`, { skip: unix }, () => {
      using file = new SoundFile(pipe(bytes));
      assert.deepEqual(file.read(-1, { dtype: "int16" }), ramp);
    });
  }

  it("a WAV file without samples has none", () => {
    const list = cat("LIST", le(12), "INFOISFT", le(0), "");
    assert.equal(new SoundFile(wav(wavFmt(), cat("data", le(0)))).frames, 0);
    assert.equal(new SoundFile(wav(wavFmt(), cat("data", le(0)), list)).frames, 0);
  });

  for (const format of ["WAV", "AIFF", "AU", "FLAC"]) {
    it(`an ID3 tag before ${format}`, () => {
      const samples = Int16Array.from({ length: 4000 }, (_, i) => i);
      const bytes = made({ format, sampleRate: 8000, channels: 1 }, samples);
      for (const size of [10, 3000]) {
        const id3 = cat("ID3\x03\0\0\0\0", String.fromCharCode(size >> 7, size & 127), new Uint8Array(size));
        using file = new SoundFile(path(cat(id3, bytes)));
        assert.equal(file.frames, 4000);
        assert.deepEqual(file.read(-1, { dtype: "int16" }), samples);
        file.seek(3990);
        assert.deepEqual(file.read(-1, { dtype: "int16" }), samples.subarray(3990));
        if (unix) continue;
        using piped = new SoundFile(pipe(cat(id3, bytes)));
        assert.deepEqual(piped.read(-1, { dtype: "int16" }), samples);
      }
    });
  }
});

describe("from a pipe", { skip: unix }, () => {
  const formats: [string, string][] = [["SVX", "PCM_S8"], ["SDS", "PCM_S8"], ["VOC", "PCM_16"], ["MAT5", "PCM_16"], [
    "CAF",
    "ALAC_16",
  ]];
  for (const [format, subtype] of formats.filter(([format, subtype]) => checkFormat(format, subtype))) {
    it(`a whole file comes: ${format} ${subtype}`, () => {
      const bytes = made({ format, subtype, sampleRate: 8000, channels: 1 }, flat(960));
      using file = new SoundFile(pipe(bytes));
      assert.deepEqual(file.read(-1, { dtype: "int16" }), flat(960));
    });
  }

  // Blocks: the codec does not see the end, and would go on with the last one. Programs that cannot go back leave many
  // a length in a header: 2 GB less a page is sox's.
  const blocks: [string, string[]][] = [
    ["WAV", ["IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "NMS_ADPCM_16"]],
    ["W64", ["IMA_ADPCM", "MS_ADPCM", "GSM610"]],
    ["AIFF", ["IMA_ADPCM", "GSM610"]],
    ["AU", ["G721_32", "G723_24", "G723_40"]],
  ];
  for (const [format, subtypes] of blocks) {
    for (const told of ["as it is", 0, 0x7ffff000, 0xffffffff]) {
      it(`blocks in ${format} end with the pipe, the length being told: ${told}`, () => {
        for (const subtype of subtypes) {
          const samples = Int16Array.from({ length: 20000 }, (_, i) => 9000 * Math.sin(i / 20));
          const bytes = made({ format, subtype, sampleRate: 8000, channels: 1 }, samples);
          const right = new SoundFile(bytes).read(-1, { dtype: "int16" });
          const sent = typeof told === "string" ? bytes : withLength(format, bytes, told);
          using file = new SoundFile(pipe(sent));
          assert.deepEqual(readOut(file).samples, right, subtype);
          if (told === 0) {
            using whole = new SoundFile(path(sent));
            assert.deepEqual(readOut(whole).samples, right, subtype);
          }
          // A pipe that ends in the middle.
          using cut = new SoundFile(pipe(sent.subarray(0, sent.length - (bytes.length >> 1))));
          const some = readOut(cut).samples;
          assert.ok(Math.abs(some.length - right.length / 2) < 2500, `${subtype}: ${some.length} of ${right.length}`);
          assert.deepEqual(some.subarray(0, some.length - 2500), right.subarray(0, some.length - 2500));
        }
      });
    }
  }
});

/** The file with another length of its sound in the header. */
function withLength(format: string, bytes: Uint8Array, length: number): Uint8Array {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf(format === "AIFF" ? "SSND" : "data", 40);
  if (format === "WAV") changed.writeUInt32LE(length, 4), changed.writeUInt32LE(length, at + 4);
  if (format === "W64") changed.writeBigInt64LE(length === 0xffffffff ? 2n ** 63n - 1n : BigInt(length), at + 16);
  if (format === "AIFF") changed.writeUInt32BE(length, 4), changed.writeUInt32BE(length, at + 4);
  if (format === "AU") changed.writeUInt32BE(length, 8);
  if (format === "CAF") changed.writeBigInt64BE(BigInt(length), at + 4);
  return new Uint8Array(changed);
}

describe("opening comes to an end", () => {
  const bad: [string, Uint8Array][] = [
    ["WAV with a chunk of 4 GB", wav(wavFmt(), cat("JUNK", le(0xfffffff8)), wavData)],
    ["WAV cut off in a chunk", wav(wavFmt(), cat("LIST")).subarray(0, 40)],
    ["17 bytes of WAV", cat("RIFF\x24\0\0\0WAVELIST8")],
    [
      "RF64 with a chunk of 4 GB",
      cat(
        "RF64",
        le(0xffffffff),
        "WAVE",
        ds64([1000, 0, 20, 0, 10, 0, 0]),
        wavFmt(),
        "JUNK",
        le(0xfffffff8),
        "INFO",
        "data",
        le(0xffffffff),
        rampLE,
      ),
    ],
    [
      "AIFF with a chunk of 4 GB",
      aiff(aiffComm, cat("ANNO", be(0xfffffff8)), cat("SSND", be(28), be(0), be(0), rampBE)),
    ],
    [
      "CAF with a chunk of 2^62 bytes",
      cat("caff\0\x01\0\0", "desc", be(0), be(32), new Uint8Array(32), "free", be(0x40000000), be(0), "data"),
    ],
    ["8SVX with a chunk of 4 GB", cat(svx("ANNO", 0xfffffff8), "abcdabcdabcdabcd", "BODY", be(10), new Uint8Array(10))],
    ["AU whose sound is 4 GB away", cat(".snd", be(0xfffffff0), be(20), be(3), be(8000), be(1), rampBE)],
  ];
  for (const [name, bytes] of bad) {
    it(name, () => {
      assert.throws(() => new SoundFile(path(bytes, "svx")), SoundFileError);
      assert.throws(() => new SoundFile(bytes), SoundFileError);
      if (!unix) assert.throws(() => new SoundFile(pipe(bytes)), SoundFileError);
    });
  }
});

describe("damaged sound", () => {
  const noise = (count: number) => {
    let s = 1;
    return Int16Array.from(
      { length: count },
      () => ((s = (s * 1103515245 + 12345) & 0x7fffffff) / 0x40000000 - 1) * 9000,
    );
  };

  it("FLAC: good samples first, then the error with the frame", async () => {
    const samples = noise(50000);
    const bytes = made({ format: "FLAC", sampleRate: 44100, channels: 1 }, samples);
    bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 200);
    for (const source of [path(bytes), ...(unix ? [] : [pipe(bytes)])]) {
      using file = new SoundFile(source);
      const { samples: good, error } = readOut(file);
      assert.ok(good.length > 15000 && good.length < 30000, `${good.length} frames`);
      assert.deepEqual(good, samples.subarray(0, good.length));
      assert.match(String(error), new RegExp(`SoundFileError: .*damaged at frame ${good.length}`));
    }
    await assert.rejects(readFile(bytes), /damaged at frame/);
    using file = new SoundFile(bytes);
    assert.throws(() => file.read(), /damaged at frame/);
    file.seek(5000);
    assert.deepEqual(file.read(100, { dtype: "int16" }), samples.subarray(5000, 5100));
  });

  it("FLAC and MP3 that are cut off", () => {
    for (const format of ["FLAC", "MP3"]) {
      const bytes = made({ format, sampleRate: 44100, channels: 1 }, noise(100000));
      const right = new SoundFile(bytes).read(-1, { dtype: "int16" });
      assert.equal(right.length, 100000);
      using file = new SoundFile(path(bytes.subarray(0, bytes.length * 0.6)));
      const { samples, error } = readOut(file);
      assert.ok(samples.length > 50000 && samples.length < 70000, `${format}: ${samples.length} frames`);
      assert.deepEqual(samples, right.subarray(0, samples.length));
      assert.match(String(error), new RegExp(`at frame ${samples.length}`));
    }
  });

  it("MP3 whose bit rate varies, without a count of its frames", () => {
    const samples = Int16Array.from({ length: 300000 }, (_, i) => i < 150000 ? 0 : 9000 * Math.sin(i * i / 1e6));
    const file = SoundFile.inMemory({ format: "MP3", sampleRate: 44100, channels: 1, bitrateMode: "variable" });
    file.write(samples);
    file.close();
    const bytes = file.bytes();
    const at = Buffer.from(bytes).indexOf("Xing");
    assert.ok(at > 0 && at < 4096, "LAME has written a count");
    const start = Buffer.from(bytes).lastIndexOf(0xff, at);
    const [, second] = frames(bytes, start);
    using bare = new SoundFile(path(bytes.subarray(second), "mp3"));
    const { samples: read, error } = readOut(bare);
    assert.equal(error, undefined);
    // Without the count there is no word of the encoder's delay either: all frames come.
    assert.equal(read.length, bare.frames);
    assert.ok(read.length >= 300000 && read.length < 303500, `${read.length} frames`);
    bare.seek(250000);
    const part = bare.read(1000, { dtype: "int16" });
    part.forEach((sample, i) => assert.ok(Math.abs(sample - read[250000 + i]) < 2, `frame ${250000 + i}`));
    if (!unix) {
      using piped = new SoundFile(pipe(bytes.subarray(second)));
      assert.deepEqual(readOut(piped).samples, read);
    }
  });

  it("CAF that is cut off, or tells of more than there is, has what is there", () => {
    const samples = noise(1000);
    const bytes = made({ format: "CAF", subtype: "PCM_16", sampleRate: 8000, channels: 1 }, samples);
    for (const some of [bytes.subarray(0, bytes.length - 900), withLength("CAF", bytes, 2 ** 40)]) {
      using file = new SoundFile(path(some));
      const { samples: read } = readOut(file);
      assert.deepEqual(read, samples.subarray(0, some.length < bytes.length ? 550 : 1000));
    }
  });

  it("a MIDI sample dump of 14 or 21 bits", () => {
    for (const [subtype, bits] of [["PCM_S8", 14], ["PCM_16", 21]] as const) {
      const bytes = made({ format: "SDS", subtype, sampleRate: 8000, channels: 1 }, noise(1000));
      const right = new SoundFile(bytes).read();
      bytes[6] = bits;
      assert.deepEqual(new SoundFile(bytes).read(), right);
    }
  });

  it("an MP3 file, and seeks in a good one, without a word on stderr", async () => {
    const bytes = made({ format: "MP3", sampleRate: 44100, channels: 2 }, noise(200000));
    const good = path(bytes, "mp3");
    for (let i = 1; i < 30; i++) bytes[Math.floor(bytes.length * i / 30)] ^= 0x5a;
    for (const args of [[good, "seek"], [path(bytes, "mp3")], [path(bytes.subarray(3001), "mp3")]]) {
      const { stdout, stderr } = await runTs(new URL("../programs/reading.ts", import.meta.url), { args });
      assert.ok(Number(stdout) > 0, stderr);
      assert.match(stderr, /^(SoundFileError: .*the sound is damaged.*)?\s*$/);
    }
  });

  for (const at of [0, 1, 50]) {
    it(`a MIDI sample dump, at byte ${at} of a block, without a word on stdout`, async () => {
      const bytes = made({ format: "SDS", subtype: "PCM_16", sampleRate: 8000, channels: 1 }, noise(1000));
      const right = new SoundFile(bytes).read(-1, { dtype: "int16" });
      bytes[21 + 10 * 127 + at] ^= 1;
      const name = path(bytes);
      using file = new SoundFile(name);
      const { samples, error } = readOut(file);
      assert.equal(samples.length, 400);
      assert.deepEqual(samples, right.subarray(0, 400));
      assert.match(String(error), /damaged .*at frame 400 of 1000/);
      const { stdout } = await runTs(new URL("../programs/reading.ts", import.meta.url), { args: [name] });
      assert.equal(stdout.trim(), "400");
    });
  }
});

/** Where the first frames of an MP3 file begin: 128 kbit/s or less, 44.1 kHz, as LAME writes them. */
function frames(bytes: Uint8Array, start: number): number[] {
  const rates = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
  const at = [start];
  for (let i = 0; i < 3; i++) {
    const b = bytes.subarray(at[i]);
    at.push(at[i] + Math.floor(144000 * rates[b[2] >> 4] / 44100) + (b[2] >> 1 & 1));
  }
  return at;
}

describe("what is no sound file of ours says what it is", () => {
  const others: [RegExp, string | Uint8Array][] = [
    [/MP4 .*ffmpeg/, cat("\0\0\0\x20ftypM4A \0\0\0\0", new Uint8Array(100))],
    [/AAC .*ffmpeg/, cat("\xff\xf1\x50\x80\x02\x1f\xfc", new Uint8Array(100))],
    [/Windows Media .*ffmpeg/, cat("\x30\x26\xb2\x75\x8e\x66\xcf\x11", new Uint8Array(100))],
    [/WebM .*ffmpeg/, cat("\x1a\x45\xdf\xa3", new Uint8Array(100))],
    [/archive/, cat("PK\x03\x04", new Uint8Array(100))],
    [/web page/, cat("<!DOCTYPE html><html></html>")],
  ];
  for (const [says, bytes] of others) {
    it(String(says), () => {
      assert.throws(() => new SoundFile(path(bytes as Uint8Array)), says);
      assert.throws(() => new SoundFile(bytes as Uint8Array), says);
    });
  }
});

describe("one write of many frames", () => {
  it("goes into Ogg Vorbis in pieces", () => {
    const frames = 2_500_000;
    const bytes = made({ format: "OGG", sampleRate: 44100, channels: 1 }, new Float32Array(frames).fill(0.1));
    assert.equal(new SoundFile(bytes).frames, frames);
  });
});
