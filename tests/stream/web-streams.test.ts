// A stream's samples as Web Streams.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers";
import {
  BufferFullError,
  type ChunkOptions,
  DeviceLostError,
  DuplexStream,
  InputStream,
  OutputStream,
  PastreamError,
  RingBuffer,
} from "../../mod.ts";
import { equalSamples, join, noise, pause, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const signal = noise("int16", 5000, 5);
const duplex = () => new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: BLOCK }));
type Samples = Int16Array<ArrayBuffer>;

async function collect(readable: ReadableStream<Samples>): Promise<Samples> {
  const parts: Samples[] = [];
  const reader = readable.getReader();
  for (let step = await reader.read(); !step.done; step = await reader.read()) parts.push(step.value);
  return join(...parts);
}

describe("readable()", () => {
  it("gives copied chunks, from the first read on", async () => {
    await using stream = duplex();
    stream.setSource(signal);
    const readable = stream.readable({ chunkSize: 300, offset: BLOCK, pad: BLOCK });
    await pause(5);
    assert.equal(stream.active || stream.finished, false);
    equalSamples(await collect(readable), signal);
    assert.equal(stream.finished, true);
  });

  it("stops the stream when it is cancelled, at any time", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    const unread = stream.readable({ chunkSize: 100 });
    await unread.cancel();
    assert.equal(stream.finished, false);
    const reader = stream.readable({ chunkSize: 100 }).getReader();
    await reader.read();
    assert.equal(stream.active, true);
    await reader.cancel();
    assert.equal(stream.stopped, true);
    const waiting = stream.readable({ chunkSize: 480000 }).getReader();
    const read = waiting.read();
    await pause(20);
    await waiting.cancel();
    assert.equal((await read).done, true); // it did not wait for the chunk
    assert.equal(stream.stopped, true);
    await stream.start();
    await unread.cancel();
    assert.equal(stream.active, true); // that run is none of its
    await stream.stop();
  });

  it("records again after other runs", async () => {
    await using stream = duplex();
    const readable = stream.readable({ chunkSize: 300, overlap: 20, frames: 1000 });
    await stream.play(signal);
    assert.equal((await stream.record(100)).length, 100);
    assert.equal((await collect(readable)).length, 1000 + 4 * 20);
  });

  it("leaves other runs alone when it is cancelled", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    const reader = stream.readable({ chunkSize: 100 }).getReader();
    await reader.read();
    await stream.stop();
    await stream.start();
    await reader.cancel();
    assert.equal(stream.active, true);
  });

  it("gives whole copies, whatever they are copied from", async () => {
    await using stream = duplex();
    stream.setSource(signal);
    for (const out of [new DataView(new ArrayBuffer(600)), new Uint8Array(600), new Int16Array(300)]) {
      const parts: Samples[] = [];
      const readable = stream.readable({ chunkSize: 300, offset: BLOCK, pad: BLOCK, out });
      for await (const part of readable as unknown as AsyncIterable<ArrayBufferView<ArrayBuffer>>) {
        assert.equal(part.constructor, out.constructor);
        assert.notEqual(part.buffer, out.buffer);
        parts.push(new Int16Array(part.buffer));
      }
      equalSamples(join(...parts), signal);
    }
    const planar = { layout: "planar" } as ChunkOptions;
    assert.throws(() => stream.readable(planar), { name: "RangeError", message: /layout.*"interleaved"/ });
  });

  it("errors with what ended the stream", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    const reader = stream.readable({ chunkSize: 256, bufferSize: 1024 }).getReader();
    await reader.read();
    while (stream.active) await pause(1); // the ring is full soon
    await assert.rejects(async () => {
      while (!(await reader.read()).done);
    }, BufferFullError);
    assert.throws(() => stream.readable({ chunkSize: -1 }), RangeError);
  });

  it("can be piped, transformed, and read by Node's streams", async () => {
    await using stream = duplex();
    stream.setSource(signal);
    const half = new TransformStream<Samples, Samples>({
      transform: (samples, controller) => controller.enqueue(samples.map((sample) => sample >> 1)),
    });
    const options = { chunkSize: 128, offset: BLOCK, pad: BLOCK };
    equalSamples(await collect(stream.readable(options).pipeThrough(half)), signal.map((sample) => sample >> 1));
    const parts: Samples[] = [];
    await stream.readable(options).pipeTo(new WritableStream({ write: (samples) => void parts.push(samples) }));
    equalSamples(join(...parts), signal);
    let bytes = 0;
    // deno-lint-ignore no-explicit-any -- the types of Node's Web Streams are not those of the runtime
    for await (const samples of Readable.fromWeb(stream.readable(options) as any)) bytes += samples.length;
    assert.equal(bytes, 10000); // Node makes Buffers of them
    for await (const samples of stream.readable(options) as unknown as AsyncIterable<Samples>) {
      assert.equal(samples.length, 128);
      break;
    }
    assert.equal(stream.active, false);
  });
});

