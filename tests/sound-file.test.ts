import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { native } from "../ffi/load.ts";
import {
  availableFormats,
  availableSubtypes,
  checkFormat,
  defaultSubtype,
  deinterleave,
  type FileDtype,
  info,
  interleave,
  PastreamError,
  readFile,
  SoundFile,
  SoundFileError,
  writeFile,
} from "../mod.ts";
import { newFolder, randomFrom, randomSamples, seedOf } from "./helpers/sounds.ts";

const random = randomFrom(seedOf("sound files"));
const folder = newFolder();
const { path } = folder;
let handles = 0;
before(() => void (handles = native().ps_handle_count()));
after(() => {
  folder.remove();
  assert.equal(native().ps_handle_count(), handles, "handles are left");
});

const is = (code: string) => (error: unknown) => error instanceof PastreamError && error.code === code;
const stereo = { sampleRate: 44100, channels: 2 };
const data = randomSamples("int16", 2 * 1000, random);

/** A stereo PCM_16 file of `data`. */
function written(name: string): string {
  using file = new SoundFile(path(name), "w", stereo);
  file.write(data);
  return path(name);
}

describe("opening", () => {
  it("says what the file is like", () => {
    using file = new SoundFile(written("properties.wav"));
    assert.equal(file.name, path("properties.wav"));
    assert.equal(file.mode, "r");
    assert.equal(file.sampleRate, 44100);
    assert.equal(file.channels, 2);
    assert.equal(file.format, "WAV");
    assert.equal(file.subtype, "PCM_16");
    assert.equal(file.endian, "FILE");
    assert.equal(file.frames, 1000);
    assert.equal(file.seekable, true);
    assert.equal(file.closed, false);
    assert.match(file.infoText, /WAVE/);
  });

  it("takes a path, a file URL, bytes, and names that are not ASCII", () => {
    const name = written("Ünïcödé ☃ 音.wav");
    for (const file of [name, pathToFileURL(name), readFileSync(name)]) {
      using opened = new SoundFile(file);
      assert.deepEqual(opened.read(-1, { dtype: "int16" }), data);
    }
    assert.throws(() => new SoundFile(new URL("http://localhost/a.wav")), TypeError);
    assert.throws(() => new SoundFile(undefined as unknown as string), TypeError);
    assert.throws(() => new SoundFile({} as string), TypeError);
    assert.throws(() => new SoundFile("a\0b.wav"), TypeError);
    assert.throws(() => new SoundFile(-1), RangeError);
    assert.throws(() => new SoundFile(readFileSync(name), "r+"), RangeError);
  });

  it("fails with libsndfile's text and the path", () => {
    writeFileSync(path("noise.wav"), "this is no sound file, whatever its name is");
    writeFileSync(path("empty.wav"), "");
    for (
      const [name, text] of [["missing.wav", /No such file/], ["noise.wav", /unknown format|not recogni/i], [
        "empty.wav",
        /./,
      ]]
    ) {
      assert.throws(() => new SoundFile(path(name as string)), (error) => {
        assert.ok(error instanceof SoundFileError);
        assert.equal(error.code, "soundfile");
        assert.ok(error.sfCode > 0, `code ${error.sfCode}`);
        assert.match(error.message, text as RegExp);
        return error.message.includes(path(name as string));
      });
    }
    assert.throws(() => new SoundFile(path("")), /directory/);
  });

  it("wants to know what a new file is to be", () => {
    for (const mode of ["w", "x", "w+", "x+"] as const) {
      assert.throws(() => new SoundFile(path("new.wav"), mode), /sampleRate must be given/);
      assert.throws(() => new SoundFile(path("new.wav"), mode, { sampleRate: 1000 }), /channels must be given/);
      assert.throws(() => new SoundFile(path("new"), mode, stereo), /format must be given/);
      assert.throws(() => new SoundFile(path("new.xyz"), mode, stereo), /new\.xyz/);
    }
    const bad: [object, RegExp][] = [
      [{ ...stereo, format: "MP5" }, /format must be one of .*"WAV".*, not "MP5"/],
      [{ ...stereo, subtype: "PCM_17" }, /subtype must be one of .*"PCM_16"/],
      [{ ...stereo, endian: "middle" }, /endian must be one of/],
      [{ ...stereo, sampleRate: 0 }, /sampleRate must be an integer from 1/],
      [{ ...stereo, sampleRate: 44.1 }, /sampleRate must be an integer/],
      [{ ...stereo, channels: 0 }, /channels must be an integer from 1/],
      [{ ...stereo, channels: "2" }, /channels must be an integer, not "2"/],
      [{ ...stereo, compressionLevel: 2 }, /compressionLevel must be 0 to 1/],
      [{ ...stereo, bitrateMode: "low" }, /bitrateMode must be one of/],
    ];
    for (const [options, message] of bad) {
      assert.throws(() => new SoundFile(path("new.wav"), "w", options), (error: Error) => {
        assert.match(error.message, message);
        return error instanceof RangeError || error instanceof TypeError;
      });
    }
    assert.throws(() => new SoundFile(path("new.wav"), "a" as "w", stereo), /mode must be one of/);
    assert.throws(() => new SoundFile(path("new.flac"), "w", { ...stereo, subtype: "ULAW" }), SoundFileError);
    assert.throws(() => new SoundFile(path("new.opus"), "w", stereo), SoundFileError); // not with 44100 Hz
    assert.throws(() => new SoundFile(path("new.wav"), "w", { ...stereo, compressionLevel: 1 }), is("unsupported"));
    assert.ok(!existsSync(path("new.wav")) && !existsSync(path("new.flac")) && !existsSync(path("new.opus")));
  });

  it("takes names of formats in any case, and formats from extensions", () => {
    using one = new SoundFile(path("ONE.FLAC"), "w", { ...stereo, subtype: "pcm_24" });
    assert.deepEqual([one.format, one.subtype], ["FLAC", "PCM_24"]);
    using two = new SoundFile(path("two"), "w", { ...stereo, format: "aiff", subtype: "Pcm_16", endian: "little" });
    assert.deepEqual([two.format, two.subtype, two.endian], ["AIFF", "PCM_16", "LITTLE"]);
    using three = new SoundFile(path("three.opus"), "w", { sampleRate: 48000, channels: 1 });
    assert.deepEqual([three.format, three.subtype], ["OGG", "OPUS"]);
  });

  it("does not open what is there for x, and leaves it as it is", () => {
    const name = written("there.wav");
    const before = readFileSync(name);
    for (const mode of ["x", "x+"] as const) assert.throws(() => new SoundFile(name, mode, stereo), /exists/);
    assert.deepEqual(readFileSync(name), before);
    using file = new SoundFile(path("fresh.wav"), "x", stereo);
    assert.equal(file.mode, "x");
  });

  it("leaves an existing file alone when the new one is impossible", () => {
    const before = readFileSync(written("kept.wav"));
    writeFileSync(path("kept.opus"), before);
    assert.throws(() => new SoundFile(path("kept.opus"), "w", stereo), SoundFileError);
    assert.deepEqual(readFileSync(path("kept.opus")), before);
  });

  it("refuses rates and channels that are not the file's", () => {
    const name = written("own.wav");
    assert.throws(() => new SoundFile(name, "r", { sampleRate: 48000 }), /sampleRate must be the file's own 44100/);
    assert.throws(() => new SoundFile(name, "r+", { channels: 1 }), /channels must be the file's own 2/);
    new SoundFile(name, "r", stereo).close();
  });
});

describe("reading", () => {
  it("reads all, some, and no more than there is", () => {
    using file = new SoundFile(written("read.wav"));
    assert.deepEqual(file.read(undefined, { dtype: "int16" }), data);
    assert.equal(file.read().length, 0);
    file.seek(0);
    assert.deepEqual(file.read(3, { dtype: "int16" }), data.slice(0, 6));
    assert.deepEqual(file.read(0), new Float32Array(0));
    assert.deepEqual(file.read(5000, { dtype: "int16" }), data.slice(6));
    assert.equal(file.tell(), 1000);
  });

  it("reads float32 by default, with full scale 1", () => {
    using file = new SoundFile(written("scale.wav"));
    assert.deepEqual(file.read(), Float32Array.from(data, (sample) => sample / 32768));
  });

  it("fills up with fillValue", () => {
    using file = new SoundFile(written("fill.wav"));
    file.seek(998);
    const samples = file.read(4, { dtype: "int16", fillValue: 7 });
    assert.deepEqual([...samples], [...data.slice(-4), 7, 7, 7, 7]);
    assert.deepEqual([...file.read(2, { fillValue: 0.5 })], [0.5, 0.5, 0.5, 0.5]);
    assert.deepEqual([...file.read(1, { dtype: "int24", fillValue: -2 })], [254, 255, 255, 254, 255, 255]);
    assert.equal(file.read(-1, { fillValue: 1 }).length, 0);
    file.seek(999);
    const out = new Int16Array(6);
    assert.equal(file.read(-1, { out, fillValue: 9 }).length, 6);
    assert.deepEqual([...out], [...data.slice(-2), 9, 9, 9, 9]);
  });

  it("reads into out", () => {
    using file = new SoundFile(written("out.wav"));
    const out = new Int16Array(2000).fill(1);
    const read = file.read(-1, { dtype: "int16", out: out.subarray(100, 300) });
    assert.deepEqual(read, data.slice(0, 200));
    assert.equal(read.buffer, out.buffer);
    assert.equal(read.byteOffset, 200);
    assert.ok(
      out.subarray(0, 100).every((sample) => sample === 1) && out.subarray(300).every((sample) => sample === 1),
    );
    assert.equal(file.read(10, { out }).length, 20);
    assert.equal(file.read(5000, { out }).length, 1780);
    assert.equal(file.read(-1, { out }).length, 0);
    assert.throws(() => file.read(-1, { out: new Int16Array(3) }), /out must be whole frames of 4 bytes/);
    assert.throws(() => file.read(-1, { out: new Int16Array(4), dtype: "int32" }), TypeError);
    assert.throws(() => file.read(-1, { out: new DataView(new ArrayBuffer(8)) }), TypeError);
    assert.throws(() => file.read(-1, { dtype: "int12" as "int16" }), /dtype must be one of/);
    assert.throws(() => file.read(1.5), RangeError);
    assert.throws(() => file.read(-2), RangeError);
    assert.throws(() => file.read("all" as unknown as number), TypeError);
  });

  it("goes where it is told", () => {
    using file = new SoundFile(written("seek.wav"));
    assert.equal(file.seek(3), 3);
    assert.equal(file.seek(4, "current"), 7);
    assert.equal(file.tell(), 7);
    assert.equal(file.seek(-1, "end"), 999);
    assert.deepEqual(file.read(5, { dtype: "int16" }), data.slice(-2));
    assert.equal(file.seek(0, "end"), 1000);
    assert.throws(() => file.seek(1001), RangeError);
    assert.throws(() => file.seek(-1001, "end"), RangeError);
    assert.throws(() => file.seek(1, "end"), RangeError);
    assert.throws(() => file.seek(0, "middle" as "end"), /whence must be one of/);
    assert.equal(file.tell(), 1000);
  });

  it("refuses to write", () => {
    using file = new SoundFile(written("readonly.wav"));
    assert.throws(() => file.write(data), /not open for writing/);
    assert.throws(() => file.truncate(1), /not open for writing/);
    assert.throws(() => (file.metadata.title = "x"), SoundFileError);
    assert.equal(file.frames, 1000);
  });
});

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
      const constant = size("c.mp3", { bitrateMode: "constant", compressionLevel: 0.5 });
      assert.notEqual(constant, size("v.mp3", { bitrateMode: "variable", compressionLevel: 0.5 }));
    }
  });
});

