// How chunks end: left early, before they begin, by a request, or with their run.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BufferEmptyError,
  BufferFullError,
  DeviceLostError,
  DuplexStream,
  InputStream,
  PastreamError,
  writeFile,
} from "../../mod.ts";
import { native } from "../../ffi/load.ts";
import { newFolder } from "../helpers/sounds.ts";
import { noise, pause, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const duplex = (options = {}) =>
  new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16" as const, blockSize: BLOCK, ...options }));
const signal = noise("int16", 5000, 5);

describe("leaving chunks early", () => {
  it("stops the stream", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 1, blockSize: 128 }));
    for await (const _ of stream.chunks()) break;
    assert.equal(stream.stopped, true);
    await assert.rejects(async () => {
      for await (const _ of stream.chunks()) throw new Error("mine");
    }, { message: "mine" });
    assert.equal(stream.stopped, true);
    const iterator = stream.chunks();
    await iterator.next();
    await iterator.return();
    assert.equal(stream.stopped, true);
    await iterator.next();
    const again = stream.chunks();
    await again.next();
    await assert.rejects(() => again.throw(new Error("thrown")), { message: "thrown" });
    assert.equal(stream.stopped, true);
  });

  it("is done from outside, too", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    let frames = 0;
    setTimeout(() => stream.stop(), 50);
    for await (const chunk of stream.chunks({ chunkSize: 1000 })) frames += chunk.length;
    assert.equal(frames, stream.frameCount); // what had been captured is handed out
    setTimeout(() => stream.abort(), 50);
    for await (const chunk of stream.chunks({ chunkSize: 1000 })) assert.equal(chunk.length, 1000); // drops the rest
    assert.equal(stream.aborted, true);
    setTimeout(() => stream.close(), 50);
    for await (const _ of stream.chunks({ chunkSize: 1000 })); // ends
    assert.equal(stream.closed, true);
    assert.throws(() => stream.chunks(), PastreamError);
  });
});

describe("requests that come before the last one has settled", () => {
  const duplexLive = () =>
    new DuplexStream(virtual("realtime", { channels: 1, dtype: "int16" as const, blockSize: BLOCK }));
  const lengths = async (requests: Promise<IteratorResult<Int16Array, void>>[]) =>
    (await Promise.all(requests)).map(({ value, done }) => done ? "done" : value!.length);

  it("are served one after the other", async () => {
    await using stream = duplexLive();
    const steps = stream.chunks({ chunkSize: 400, frames: 1000 });
    const order: number[] = [];
    const asked = [0, 1, 2, 3].map((i) => steps.next().finally(() => order.push(i)));
    assert.deepEqual(await lengths(asked), [400, 400, 200, "done"]);
    assert.deepEqual(order, [0, 1, 2, 3]);
    assert.deepEqual(await lengths([steps.next(), steps.return(), steps.next()]), ["done", "done", "done"]);
    assert.equal(stream.frameCount, 1000);
  });

  it("may be for its end", async () => {
    await using stream = duplexLive();
    const steps = stream.chunks({ chunkSize: 400 });
    assert.deepEqual(await lengths([steps.next(), steps.return(), steps.next()]), [400, "done", "done"]);
    assert.equal(stream.stopped, true);
    const failing = stream.chunks({ chunkSize: 400 });
    const first = failing.next();
    await assert.rejects(() => failing.throw(new Error("mine")), { message: "mine" });
    assert.equal((await first).done, false);
    assert.equal((await failing.next()).done, true);
    assert.equal(stream.stopped, true);
  });

  it("end with the scope of an `await using`", async () => {
    await using stream = duplexLive();
    {
      await using steps = stream.chunks({ chunkSize: 400 });
      assert.equal(steps[Symbol.asyncIterator](), steps);
      assert.equal((await steps.next()).done, false);
      assert.equal(stream.active, true);
    }
    assert.equal(stream.stopped, true);
  });
});

describe("leaving chunks before they begin", () => {
  it("releases what would be played", async () => {
    const folder = newFolder();
    const file = folder.path("sound.wav");
    await writeFile(file, signal, { sampleRate: 48000, channels: 1, subtype: "PCM_16" });
    await using stream = duplex();
    const before = native().ps_handle_count();
    const options = { playback: file };
    await stream.chunks(options).return();
    await assert.rejects(() => stream.chunks(options).throw(new Error("mine")), { message: "mine" });
    await stream.readable(options).cancel();
    assert.throws(() => stream.chunks({ ...options, offset: 5001 }), RangeError);
    assert.equal(native().ps_handle_count(), before);
    const late = stream.chunks(options);
    await stream.start({ frames: 1e9 });
    await assert.rejects(() => late.next(), { name: "TypeError", message: /playback .* running/ });
    assert.equal(stream.active, true);
    assert.equal((await late.next()).done, true);
    await stream.stop();
    assert.equal(native().ps_handle_count(), before);
    folder.remove();
  });
});

describe("chunks of a run that fails", () => {
  it("are handed out before its error is thrown", async () => {
    const faults = [{ atFrame: 4800, kind: "deviceLost" }] as const;
    await using stream = new InputStream(virtual("realtime", { channels: 1, blockSize: 480 }, { faults }));
    let frames = 0;
    await assert.rejects(async () => {
      for await (const chunk of stream.chunks({ chunkSize: 1000 })) frames += chunk.length;
    }, DeviceLostError);
    assert.equal(frames, 4800);
    await stream.wait(); // has been told

    await using slow = new InputStream(virtual("realtime", { channels: 1, blockSize: 64 }));
    frames = 0;
    await assert.rejects(async () => {
      for await (const chunk of slow.chunks({ chunkSize: 100, bufferSize: 1024 })) {
        frames += chunk.length;
        if (frames === 100) { while (slow.active) await pause(5); }
      }
    }, BufferFullError);
    assert.equal(frames, slow.frameCount);
    assert.ok(frames >= 1024, `${frames} frames`);

    await using short = duplex();
    frames = 0;
    await assert.rejects(async () => {
      for await (const chunk of short.chunks({ playback: signal, frames: 6000 })) frames += chunk.length;
    }, BufferEmptyError);
    assert.equal(frames, 5000);
  });

  it("may rather drop what there was no time for", async () => {
    await using stream = new DuplexStream(virtual("realtime", { channels: 1, dtype: "int16", blockSize: 64 }));
    const counter = Int16Array.from({ length: 2 ** 15 }, (_, i) => i);
    stream.setSource(counter, { loop: true });
    let chunks = 0;
    let gaps = 0;
    let next = 0;
    for await (
      const chunk of stream.chunks({ chunkSize: 100, bufferSize: 1024, onOverflow: "drop", offset: 64, pad: -1 })
    ) {
      const frame = stream.chunkFrame - 64;
      if (frame > next) gaps++;
      // A chunk may lie on both sides of a gap; its first frame is where it says.
      assert.equal(chunk[0], frame % 2 ** 15, `chunk ${chunks}`);
      next = frame + chunk.length;
      if (++chunks % 20 === 0) await pause(60);
      if (gaps === 5) break;
    }
    assert.ok(stream.glitches.filter(({ kind }) => kind === "sinkOverflow").length >= 5);
  });
});
