// A RingBuffer of the user's as a source and as a sink.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BufferFullError, DuplexStream, OutputStream, PastreamError, RingBuffer } from "../../mod.ts";
import { equalSamples, join, noise, pause, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const isBusy = (error: unknown) => error instanceof PastreamError && error.code === "busy";
const signal = noise("int16", 5000, 5);

const duplex = (clock: "realtime" | "freewheel" = "freewheel") =>
  new DuplexStream(virtual(clock, { channels: 1, dtype: "int16", blockSize: BLOCK }));

describe("a ring of the user's that is played", () => {
  it("counts as ended, and goes on at a second start", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: BLOCK }));
    const ring = new RingBuffer(2, 8192);
    assert.equal(stream.setSource(ring), ring);
    ring.write(signal);
    const sink = new RingBuffer(2, 8192);
    stream.setSink(sink);
    await stream.start({ frames: 1000, pad: BLOCK, offset: BLOCK });
    await stream.wait();
    await stream.start({ pad: BLOCK, offset: BLOCK });
    await stream.wait();
    const recorded = new Int16Array(5000);
    assert.equal(sink.readInto(recorded), 5000);
    equalSamples(recorded, signal);
  });

  it("can be kept filled", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1, dtype: "int16" }));
    const ring = new RingBuffer(2, 8192);
    ring.write(signal.subarray(0, 2000));
    stream.setSource(ring);
    await stream.start({ pad: -1 });
    while (ring.readAvailable > 0) await pause(1);
    ring.write(signal.subarray(2000, 3000));
    while (ring.readAvailable > 0) await pause(1);
    assert.throws(() => ring.read(1), (error: unknown) => error instanceof PastreamError && error.code === "active");
    await stream.stop();
  });

  it("can be looped, unless it is empty", async () => {
    const ring = new RingBuffer(2, 8);
    ring.write(Int16Array.of(1, 2, 3));
    const expected = Int16Array.from({ length: 100 }, (_, i) => i % 3 + 1);
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: BLOCK }));
    const out = new Int16Array(100);
    await stream.playrec(ring, { frames: 100 + BLOCK, offset: BLOCK, loop: true, out });
    equalSamples(out, expected);
    assert.equal(ring.readAvailable, 3);
    ring.flush();
    await assert.rejects(() => stream.playrec(ring, { frames: 10, loop: true }), RangeError);
  });

  it("must have elements of the size of frames, and be open", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 2 }));
    assert.throws(() => stream.setSource(new RingBuffer(4, 16)), { name: "RangeError", message: /8 bytes.*4/ });
    const ring = new RingBuffer(8, 16);
    stream.setSource(ring);
    ring.close();
    await assert.rejects(
      () => stream.start(),
      (error: unknown) => error instanceof PastreamError && error.code === "closed",
    );
    assert.throws(() => stream.setSource(ring), PastreamError);
  });

  it("serves one stream at a time", async () => {
    const ring = new RingBuffer(4, 1024);
    await using first = new OutputStream(virtual("realtime", { channels: 1 }));
    await using second = new OutputStream(virtual("realtime", { channels: 1 }));
    first.setSource(ring);
    second.setSource(ring);
    await first.start({ pad: -1 });
    await assert.rejects(() => second.start(), isBusy);
    await first.stop();
    await second.start({ pad: -1 });
    await second.stop();
  });
});

describe("a ring of the user's that is recorded into", () => {
  it("is filled, and overflows", async () => {
    await using stream = duplex();
    const ring = new RingBuffer(2, 1024);
    stream.setSource(signal);
    stream.setSink(ring);
    const reading = (async () => {
      const parts: Int16Array<ArrayBuffer>[] = [];
      for (let count = 0; count < 5000 + BLOCK; await pause(1)) {
        const part = new Int16Array(ring.readAvailable);
        count += ring.readInto(part);
        parts.push(part);
      }
      return join(...parts);
    })();
    await stream.start({ pad: BLOCK });
    await stream.wait();
    equalSamples((await reading).subarray(BLOCK), signal);
    await using late = duplex("realtime");
    late.setSink(ring);
    await late.start();
    await assert.rejects(() => late.wait(5), BufferFullError);
    assert.equal(late.aborted, true);
    assert.equal(ring.readAvailable, 1024);
    assert.equal(late.frameCount, 1024);
  });

  it("may drop what does not fit, which is counted and logged", async () => {
    await using stream = duplex("realtime");
    const ring = new RingBuffer(2, 512);
    stream.setSink(ring, { onOverflow: "drop" });
    await stream.start({ frames: 4800 });
    await stream.wait();
    assert.equal(stream.frameCount, 4800);
    assert.equal(ring.readAvailable, 512);
    assert.deepEqual(stream.glitches.map(({ kind, frame, frames }) => [kind, frame, frames]), [[
      "sinkOverflow",
      512,
      4288,
    ]]);
  });
});

