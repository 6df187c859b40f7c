// Every pair of format and subtype that libsndfile has, in every byte order: written, read back, and read by sox, which
// has decoders of its own for most of them.
// On one Node: it is long, and all but the same there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, describe, it } from "node:test";
import {
  availableFormats,
  availableSubtypes,
  checkFormat,
  defaultSubtype,
  type FileDtype,
  SoundFile,
  SoundFileError,
} from "../../mod.ts";
import { newFolder, randomFrom, randomSamples, seedOf } from "../helpers/sounds.ts";

const random = randomFrom(seedOf("formats"));
const folder = newFolder();
after(folder.remove);

const endians = ["file", "little", "big", "cpu"] as const;
const FRAMES = 4800; // whole blocks of SDS, of which libsndfile loses a part at the end

/** Subtypes that keep every bit of a dtype. */
const exact: Record<string, FileDtype> = {
  PCM_S8: "int8",
  PCM_U8: "uint8",
  PCM_16: "int16",
  PCM_24: "int24",
  PCM_32: "int32",
  FLOAT: "float32",
  DOUBLE: "float64",
  ALAC_16: "int16",
  ALAC_24: "int24",
  ALAC_32: "int32",
};
/** Those that libsndfile lists as writable, but does not write. */
const refused = new Set(["MP3/MPEG_LAYER_I", "MP3/MPEG_LAYER_II", "WAV/MPEG_LAYER_III", "AIFF/DWVW_12"]);

/** What sox calls the formats that it reads. */
const soxTypes: Record<string, string> = {
  WAV: "wav",
  WAVEX: "wav",
  AIFF: "aiff",
  AU: "au",
  PAF: "paf",
  SVX: "8svx",
  NIST: "nist",
  VOC: "voc",
  IRCAM: "ircam",
  W64: "w64",
  MAT4: "mat4",
  MAT5: "mat5",
  PVF: "pvf",
  HTK: "htk",
  SDS: "sds",
  AVR: "avr",
  FLAC: "flac",
  CAF: "caf",
  WVE: "wve",
  OGG: "ogg",
  MP3: "mp3",
};
const sox = spawnSync("sox", ["--version"]).status === 0;

/** Opens for writing with the first shape that goes; undefined where libsndfile refuses them all. */
function create(
  path: string,
  format: string,
  subtype: string,
  endian: "file" | "little" | "big" | "cpu",
): SoundFile | undefined {
  const shapes = [[2, 48000], [2, 44100], [1, 48000], [1, 44100], [1, 8000]];
  for (const [channels, sampleRate] of shapes) {
    try {
      return new SoundFile(path, "w", { format, subtype, endian, channels, sampleRate });
    } catch (error) {
      assert.ok(error instanceof SoundFileError && error.message.length > path.length + 10, `${error}`);
    }
  }
}

/** A tone, for codecs that lose something. */
function tone(frames: number, channels: number, rate: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: frames * channels },
    (_, i) => 0.4 * Math.sin(2 * Math.PI * 300 * Math.floor(i / channels) / rate + i % channels),
  );
}

/** How much stronger the signal is than the difference, in dB. */
function likeness(samples: ArrayLike<number>, others: ArrayLike<number>, skip = 0): number {
  let signal = 0;
  let difference = 0;
  for (let i = skip; i < Math.min(samples.length, others.length); i++) {
    signal += samples[i] ** 2;
    difference += (samples[i] - others[i]) ** 2;
  }
  return 10 * Math.log10(signal / difference);
}

/** The file's samples as sox reads them. */
function readBySox(path: string, file: SoundFile): Float64Array | undefined {
  let input: string[];
  if (file.format === "RAW") {
    const kinds: Record<string, [string, string]> = {
      PCM_S8: ["signed-integer", "8"],
      PCM_U8: ["unsigned-integer", "8"],
      PCM_16: ["signed-integer", "16"],
      PCM_24: ["signed-integer", "24"],
      PCM_32: ["signed-integer", "32"],
      FLOAT: ["floating-point", "32"],
      DOUBLE: ["floating-point", "64"],
      ULAW: ["mu-law", "8"],
      ALAW: ["a-law", "8"],
    };
    if (!(file.subtype in kinds)) return undefined;
    const [encoding, bits] = kinds[file.subtype];
    const order = file.endian === "BIG" ? "-B" : "-L";
    input = ["-t", "raw", "-r", `${file.sampleRate}`, "-c", `${file.channels}`, "-e", encoding, "-b", bits, order];
  } else {
    if (!(file.format in soxTypes)) return undefined;
    input = ["-t", file.subtype === "OPUS" ? "opus" : soxTypes[file.format]];
  }
  const { status, stdout, stderr } = spawnSync("sox", ["-V1", "-D", ...input, path, "-t", "f64", "-"], {
    maxBuffer: 2 ** 26,
  });
  if (status !== 0 && /unsupported|not supported|unknown|no handler/i.test(`${stderr}`)) return undefined;
  assert.equal(status, 0, `sox: ${stderr}`);
  return new Float64Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length));
}

/** Where sox is no witness. */
function soxCannot({ format, subtype }: SoundFile): boolean {
  if (subtype === "MPEG_LAYER_III") return true; // does not take the encoder's delay away
  if (/^G72/.test(subtype)) return true; // decodes it badly: 10 dB, where libsndfile has 49
  if (format === "SVX" && subtype === "PCM_16") return true; // 16SV: does not know it
  if (format === "CAF" && /^ALAC/.test(subtype)) return true;
  // Asks libsndfile for integers there, which scales floating point by its peak.
  return /^(W64|MAT4|MAT5|CAF)$/.test(format) && /^(FLOAT|DOUBLE)$/.test(subtype);
}

