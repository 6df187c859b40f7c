// Sound files that are played.
import assert from "node:assert/strict";
import { linkSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { native } from "../../ffi/load.ts";
import { BufferEmptyError, DuplexStream, OutputStream, PastreamError, SoundFile, writeFile } from "../../mod.ts";
import { newFolder } from "../helpers/sounds.ts";
import { equalSamples, join, noise, pause, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const isBusy = (error: unknown) => error instanceof PastreamError && error.code === "busy";

describe("a sound file", () => {
  const folder = newFolder();
  const path = folder.path("stereo.wav");
  const stereo = noise("int16", 3000 * 2, 9);
  before(() => writeFile(path, stereo, { sampleRate: 48000, channels: 2, subtype: "PCM_16" }));
  after(() => folder.remove());
  const options = virtual("freewheel", { channels: 2, dtype: "int16" as const, blockSize: BLOCK });

  it("is played by its path or URL, and from its beginning each time", async () => {
    await using stream = new DuplexStream(options);
    for (const source of [path, pathToFileURL(path), path]) {
      const recorded = await stream.playrec(source, { pad: BLOCK, offset: BLOCK });
      equalSamples(recorded, stereo);
    }
    stream.setSource(path);
    const handles = native().ps_handle_count();
    for (let i = 0; i < 2; i++) {
      await stream.start();
      await stream.wait();
      assert.equal(stream.frameCount, 3000);
      assert.equal(native().ps_handle_count(), handles - 1); // the file is closed
    }
  });

  it("goes on where it stands", async () => {
    await using stream = new DuplexStream(options);
    using file = new SoundFile(path);
    const first = await stream.playrec(file, { frames: 1000, pad: BLOCK, offset: BLOCK });
    assert.equal(file.tell(), 1000);
    const rest = await stream.playrec(file, { pad: BLOCK, offset: BLOCK });
    equalSamples(join(first, rest), stereo);
    const none = await stream.playrec(file, { pad: BLOCK, offset: BLOCK });
    assert.equal(none.length, 0);
    file.seek(2990);
    equalSamples(await stream.playrec(file, { pad: BLOCK, offset: BLOCK }), stereo.slice(2990 * 2));
  });

  it("is not emptied by a recording while it is played, by whatever name", async () => {
    const link = folder.path("link.wav");
    linkSync(path, link);
    const bytes = readFileSync(path);
    const refused = /a stream plays this file, and writing would empty it first: write into another$/;
    await using stream = new DuplexStream(options);
    for (const out of [path, link]) await assert.rejects(stream.playrec(path, { out, pad: BLOCK }), refused);
    const tap = stream.addSink(link); // opened by the start
    await assert.rejects(stream.play(path), refused);
    await tap.remove();
    await stream.play(path, { pad: -1, blocking: false });
    assert.throws(() => stream.addSink(link), refused);
    assert.throws(() => stream.toFile(path), refused);
    await assert.rejects(writeFile(link, stereo, { sampleRate: 48000, channels: 2 }), refused);
    await stream.stop();
    assert.deepEqual(readFileSync(path), bytes);
    await writeFile(link, stereo, { sampleRate: 48000, channels: 2, subtype: "PCM_16" });
    assert.deepEqual(readFileSync(path), bytes);
  });

  it("is looped without a gap", async () => {
    await using stream = new DuplexStream(options);
    const recorded = await stream.playrec(path, { frames: 10000 + BLOCK, offset: BLOCK, loop: true, bufferSize: 512 });
    equalSamples(recorded, Int16Array.from({ length: 20000 }, (_, i) => stereo[i % 6000]));
    assert.equal(stream.xruns, 0);
  });

  it("shows its ring", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 2, dtype: "int16" }));
    const ring = stream.setSource(path, { bufferSize: 1024 });
    assert.equal(ring.size, 1024);
    await stream.start({ pad: -1 });
    for (const use of [() => ring.write(new Uint8Array(4)), () => ring.read(1), () => ring.flush()]) {
      assert.throws(use, (error: unknown) => error instanceof PastreamError && error.code === "active");
    }
    while (stream.heard < 3000) await pause(1);
    await stream.stop();
    assert.equal(ring.readAvailable, 0);
  });

  it("is busy while it is played", async () => {
    using file = new SoundFile(path);
    await using stream = new OutputStream(virtual("realtime", { channels: 2, dtype: "int16" }));
    stream.setSource(file, { bufferSize: 256 });
    await stream.start({ pad: -1 });
    assert.throws(() => file.read(1), isBusy);
    assert.throws(() => file.close(), isBusy);
    assert.equal(file.frames, 3000);
    assert.ok(file.tell() >= 0);
    await using other = new OutputStream(virtual("realtime", { channels: 2, dtype: "int16" }));
    await assert.rejects(() => other.play(file), isBusy);
    await stream.stop();
    assert.equal(file.read(1).length >= 0, true);
    file.seek(0);
    stream.setSource(file); // all of it is in the ring at once
    await stream.start({ pad: -1 });
    while (file.tell() < 3000) await pause(1);
    assert.throws(() => file.read(1), isBusy);
    await stream.stop();
    assert.equal(file.read(1).length >= 0, true);
  });

  it("must fit", async () => {
    const never = { channels: 1, dtype: "int16", sampleRate: 44100, conversion: "never" } as const;
    await using wrong = new OutputStream(virtual("realtime", never));
    assert.throws(() => wrong.setSource(path), { name: "RangeError", message: /44100 Hz .* 48000 Hz .*never/ });
    await using mono = new OutputStream(virtual("realtime", { ...never, sampleRate: 48000 }));
    await assert.rejects(() => mono.play(path), {
      name: "RangeError",
      message: /1 channel, not .* 2 channels/,
    });
    await assert.rejects(() => mono.play(folder.path("missing.wav")), {
      name: "SoundFileError",
      message: /missing.wav/,
    });
    using writing = new SoundFile(folder.path("new.wav"), "w", { sampleRate: 48000, channels: 1 });
    assert.throws(() => mono.setSource(writing), { name: "TypeError", message: /reading/ });
    await using stereoStream = new OutputStream(options);
    using file = new SoundFile(path);
    await assert.rejects(() => stereoStream.play(file, { frames: 3001 }), BufferEmptyError);
  });

  it("gives a stream its rate and channels", async () => {
    const fast = folder.path("fast.wav");
    await writeFile(fast, new Float32Array(30), { sampleRate: 96000, channels: 3 });
    const any = { device: "virtual" };
    using file = new SoundFile(fast);
    for (const from of [fast, pathToFileURL(fast), file]) {
      await using stream = OutputStream.fromFile(from, any);
      assert.deepEqual([stream.sampleRate, stream.channels], [96000, 3]);
    }
    await using duplex = DuplexStream.fromFile(fast, any);
    assert.deepEqual([duplex.sampleRate, duplex.channels], [96000, [2, 3]]);
    await using both = DuplexStream.fromFile(fast, { ...any, channels: [4, 1], sampleRate: 8000 });
    assert.deepEqual([both.sampleRate, both.channels], [8000, [4, 1]]);
    await using input = DuplexStream.fromFile(fast, { ...any, channels: 1 });
    assert.deepEqual(input.channels, [1, 3]);
  });
});