describe("files without a header", () => {
  it("are what they are said to be", () => {
    const samples = randomSamples("int16", 200, random);
    const raw = { ...stereo, format: "RAW", subtype: "PCM_16", endian: "big" } as const;
    using file = new SoundFile(path("samples"), "w", raw);
    file.write(samples);
    file.close();
    const bytes = readFileSync(path("samples"));
    assert.equal(bytes.length, 400);
    assert.equal(bytes.readInt16BE(2), samples[1]);
    using back = new SoundFile(path("samples"), "r", raw);
    assert.deepEqual([back.format, back.subtype, back.endian, back.frames], ["RAW", "PCM_16", "BIG", 100]);
    assert.deepEqual(back.read(-1, { dtype: "int16" }), samples);
    assert.throws(
      () => new SoundFile(path("samples"), "r", { format: "RAW", sampleRate: 1 }),
      /channels must be given/,
    );
    assert.throws(
      () => new SoundFile(path("samples"), "r", { format: "RAW", channels: 1 }),
      /sampleRate must be given/,
    );
    assert.throws(() => new SoundFile(path("x.raw")), /must be given for RAW/);
  });

  it("are recognized by their names where libsndfile does so", () => {
    writeFileSync(path("speech.vox"), new Uint8Array(4000).fill(0x08));
    using file = new SoundFile(path("speech.vox"));
    assert.deepEqual([file.format, file.subtype, file.sampleRate], ["RAW", "VOX_ADPCM", 8000]);
    assert.equal(file.read().length, 8000);
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

describe("a closed file", () => {
  it("says so, and keeps its properties", () => {
    const file = new SoundFile(written("closed.wav"), "r+");
    file.seek(5);
    file.close();
    file.close();
    assert.equal(file.closed, true);
    assert.equal(file.frames, 1000);
    assert.equal(file.channels, 2);
    const calls: (() => unknown)[] = [
      () => file.read(),
      () => file.write(data),
      () => file.seek(0),
      () => file.tell(),
      () => file.blocks({ blockSize: 1 }),
      () => file.truncate(0),
      () => file.flush(),
      () => file.metadata.title,
      () => (file.metadata = { title: "x" }),
      () => file.cuePoints,
      () => file.broadcastInfo,
      () => file.infoText,
      () => file.bytes(),
    ];
    for (const call of calls) assert.throws(call, is("closed"), String(call));
  });

  it("is closed by using, also when something is thrown", () => {
    let kept: SoundFile | undefined;
    assert.throws(() => {
      using file = new SoundFile(path("thrown.wav"), "w", stereo);
      kept = file;
      file.write(data);
      throw new Error("on purpose");
    }, /on purpose/);
    assert.equal(kept!.closed, true);
    assert.equal(info(path("thrown.wav")).frames, 1000);
  });
});

describe("what a file says of itself", () => {
  const tags = {
    title: "A title: ÄÖÜ ☃",
    artist: "Somebody",
    album: "An album",
    date: "2024-02-29",
    comment: "No comment",
    copyright: "Nobody",
    genre: "Noise",
    tracknumber: "7",
    license: "MIT",
  };
  // Where each format has a place for them.
  const places: Record<string, (keyof typeof tags)[]> = {
    WAV: ["title", "artist", "album", "date", "comment", "copyright", "genre", "tracknumber"],
    FLAC: ["title", "artist", "album", "date", "comment", "copyright", "genre", "tracknumber", "license"],
    OGG: ["title", "artist", "album", "date", "comment", "copyright", "genre", "tracknumber", "license"],
    AIFF: ["title", "artist", "comment", "copyright"],
  };
  for (const [format, names] of Object.entries(places)) {
    it(`is written and read: ${format}`, () => {
      using file = SoundFile.inMemory({ ...stereo, format });
      file.metadata = { ...tags, software: undefined };
      assert.equal(file.metadata.title, tags.title);
      file.write(data);
      file.close();
      using back = new SoundFile(file.bytes());
      for (const name of names) assert.equal(back.metadata[name], tags[name], name);
      assert.deepEqual(Object.keys(back.metadata).sort(), [...Object.keys(tags), "software"].sort());
      const { metadata } = info(file.bytes());
      for (const name of names) assert.equal(metadata[name], tags[name], name);
    });
  }

  it("is text of known names", () => {
    using file = SoundFile.inMemory({ ...stereo, format: "WAV" });
    assert.throws(() => (file.metadata.title = 5 as unknown as string), TypeError);
    assert.throws(() => (file.metadata.colour = "blue"), TypeError);
    assert.throws(() => (file.metadata = { colour: "blue" }), TypeError);
    assert.equal(file.metadata.title, undefined);
  });

  /** A WAV file with chunks of our own between its header and its samples. */
  function wavWith(...chunks: [id: string, bytes: Uint8Array][]): Uint8Array {
    const plain = readFileSync(written("plain.wav"));
    const parts = chunks.map(([id, bytes]) => {
      const chunk = new Uint8Array(8 + bytes.length + bytes.length % 2);
      new TextEncoder().encodeInto(id, chunk);
      new DataView(chunk.buffer).setUint32(4, bytes.length, true);
      chunk.set(bytes, 8);
      return chunk;
    });
    const all = new Uint8Array(Buffer.concat([plain.subarray(0, 36), ...parts, plain.subarray(36)]));
    new DataView(all.buffer).setUint32(4, all.length - 8, true);
    return all;
  }
  const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
  const fourcc = (text: string) => new DataView(new TextEncoder().encode(text).buffer).getUint32(0, true);

  it("has cue points and loops", () => {
    const cues = words(2, 1, 100, fourcc("data"), 0, 0, 100, 2, 500, fourcc("data"), 0, 0, 500);
    const sampler = words(0, 0, 22675, 69, 0, 0, 0, 2, 0, 1, 0, 10, 200, 0, 0, 2, 1, 300, 400, 0, 5);
    using file = new SoundFile(wavWith(["cue ", cues], ["smpl", sampler]));
    assert.deepEqual(file.cuePoints.map(({ id, frame }) => [id, frame]), [[1, 100], [2, 500]]);
    assert.equal(file.instrument?.baseNote, 69);
    const loops = file.instrument.loops.map(({ mode, start, end, count }) => [mode, start, end, count]);
    assert.equal(loops.length, 2);
    assert.deepEqual(loops.map(([mode, start]) => [mode, start]), [["forward", 10], ["alternating", 300]]);
    assert.equal(file.instrument.loops[1].count, 5);
    using plain = new SoundFile(written("plain.wav"));
    assert.deepEqual(plain.cuePoints, []);
    assert.equal(plain.instrument, undefined);
    assert.equal(plain.broadcastInfo, undefined);
  });

  it("has the broadcast extension", () => {
    const bext = new Uint8Array(602 + 20);
    const text = (at: number, value: string) => new TextEncoder().encodeInto(value, bext.subarray(at));
    text(0, "Evening news");
    text(256, "A station of exactly 32 letters!");
    text(288, "REF 1");
    text(320, "2024-02-29");
    text(330, "20:15:00");
    const view = new DataView(bext.buffer);
    view.setUint32(338, 5, true);
    view.setUint32(342, 1, true);
    view.setUint16(346, 2, true);
    view.setInt16(412, -2300, true);
    text(602, "A=PCM,F=48000\r\n");
    using file = new SoundFile(wavWith(["bext", bext]));
    const broadcast = file.broadcastInfo!;
    assert.equal(broadcast.description, "Evening news");
    assert.equal(broadcast.originator, "A station of exactly 32 letters!");
    assert.equal(broadcast.originatorReference, "REF 1");
    assert.equal(broadcast.originationDate, "2024-02-29");
    assert.equal(broadcast.originationTime, "20:15:00");
    assert.equal(broadcast.timeReference, 2 ** 32 + 5);
    assert.equal(broadcast.version, 2);
    assert.equal(broadcast.loudness, -23);
    assert.match(broadcast.codingHistory, /^A=PCM,F=48000/);
  });
});

describe("off the thread", () => {
  it("reads and writes as on it", async () => {
    for (const format of ["WAV", "FLAC"]) {
      const long = randomSamples("int16", 2 * 700000, random);
      using file = new SoundFile(path(`async.${format}`), "w", { ...stereo, format });
      await file.writeAsync(long);
      await file.writeAsync(data);
      file.close();
      using back = new SoundFile(path(`async.${format}`));
      const first = await back.readAsync(700000, { dtype: "int16" });
      assert.ok(Buffer.compare(new Uint8Array(first.buffer), new Uint8Array(long.buffer)) === 0);
      const out = new Int16Array(10);
      assert.deepEqual(await back.readAsync(-1, { out }), data.slice(0, 10));
      assert.deepEqual(await back.readAsync(-1, { dtype: "int16" }), data.slice(10));
      assert.deepEqual([...await back.readAsync(1, { dtype: "int16", fillValue: 3 })], [3, 3]);
      assert.equal((await back.readAsync()).length, 0);
    }
  });

  it("keeps the file to itself meanwhile", async () => {
    using file = new SoundFile(path("async.WAV"));
    const reading = file.readAsync(-1, { dtype: "int16" });
    for (
      const call of [() => file.read(), () => file.seek(0), () => file.close(), () => file.flush(), () => file.bytes()]
    ) {
      assert.throws(call, is("busy"), String(call));
    }
    await assert.rejects(file.readAsync(), is("busy"));
    assert.equal(file.frames, 701000);
    assert.equal(file.metadata.title, undefined);
    assert.ok(file.tell() >= 0);
    assert.equal((await reading).length, 2 * 701000);
    file.seek(0);
  });

  it("does not keep the event loop waiting", async () => {
    await writeFile(path("long.flac"), randomSamples("int16", 2 * 1_000_000, random), stereo);
    let worst = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    }, 5);
    const begun = performance.now();
    const { samples } = await readFile(path("long.flac"));
    const took = performance.now() - begun;
    clearInterval(timer);
    assert.equal(samples.length, 2_000_000);
    assert.ok(worst < Math.max(60, took / 2), `${worst} ms of ${took} ms`);
  });

  it("rejects with the error", async () => {
    using file = new SoundFile(written("rejects.wav"));
    await assert.rejects(file.writeAsync(data), /not open for writing/);
    await assert.rejects(file.readAsync(1.5), RangeError);
    file.close();
    await assert.rejects(file.readAsync(), is("closed"));
  });
});

describe("whole files", () => {
  it("are written and read in one call", async () => {
    await writeFile(path("whole.flac"), data, { ...stereo, subtype: "PCM_16" });
    const { samples, sampleRate, channels } = await readFile(path("whole.flac"), { dtype: "int16" });
    assert.deepEqual(samples, data);
    assert.deepEqual([sampleRate, channels], [44100, 2]);
    const part = await readFile(pathToFileURL(path("whole.flac")), { dtype: "int16", start: 10, frames: 5 });
    assert.deepEqual(part.samples, data.slice(20, 30));
    assert.deepEqual((await readFile(readFileSync(path("whole.flac")), { dtype: "int16" })).samples, data);
    await assert.rejects(readFile(path("whole.flac"), { start: 1001 }), RangeError);
    await assert.rejects(readFile(path("nothing.flac")), SoundFileError);
    await assert.rejects(writeFile(path("whole.xyz"), data, stereo), /format must be given/);
    const bytes = new Uint8Array(randomSamples("int24", 30, random).buffer);
    await writeFile(path("packed.wav"), bytes, { ...stereo, subtype: "PCM_24", dtype: "int24" });
    assert.deepEqual((await readFile(path("packed.wav"), { dtype: "int24" })).samples, bytes);
  });

  it("are described", () => {
    written("described.wav");
    assert.deepEqual(info(path("described.wav")), {
      sampleRate: 44100,
      channels: 2,
      frames: 1000,
      duration: 1000 / 44100,
      format: "WAV",
      subtype: "PCM_16",
      endian: "FILE",
      metadata: {},
    });
  });

  it("with a header that promises too much cost no more memory than they have samples", async () => {
    const file = SoundFile.inMemory({ ...stereo, format: "FLAC" });
    file.write(data);
    file.close();
    const bytes = file.bytes();
    bytes.set([bytes[21] | 0x0f, 0xff, 0xff, 0xff, 0xf0], 21); // 2^36 frames, half a terabyte
    using back = new SoundFile(bytes);
    assert.ok(back.frames > 2 ** 35);
    assert.deepEqual(back.read(-1, { dtype: "int16" }), data);
    assert.deepEqual((await readFile(bytes, { dtype: "int16" })).samples, data);
  });
});

describe("planes", () => {
  it("come apart and together", () => {
    const planes = deinterleave(data, 2);
    assert.deepEqual([planes.length, planes[0].length], [2, 1000]);
    assert.deepEqual([planes[0][3], planes[1][3]], [data[6], data[7]]);
    assert.deepEqual(interleave(planes), data);
    for (
      const array of [new Float32Array(6), new Float64Array(6), new Int32Array(6), new Int8Array(6), new Uint8Array(6)]
    ) {
      array.set([1, 2, 3, 4, 5, 6]);
      const three = deinterleave(array, 3);
      assert.deepEqual(three.map((plane) => [...plane]), [[1, 4], [2, 5], [3, 6]]);
      assert.deepEqual(interleave(three), array);
    }
    assert.throws(() => deinterleave(new Float32Array(5), 2), RangeError);
    assert.throws(() => deinterleave(new Float32Array(4), 0), RangeError);
    assert.throws(() => interleave([]), TypeError);
    assert.throws(() => interleave([new Float32Array(1), new Float32Array(2)]), RangeError);
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
      assert.ok(subtype !== undefined && checkFormat(format, subtype) || format === "MP3", `${format}: ${subtype}`);
      assert.ok(Object.keys(availableSubtypes(format)).length > 0, format);
    }
    assert.equal(defaultSubtype("ogg"), "VORBIS");
    assert.equal(defaultSubtype("nothing"), undefined);
  });
});