/** Pairs that sox has confirmed. */
let confirmed = 0;

function roundTrip(format: string, subtype: string, endian: (typeof endians)[number]): void {
  const name = `${format}/${subtype}`;
  const path = folder.path(`${format}-${subtype}-${endian}`);
  const file = create(path, format, subtype, endian);
  if (refused.has(name) && file === undefined) return;
  assert.ok(file, `${name} cannot be opened`);
  const { channels, sampleRate } = file;
  const dtype = exact[subtype];
  const samples = dtype ? randomSamples(dtype, FRAMES * channels, random) : tone(FRAMES, channels, sampleRate);
  if (refused.has(name)) {
    assert.throws(() => file.write(samples), SoundFileError);
    file.close();
    return;
  }
  file.write(samples, dtype ?? "float32");
  assert.equal(file.frames, FRAMES);
  file.close();

  using back = new SoundFile(path, "r", format === "RAW" ? { format, subtype, endian, channels, sampleRate } : {});
  assert.deepEqual([back.format, back.subtype, back.channels], [format, subtype, channels]);
  if (format !== "WVE" && format !== "HTK") {
    assert.ok(Math.abs(back.sampleRate / sampleRate - 1) < 0.01, `${back.sampleRate} Hz`);
  }
  if (dtype) {
    assert.equal(back.frames, FRAMES);
    const at = back.read(-1, { dtype }).findIndex((value: number, i: number) => value !== samples[i]);
    assert.equal(at, -1, `sample ${at} differs`);
  } else {
    assert.ok(back.frames >= FRAMES && back.frames < FRAMES + 8000, `${back.frames} frames`);
    const skip = subtype === "MPEG_LAYER_III" || subtype === "OPUS" ? 1500 * channels : 0;
    const dB = likeness(samples as Float32Array, back.read(FRAMES), skip);
    assert.ok(dB > 8, `${dB.toFixed(1)} dB`);
  }

  if (!sox || soxCannot(back)) return;
  const other = readBySox(path, back);
  if (other === undefined) return;
  using again = new SoundFile(path, "r", format === "RAW" ? { format, subtype, endian, channels, sampleRate } : {});
  const ours = again.read(-1, { dtype: "float64" });
  if (dtype) {
    assert.equal(other.length, ours.length);
    const worst = ours.reduce((most, sample, i) => Math.max(most, Math.abs(sample - other[i])), 0);
    assert.ok(worst <= (dtype.startsWith("float") ? 2 ** -23 : 0), `sox differs by ${worst}`);
  } else {
    const dB = likeness(ours, other, 1500 * channels);
    assert.ok(dB > 25, `sox is like ours by ${dB.toFixed(1)} dB`);
  }
  confirmed++;
}

describe("every format and subtype", () => {
  for (const format of Object.keys(availableFormats())) {
    it(format, () => {
      const failures: string[] = [];
      let count = 0;
      for (const subtype of Object.keys(availableSubtypes(format))) {
        for (const endian of endians) {
          if (!checkFormat(format, subtype, endian)) continue;
          count++;
          try {
            roundTrip(format, subtype, endian);
          } catch (error) {
            failures.push(`${subtype} ${endian}: ${String(error).replace(/\n[^]*/, "")}`);
          }
        }
      }
      assert.ok(count > 0);
      assert.deepEqual(failures, []);
    });
  }

  it("is confirmed by sox where that can", { skip: sox ? false : "there is no sox" }, () => {
    assert.ok(confirmed > 200, `only ${confirmed}`);
  });
});

describe("formats", () => {
  it("are those of libsndfile", () => {
    const formats = availableFormats();
    assert.equal(formats.WAV, "WAV (Microsoft)");
    assert.ok("FLAC" in formats && "OGG" in formats && "RF64" in formats);
    assert.ok("PCM_16" in availableSubtypes() && "VORBIS" in availableSubtypes());
    assert.ok("PCM_24" in availableSubtypes("flac") && !("FLOAT" in availableSubtypes("FLAC")));
    assert.equal(checkFormat("wav", "pcm_24", "big"), true);
    assert.equal(checkFormat("WAV", "VORBIS"), false);
    assert.equal(checkFormat("NOTHING"), false);
    assert.equal(checkFormat("FLAC", "PCM_16", "little"), false);
    for (const format of Object.keys(formats)) {
      const subtype = defaultSubtype(format);
      if (format === "RAW") assert.equal(subtype, undefined);
      else assert.ok(checkFormat(format, subtype) || format === "MP3", `${format}: ${subtype}`);
      assert.ok(Object.keys(availableSubtypes(format)).length > 0, format);
    }
    assert.equal(defaultSubtype("ogg"), "VORBIS");
    assert.equal(defaultSubtype("nothing"), undefined);
    assert.throws(() => defaultSubtype(666 as unknown as string), /format must be a string, not 666/);
    assert.throws(() => checkFormat("WAV", 5 as unknown as string), /subtype must be a string, not 5/);
    assert.equal(checkFormat("RAW"), true);
    for (const name of ["constructor", "__proto__", ""]) {
      assert.equal(checkFormat(name) || checkFormat("WAV", name) || checkFormat("WAV", "PCM_16", name), false, name);
    }
  });
});