describe("a ring over memory of the user's own", () => {
  it("holds in that memory what was recorded, and plays what is in it", async () => {
    await using stream = duplex();
    const memory = new Int16Array(8192);
    using ring = new RingBuffer(2, undefined, memory);
    const played = new Int16Array(8192);
    using source = new RingBuffer(2, undefined, played);
    for (let run = 0; run < 2; run++) {
      source.flush();
      source.write(signal);
      ring.flush();
      stream.setSource(source);
      stream.setSink(ring);
      await stream.start({ pad: BLOCK, offset: BLOCK });
      await stream.wait();
      equalSamples(memory.subarray(0, 5000), signal);
      assert.equal(source.readAvailable, 0);
      const [count, region] = ring.getReadBuffers();
      assert.equal(count, 5000);
      assert.equal(region.buffer, memory.buffer);
    }
  });

  it("is read and written during a run, without regions", async () => {
    // Half a second is in the ring, in which the rest is written, also on a busy machine.
    const slow = { channels: 1, dtype: "int16", blockSize: BLOCK, sampleRate: 8000 } as const;
    await using stream = new DuplexStream(virtual("realtime", slow));
    const memory = new Int16Array(4096);
    using source = new RingBuffer(2, undefined, memory);
    using sink = new RingBuffer(2, 65536);
    source.write(signal, 4000);
    stream.setSource(source);
    stream.setSink(sink);
    await stream.start({ pad: -1 });
    let written = 4000;
    while (written < 5000) {
      written += source.write(signal.subarray(written));
      await pause(2);
    }
    const active = { name: "PastreamError", code: "active", message: /own.*while a stream uses it/ };
    assert.throws(() => source.getWriteBuffers(), active);
    while (sink.readAvailable < BLOCK + 5000) await pause(2);
    assert.equal(source.readAvailable, 0);
    await stream.stop();
    const recorded = new Int16Array(5000);
    sink.readInto(new Int16Array(BLOCK));
    sink.readInto(recorded);
    equalSamples(recorded, signal);
    assert.equal(source.getWriteBuffers()[1].buffer, memory.buffer);
  });

  it("is given back whatever becomes of the stream", async () => {
    const memory = new Int16Array(4096);
    using ring = new RingBuffer(2, undefined, memory);
    await using stream = duplex("realtime");
    stream.setSink(ring, { onOverflow: "drop" });
    stream.setSource(signal);
    await stream.start({ pad: -1 });
    await assert.rejects(() => stream.start(), { code: "active" });
    while (ring.readAvailable < 100) await pause(1);
    await stream.close();
    equalSamples(memory.subarray(BLOCK, 100), signal.subarray(0, 100 - BLOCK));
    assert.equal(ring.getReadBuffers()[1].buffer, memory.buffer);
  });

  it("is given back where the start fails, too", async () => {
    await using stream = duplex("realtime");
    using source = new RingBuffer(2, undefined, new Int16Array(64));
    const sink = new RingBuffer(2, 64);
    stream.setSource(source);
    stream.setSink(sink);
    sink.close();
    await assert.rejects(() => stream.start(), { code: "closed" });
    assert.equal(source.getWriteBuffers()[0], 64);
  });

  it("is not for streams where another thread may use that memory", async () => {
    await using stream = duplex();
    using ring = new RingBuffer(2, undefined, new SharedArrayBuffer(64));
    const handle = ring.share();
    using other = RingBuffer.from(handle);
    for (const each of [ring, other]) {
      stream.setSink(each);
      await assert.rejects(() => stream.start(), { name: "TypeError", message: /another thread/ });
    }
    stream.setSink(new Int16Array(10));
    await stream.start();
    assert.equal(await stream.wait(), true);
  });
});
