// Opening sound files: names, modes, options, and what is wrong with them; closing them.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import {
  checkFormat,
  type FileMode,
  info,
  PastreamError,
  SoundFile,
  SoundFileError,
  type SoundFileOptions,
} from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import { is, soundSuite, stereo } from "../helpers/sound-suite.ts";
import { randomSamples } from "../helpers/sounds.ts";

const { path, random, data, written } = soundSuite("opening");

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

  it("shows what it is", async () => {
    const name = written("shown.wav"), args = [name];
    const { stdout } = await runTs(new URL("../programs/shown.ts", import.meta.url), { args });
    const file = `SoundFile(${JSON.stringify(name)}, mode "r", WAV PCM_16, 44100 Hz, 2 channels, 1000 frames, `;
    assert.deepEqual(stdout.trim().split(/\r?\n/), [
      `${file}open)`,
      `${file}closed)`,
      "OutputStream('virtual', 48000 Hz, 1 channel, float32, blockSize 64)",
      "RingBuffer(1024 elements of 4 bytes)",
    ]);
    using opened = new SoundFile(name);
    assert.equal(String(opened), `${file}open)`);
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
    assert.throws(() => new SoundFile(""), TypeError);
    assert.throws(() => new SoundFile(-1), RangeError);
    assert.throws(() => new SoundFile(readFileSync(name), "r+"), RangeError);
  });

  it("fails with libsndfile's text and the path", () => {
    writeFileSync(path("noise.wav"), "this is no sound file, whatever its name is");
    writeFileSync(path("empty.wav"), "");
    for (
      const [name, text] of [["missing.wav", /missing\.wav: No such file/], [
        "noise.wav",
        /noise\.wav: this is not a sound file of a supported format/,
      ], [
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

  it("has the system's error as its cause", () => {
    const cause = (call: () => unknown): { code?: string; errno?: number } => {
      try {
        call();
      } catch (error) {
        return (error as Error).cause as { code?: string; errno?: number };
      }
      throw new Error("no error");
    };
    assert.equal(cause(() => new SoundFile(path("missing.wav"))).code, "ENOENT");
    assert.ok(cause(() => new SoundFile(path("missing.wav"))).errno! < 0);
    assert.equal(cause(() => new SoundFile(path(""))).code, "EISDIR");
    writeFileSync(path("noise.wav"), "this is no sound file, whatever its name is");
    assert.equal(cause(() => new SoundFile(path("noise.wav"))), undefined);
  });

  it("refuses another byte order than the file's", () => {
    const options = { sampleRate: 8000, channels: 1 };
    new SoundFile(path("order.wav"), "w", options).close();
    new SoundFile(path("order.au"), "w", { ...options, endian: "little" }).close();
    for (const [name, right, wrong] of [["order.wav", "little", "big"], ["order.au", "little", "big"]] as const) {
      new SoundFile(path(name), "r", { endian: right }).close();
      new SoundFile(path(name), "r", { endian: "file" }).close();
      assert.throws(() => new SoundFile(path(name), "r", { endian: wrong }), /endian must be the file's own/);
    }
  });

  it("requires the properties of a new file", () => {
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
    const impossible: [FileMode, SoundFileOptions][] = [
      ["w", { ...stereo, compressionLevel: 0.5 }], // WAV knows none
      ["w", { ...stereo, format: "FLAC", bitrateMode: "constant" }],
      ["w", { ...stereo, format: "XI", channels: 1, sampleRate: 48000 }], // it has one rate
      ["w+", { ...stereo, format: "FLAC" }], // not in both directions
      ["w", { ...stereo, format: "RAW", subtype: "VORBIS" }],
    ];
    for (const [mode, options] of impossible) {
      assert.throws(() => new SoundFile(path("kept.wav"), mode, options), PastreamError, JSON.stringify(options));
      assert.deepEqual(readFileSync(path("kept.wav")), before, JSON.stringify(options));
      assert.throws(() => new SoundFile(path("never.wav"), mode, options), PastreamError);
      assert.equal(existsSync(path("never.wav")), false);
    }
  });

  it("refuses what the file is not", () => {
    const name = written("own.wav");
    assert.throws(
      () => new SoundFile(name, "r", { format: "FLAC" }),
      /format must be the file's own "WAV", not "FLAC"/,
    );
    assert.throws(() => new SoundFile(name, "r+", { subtype: "float" }), /subtype must be the file's own "PCM_16"/);
    new SoundFile(name, "r", { format: "wav", subtype: "pcm_16" }).close();
    writeFileSync(path("no extension"), readFileSync(name));
    assert.throws(() => new SoundFile(path("no extension"), "r", { subtype: "PCM_17" }), /subtype must be one of/);
    assert.throws(() => new SoundFile(name, "r", { sampleRate: 48000 }), /sampleRate must be the file's own 44100/);
    assert.throws(() => new SoundFile(name, "r+", { channels: 1 }), /channels must be the file's own 2/);
    new SoundFile(name, "r", stereo).close();
  });

  it("says what is wrong with a descriptor", () => {
    const wrong = process.platform === "win32" ? /descriptor 987654 is/ : /descriptor 987654: .*Bad file descriptor/;
    assert.throws(() => new SoundFile(987654), wrong);
    assert.throws(() => new SoundFile(1.5), RangeError);
  });

  it("takes a file whose name is memory for what it is", () => {
    const folder = process.cwd();
    process.chdir(path(""));
    try {
      const file = new SoundFile("memory", "w", { ...stereo, format: "WAV" });
      file.write(data);
      assert.throws(() => file.bytes(), /not in memory/);
      file.close();
      assert.equal(file.closed, true);
      assert.equal(info("memory").frames, 1000);
    } finally {
      process.chdir(folder);
    }
  });

  it("reads SD2, whose first file has samples alone, where they begin as another format does", () => {
    const options = { format: "SD2", subtype: "PCM_16", sampleRate: 48000, channels: 1 };
    if (!checkFormat("SD2", "PCM_16")) return;
    // MPEG, RIFF.
    for (const head of [[0xfffb, 0xf0f0], [0x5249, 0x4646]]) {
      const samples = new Int16Array(4000);
      samples.set(head);
      const name = path(`like-${head[0]}.sd2`);
      const file = new SoundFile(name, "w", options);
      file.write(samples);
      file.close();
      using back = new SoundFile(name);
      assert.deepEqual([back.format, back.frames], ["SD2", 4000], `${head}`);
      assert.deepEqual(back.read(-1, { dtype: "int16" }), samples);
    }
  });

  it("has no SD2 without a path: it would be a second file somewhere", () => {
    assert.throws(() => SoundFile.inMemory({ ...stereo, format: "SD2" }), /memory: SD2 .*path/);
    assert.equal(existsSync("._"), false);
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
    assert.throws(() => new SoundFile(path("x.raw")), /sampleRate must be given for RAW/);
    for (const mode of ["r", "w", "r+"] as const) {
      assert.throws(() => new SoundFile(path("x.raw"), mode, stereo), /subtype must be given for RAW/);
    }
    assert.equal(existsSync(path("x.raw")), false);
  });

  it("are recognized by their names where libsndfile does so", () => {
    writeFileSync(path("speech.vox"), new Uint8Array(4000).fill(0x08));
    using file = new SoundFile(path("speech.vox"));
    assert.deepEqual([file.format, file.subtype, file.sampleRate], ["RAW", "VOX_ADPCM", 8000]);
    assert.equal(file.read().length, 8000);
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
