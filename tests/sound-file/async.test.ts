// Reading and writing off the thread, and whole files.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers";
import { pathToFileURL } from "node:url";
import { info, readFile, SoundFile, SoundFileError, writeFile } from "../../mod.ts";
import { is, soundSuite, stereo } from "../helpers/sound-suite.ts";
import { randomSamples } from "../helpers/sounds.ts";

const { path, random, data, written } = soundSuite("async");

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
    /** Turns that the event loop has while the file is read, as far as they are counted. */
    const turnsOf = async () => {
      let turns = 0;
      let reading = true;
      const turn = () => void (reading && (turns++, setImmediate(turn)));
      turn();
      const { samples } = await readFile(path("long.flac"));
      reading = false;
      assert.equal(samples.length, 2_000_000);
      return turns;
    };
    // A read on the thread would leave room for the same few each time. On a busy machine the file may be read while
    // this thread does not run; then it is read again.
    let most = 0;
    for (let tries = 0; tries < 20 && most < 10; tries++) most = Math.max(most, await turnsOf());
    assert.ok(most >= 10, `${most} turns`);
  });

  it("does not go on with memory that was taken away or shrank", async () => {
    const size = 2 ** 24; // more than what is moved before others have their turn
    const options = { maxByteLength: size };
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: object,
    ) => ArrayBuffer & { resize(length: number): void };
    const shrink = (buffer: ArrayBuffer) => (buffer as InstanceType<typeof Resizable>).resize(0);
    const detach = (buffer: ArrayBuffer) => void structuredClone(buffer, { transfer: [buffer] });
    for (const take of [shrink, detach]) {
      using file = new SoundFile(path("taken.wav"), "w+", stereo);
      const buffer = new Resizable(size, options);
      const writing = file.writeAsync(new Int16Array(buffer));
      take(buffer);
      await assert.rejects(writing, /data must stay as it is/);
      file.seek(0);
      file.write(new Int16Array(size / 2));
      file.seek(0);
      const out = new Resizable(size, options);
      const reading = file.readAsync(-1, { out: new Int16Array(out) });
      take(out);
      await assert.rejects(reading, /out must stay as long as it is/);
      assert.equal(typeof file.seek(0), "number"); // no call uses it any more
    }
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

  it("are not touched when the samples cannot be written", async () => {
    const before = readFileSync(written("untouched.wav"));
    const bad: [unknown, object][] = [[data.subarray(1), {}], [[1, 2], {}], [new DataView(new ArrayBuffer(4)), {}], [
      data,
      { dtype: "int8" },
    ]];
    for (const [samples, options] of bad) {
      for (const name of ["untouched.wav", "never.wav"]) {
        await assert.rejects(writeFile(path(name), samples as Int16Array, { ...stereo, ...options }));
      }
    }
    assert.deepEqual(readFileSync(path("untouched.wav")), before);
    assert.equal(existsSync(path("never.wav")), false);
    await assert.rejects(writeFile(path("never.wav"), data, {} as typeof stereo), /sampleRate must be given/);
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
    const frames = data.length / 2;
    const cutOff = new RegExp(`ends at frame ${frames} of`);
    assert.throws(() => back.read(-1, { dtype: "int16" }), cutOff);
    await assert.rejects(readFile(bytes, { dtype: "int16" }), cutOff);
    back.seek(0);
    assert.deepEqual(back.read(2 * frames, { dtype: "int16" }), data); // all that there is, and only then the error
    assert.throws(() => back.read(1), cutOff);
    back.seek(0);
    assert.deepEqual(await back.readAsync(2 * frames, { dtype: "int16" }), data);
    await assert.rejects(back.readAsync(1), cutOff);
    back.seek(0);
    const blocks = back.blocks({ blockSize: 700, dtype: "int16" });
    assert.equal(blocks.next().value!.length, 1400);
    assert.throws(() => [...blocks], cutOff);
  });
});