describe("writable()", () => {
  it("plays what is written, from the first write on, to its end", async () => {
    await using stream = duplex();
    const sink = new RingBuffer(2, 8192);
    stream.setSink(sink);
    const writer = stream.writable({ bufferSize: 256 }).getWriter();
    await pause(5);
    assert.equal(stream.active, false);
    for (let at = 0; at < signal.length; at += 500) await writer.write(signal.subarray(at, at + 500));
    assert.equal(stream.active, true);
    await writer.close();
    assert.equal(stream.active, false);
    assert.equal(stream.frameCount, 5000);
    const heard = new Int16Array(5000);
    sink.readInto(heard);
    equalSamples(heard.subarray(BLOCK), signal.subarray(0, 5000 - BLOCK));
  });

  it("takes bytes, too, and refuses what does not fit", async () => {
    await using stream = duplex();
    const writer = stream.writable().getWriter();
    await writer.write(new Uint8Array(signal.buffer, 0, 2000));
    await writer.write(signal.buffer.slice(2000));
    await writer.close();
    assert.equal(stream.frameCount, 5000);
    const wrong = stream.writable().getWriter();
    await assert.rejects(wrong.write(new Float32Array(4) as unknown as Samples), { name: "TypeError" });
    await wrong.closed.catch(() => {});
    assert.throws(() => stream.writable({ bufferSize: 0.5 }), RangeError);
    assert.throws(() => stream.writable({ buffersize: 100 } as never), { name: "TypeError", message: /bufferSize/ });
  });

  it("closes without ado when nothing was written", async () => {
    await using stream = duplex();
    await stream.writable().close();
    assert.equal(stream.finished, false);
  });

  it("makes a writer wait while there is no room", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    const writer = stream.writable({ bufferSize: 8192 }).getWriter();
    const started = performance.now();
    for (let i = 0; i < 10; i++) await writer.write(new Float32Array(2400));
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > (24000 - 8192 - 2048) / 48000, `${seconds} s until the last write`);
    await writer.close();
    // On a busy machine there may be gaps, which are silence: what was written has all been played.
    const silent = stream.glitches.reduce((sum, { frames }) => sum + frames, 0);
    assert.equal(stream.frameCount - silent, 24000);
  });

  it("ends the stream when it is given what cannot be played", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    const writer = stream.writable().getWriter();
    writer.closed.catch(() => {});
    await writer.write(new Float32Array(100));
    await assert.rejects(writer.write(new Int16Array(4) as unknown as Float32Array<ArrayBuffer>), TypeError);
    assert.equal(stream.aborted, true);
    for (const delay of [0, 20]) { // during the start of the stream, and after it
      const again = stream.writable({ bufferSize: 1024 }).getWriter();
      again.closed.catch(() => {});
      const samples = new Float32Array(480000);
      const written = assert.rejects(again.write(samples), { name: "TypeError", message: /transferred/ });
      await (delay > 0 ? pause(delay) : new Promise(setImmediate));
      structuredClone(samples, { transfer: [samples.buffer] });
      await written;
      assert.equal(stream.aborted, true);
    }
  });

  it("tells who closes it what ended the stream", async () => {
    const faults = [{ atFrame: 480, kind: "deviceLost" }] as const;
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }, { faults }));
    const writer = stream.writable().getWriter();
    writer.closed.catch(() => {});
    await writer.write(new Float32Array(4800));
    while (stream.active) await pause(5);
    await assert.rejects(writer.close(), DeviceLostError);
    await stream.wait(); // has been told
  });

  it("aborts the stream when it is aborted, even in the middle of a write", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    const writer = stream.writable({ bufferSize: 1024 }).getWriter();
    const write = writer.write(new Float32Array(480000));
    write.catch(() => {});
    await pause(30);
    await writer.abort("enough");
    await assert.rejects(write, Error);
    assert.equal(stream.aborted, true);
  });

  it("errors when the stream ends", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    for (const waiting of [true, false]) {
      const writer = stream.writable({ bufferSize: 1024 }).getWriter();
      writer.closed.catch(() => {});
      const write = writer.write(new Float32Array(waiting ? 480000 : 100));
      const outcome = waiting ? assert.rejects(write, PastreamError) : write;
      await pause(10);
      await stream.stop();
      await outcome;
      if (!waiting) await assert.rejects(writer.write(new Float32Array(1)), PastreamError);
    }
    const faults = [{ atFrame: 480, kind: "deviceLost" }] as const;
    await using lost = new OutputStream(virtual("realtime", { channels: 1 }, { faults }));
    const writer = lost.writable({ bufferSize: 1024 }).getWriter();
    writer.closed.catch(() => {});
    await assert.rejects(writer.write(new Float32Array(480000)), { name: "DeviceLostError" });
  });

  it("starts a run that the same stream's readable() shares, if it is written to first", async () => {
    await using stream = duplex();
    for (const delay of [0, 20]) {
      const readable = stream.readable({ chunkSize: 300, offset: BLOCK });
      const writer = stream.writable().getWriter();
      const written = writer.write(signal).then(() => writer.close());
      await pause(delay);
      equalSamples(await collect(readable), signal.subarray(0, 5000 - BLOCK));
      await written;
      assert.equal(stream.chunkFrame, 4800 + BLOCK);
    }
    const [first, second] = [stream.readable({ chunkSize: 100 }), stream.readable({ chunkSize: 100 })];
    const writer = stream.writable().getWriter();
    await writer.write(signal);
    const reader = second.getReader();
    assert.equal((await reader.read()).value?.length, 100);
    assert.equal((await first.getReader().read()).value?.length, 100);
    await reader.cancel();
    assert.equal(stream.active, true); // the write started the run
    await stream.stop();
    writer.closed.catch(() => {});
  });

  it("is piped to from the same stream's readable()", async () => {
    await using stream = new DuplexStream(virtual("realtime", { channels: 1, blockSize: 256 }));
    const writable = stream.writable();
    let played = 0;
    const control = new AbortController();
    const count = new TransformStream<Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>>({
      transform(samples, controller) {
        played += samples.length;
        if (played > 4800) control.abort();
        controller.enqueue(samples);
      },
    });
    await assert.rejects(stream.readable().pipeThrough(count).pipeTo(writable, { signal: control.signal }), {
      name: "AbortError",
    });
    while (stream.active) await pause(1);
    assert.ok(stream.frameCount >= played);
    await assert.rejects(() => stream.start(), { name: "TypeError", message: /played before/ });
  });
});
