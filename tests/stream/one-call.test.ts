// A stream for one purpose: opened, used and closed in one call.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { after, before, describe, it } from "node:test";
import { native } from "../../ffi/load.ts";
import {
  BufferEmptyError,
  chunks,
  defaults,
  type Dtype,
  OutputStream,
  play,
  playrec,
  record,
  SoundFile,
  writeFile,
} from "../../mod.ts";
import { equalSamples, join, noise, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const fast = virtual("freewheel", { blockSize: BLOCK });

describe("one call", () => {
  let folder = "";
  let path = "";
  const stereo = noise("int16", 2 * 1000, 4);
  before(async () => {
    folder = mkdtempSync(joinPath(tmpdir(), "pastream-"));
    path = joinPath(folder, "stereo.wav");
    await writeFile(path, stereo, { sampleRate: 44100, channels: 2, subtype: "PCM_16" });
  });
  after(() => rmSync(folder, { recursive: true }));

  it("plays", async () => {
    const before = native().ps_handle_count();
    await play(new Float32Array(1000), fast);
    await play(path, { ...fast, pad: 10 });
    await play(new Int16Array(1000), { ...fast, channels: 2 });
    await play(function* () {
      yield new Float32Array(200);
    }, fast);
    await play([new Int8Array(100)], { ...fast, dtype: "int8", channels: 1 });
    using file = new SoundFile(path);
    await play(file, fast);
    assert.equal(file.tell(), 1000);
    await assert.rejects(() => play(new Float32Array(10), { ...fast, frames: 20 }), BufferEmptyError);
    await assert.rejects(() => play(new Float32Array(10), { ...fast, dtype: "int16" as Dtype }), TypeError);
    await assert.rejects(() => play(new Float32Array(3), { ...fast, channels: 2 }), RangeError);
    await assert.rejects(() => play(joinPath(folder, "missing.wav"), fast), { name: "SoundFileError" });
    await assert.rejects(() => play(5 as unknown as Float32Array<ArrayBuffer>, fast), TypeError);
    file.close();
    assert.equal(native().ps_handle_count(), before);
  });

  it("takes samples as mono, also those that a generator or a Web Stream brings", async () => {
    const samples = new Float32Array(300).fill(0.5);
    const pieces = function* () {
      yield samples;
    };
    const stream = new ReadableStream<Float32Array<ArrayBuffer>>({
      start(controller) {
        controller.enqueue(samples);
        controller.close();
      },
    });
    for (const source of [samples, pieces, pieces(), stream]) {
      const recorded = await playrec(source, { ...fast, frames: 300, pad: 512 });
      assert.equal(recorded.length, 812);
      assert.equal(recorded.filter((sample) => sample === 0.5).length, 300);
    }
    let channels = 0;
    await play((stream, ring) => {
      assert.ok(stream instanceof OutputStream);
      channels = stream.channels;
      ring.write(new Float32Array(200));
    }, fast); // a function is given the stream, and writes its frames
    assert.equal(channels, 2);
  });

  it("says how to make samples of numbers and of doubles", async () => {
    const wrongs: readonly [unknown, string][] = [
      [new Float64Array(4), "source must be a Float32Array .* Float32Array.from"],
      [[new Float64Array(4), new Float64Array(4)], "Float32Array.from"],
      [[0, 0.1], "typed array .* Float32Array.from"],
    ];
    for (const [wrong, message] of wrongs) {
      const played = play(wrong as Float32Array<ArrayBuffer>, fast);
      await assert.rejects(played, { name: "TypeError", message: new RegExp(message) });
    }
  });

  it("records", async () => {
    const samples = await record(1000, { ...fast, dtype: "int16", channels: 3 });
    assert.ok(samples instanceof Int16Array);
    assert.equal(samples.length, 3000);
    assert.equal((await record(1000, { ...fast, offset: 900 })).length, 200);
    await assert.rejects(() => record(-1, fast), RangeError);
    await assert.rejects(() => record(NaN, fast), RangeError);
    await assert.rejects(() => record(10, { ...fast, offset: 11 }), RangeError);
  });

  it("plays and records", async () => {
    const mono = noise("int32", 500);
    const loopback = { pad: BLOCK, offset: BLOCK };
    equalSamples(await playrec<"int32">(mono, { ...fast, ...loopback }), mono);
    equalSamples(await playrec(path, { ...fast, ...loopback, dtype: "int16" }), stereo);
    equalSamples(await playrec<"int16">(stereo, { ...fast, ...loopback, channels: 2 }), stereo);
    equalSamples(await playrec<"int32">([mono], { ...fast, ...loopback }), mono);
    const planes = [stereo.filter((_, i) => i % 2 === 0), stereo.filter((_, i) => i % 2 === 1)];
    equalSamples(await playrec<"int16">(planes, { ...fast, ...loopback }), stereo);
    await assert.rejects(() => playrec<"int32">(new Set([mono]), fast), TypeError);
    await assert.rejects(() => playrec<"int16">([planes[0], planes[1].subarray(1)], fast), RangeError);
    const threeIn = await playrec<"int32">(mono, { ...fast, channels: [3, undefined] });
    assert.equal(threeIn.length, 1500);
  });

  it("yields chunks", async () => {
    let count = 0;
    for await (const chunk of chunks({ ...fast, chunkSize: 100, frames: 1000, channels: 1 })) count += chunk.length;
    assert.equal(count, 1000);
    const parts: Int16Array<ArrayBuffer>[] = [];
    const options = { ...fast, dtype: "int16", playback: path, chunkSize: 333, pad: BLOCK, offset: BLOCK } as const;
    for await (const chunk of chunks(options)) parts.push(chunk.slice() as Int16Array<ArrayBuffer>);
    equalSamples(join(...parts), stereo);
    for await (const [left, right] of chunks({ ...options, layout: "planar" })) {
      equalSamples(left, stereo.filter((_, i) => i % 2 === 0).slice(0, 333));
      equalSamples(right, stereo.filter((_, i) => i % 2 === 1).slice(0, 333));
      break;
    }
    const out = new Float32Array(200);
    let filled = 0;
    for await (const chunk of chunks({ ...fast, chunkSize: 100, frames: 250, channels: 2, out })) {
      assert.equal(chunk.buffer, out.buffer);
      filled += chunk.length;
    }
    assert.equal(filled, 2 * 250);
    const wrong: [options: object, name: string, message: RegExp][] = [
      [{ chunkSize: -1 }, "RangeError", /chunkSize/],
      [{ overlap: 1 }, "RangeError", /overlap must be 0 for chunks that vary/],
      [{ overlap: 64, blockSize: 64 }, "RangeError", /overlap must be less than the blockSize of 64/],
      [{ frames: 5, offset: 6 }, "RangeError", /offset/],
      [{ channels: 0 }, "RangeError", /channels/],
      [{ dtype: "float64" }, "RangeError", /dtype/],
      [{ playback: 0 }, "TypeError", /source/],
      [{ playback: "", dtype: 5 }, "TypeError", /dtype/],
    ];
    for (const [options, name, message] of wrong) assert.throws(() => chunks(options), { name, message });
    assert.throws(() => chunks(5 as never), { name: "TypeError", message: /options/ });
    assert.throws(() => chunks({ overlap: "1" as unknown as number }), TypeError);
    const unused = chunks({ device: "no such device" });
    await unused.return();
    await assert.rejects(() => chunks({ ...fast, channels: 65 }).next(), RangeError);
    // What is inherited counts, as in the options of a stream.
    const inherited = chunks(Object.create({ ...fast, chunkSize: 7 }));
    assert.equal((await inherited.next()).value?.length, 2 * 7);
    await inherited.return();
  });

  it("leaves nothing behind, however it ends", async () => {
    const before = native().ps_handle_count();
    for await (const _ of chunks({ ...fast, chunkSize: 100 })) break;
    for await (const _ of chunks({ ...fast, playback: path, chunkSize: 100 })) break;
    await assert.rejects(async () => {
      for await (const _ of chunks({ ...fast, chunkSize: 100 })) throw new Error("mine");
    }, { message: "mine" });
    await assert.rejects(async () => {
      for await (const _ of chunks({ ...fast, playback: new Float32Array(100), frames: 200 }));
    }, BufferEmptyError);
    assert.equal(native().ps_handle_count(), before);
  });

  it("heeds the defaults", async () => {
    Object.assign(defaults, fast, { dtype: "int16", channels: 1 });
    try {
      assert.ok(await record(10) instanceof Int16Array);
      for await (const chunk of chunks({ frames: BLOCK })) assert.equal(chunk.length, BLOCK);
      defaults.channels = [3, 2];
      assert.equal((await playrec<"int16">(new Int16Array(200))).length, 300);
      await assert.rejects(() => play(new Int16Array(201)), RangeError);
      await play(new Int16Array(201), { channels: 1 });
    } finally {
      for (const name of Object.keys(defaults)) delete defaults[name as keyof typeof defaults];
    }
  });

  it("can be interrupted", async () => {
    const control = new AbortController();
    setTimeout(() => control.abort(new Error("enough")), 30);
    const slow = { device: "virtual", channels: 1, signal: control.signal };
    const all = [play(new Float32Array(48000), slow), record(48000, slow), playrec(new Float32Array(48000), slow)];
    await Promise.all(all.map((one) => assert.rejects(one as Promise<unknown>, { message: "enough" })));
  });
});
