// Sources and sinks that run in workers.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { native } from "../../ffi/load.ts";
import { DuplexStream, InputStream, OutputStream, PastreamError, RingBuffer } from "../../mod.ts";
import { clocks, pause, virtual } from "../helpers/streams.ts";

const worker = (name: string, data?: unknown) => ({ worker: new URL(`../workers/${name}.ts`, import.meta.url), data });

/**
 * Keeps this thread busy until something has happened elsewhere, so that nothing of JavaScript's runs in it meanwhile.
 */
function blockUntil(happened: () => boolean): void {
  const end = performance.now() + 20000;
  while (!happened()) assert.ok(performance.now() < end, "nothing happens while this thread is busy");
}

describe("a worker's source", () => {
  for (const clock of clocks) {
    it(`is played, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { channels: 1, blockSize: 256 }));
      const recorded = new Float32Array(4800);
      stream.setSource(worker("tone", { frames: 4800, first: 7 }));
      stream.setSink(recorded);
      await stream.start({ prebuffer: 4800 });
      await stream.wait();
      assert.equal(stream.frameCount, 4800);
      for (let i = 0; i < 4800 - 256; i++) assert.equal(recorded[256 + i], (7 + i) % 16384 / 16384, `sample ${i}`);
      assert.equal(stream.xruns, 0);
    });
  }

  it("goes on while the stream's own thread is blocked", async () => {
    await using stream = new DuplexStream(virtual("realtime", { channels: 1 }));
    const sink = stream.setSink(new RingBuffer(4, 65536));
    stream.setSource(worker("tone"), { bufferSize: 4096 });
    await stream.start({ prebuffer: 4096 });
    blockUntil(() => stream.frameCount > 24000);
    await stream.stop();
    const samples = new Float32Array(sink.readAvailable);
    sink.readInto(samples);
    // On a busy machine there may be gaps of silence; of what the worker gave nothing is lost.
    const heard = samples.filter((sample) => sample !== 0);
    assert.ok(heard.length > 8192, `${heard.length} samples of the worker's`);
    for (const [i, sample] of heard.entries()) assert.equal(sample, (i % 16383 + 1) / 16384, `sample ${i}`);
  });

  it("has ended when its function returns, even while the stream's own thread is blocked", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    stream.setSource(worker("tone", { frames: 4800 }));
    await stream.start({ prebuffer: 4800 });
    blockUntil(() => !stream.active);
    await stream.wait();
    assert.deepEqual([stream.finished, stream.aborted], [true, false]);
  });

  it("may be a generator function", async () => {
    await using stream = new OutputStream(virtual("freewheel", { channels: 1, dtype: "int16" }));
    await stream.play(worker("generator"));
    assert.equal(stream.frameCount, 1000);
  });

  it("is called at each start, and ends with the stream", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    stream.setSource(worker("tone"));
    await stream.start();
    await pause(20);
    await stream.stop();
    assert.equal(stream.stopped, true);
    await stream.start();
    await stream.drain();
    assert.equal(stream.stopped, false);
  });

  it("may keep its thread to itself, and ends with the stream all the same", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    for (const end of ["stop", "drain", "abort"] as const) {
      const left = new Int32Array(new SharedArrayBuffer(4));
      stream.setSource(worker("busy", { left }));
      await stream.start();
      await stream[end]();
      while (Atomics.load(left, 0) === 0) await pause(1);
    }
  });

  it("that fails ends the stream with its error", async () => {
    const cases: [data: string, error: object | ((error: unknown) => boolean)][] = [
      ["at once", { name: "RangeError", message: "at once" }],
      [
        "coded",
        (error) => error instanceof PastreamError && error.code === "buffer-empty" && error.message === "coded",
      ],
      ["uncloneable", { message: "uncloneable" }],
      ["exit", { message: /worker exited/ }],
    ];
    for (const [data, error] of cases) {
      await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
      await assert.rejects(() => stream.play(worker("failing", data)), error, data);
      assert.equal(stream.aborted, true);
    }
  });

  it("must be there, and a function", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    await assert.rejects(() => stream.play(worker("no-function")), { name: "TypeError", message: /default/ });
    await assert.rejects(() => stream.play(worker("not-there")), {
      name: "Error",
      message: /cannot load .*not-there.ts/,
    });
    await assert.rejects(() => stream.play(worker("tone", () => {})), { name: "DataCloneError" });
  });
});

describe("a worker's sink", () => {
  it("gets everything that is recorded, and is waited for", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: 100 }));
    const result = new Int32Array(new SharedArrayBuffer(12));
    const out = worker("collector", result);
    const recorded = await stream.playrec(Int16Array.from({ length: 30000 }, (_, i) => i % 7), { pad: 100, out });
    assert.equal(recorded, out);
    let sum = 0;
    for (let i = 0; i < 30000; i++) sum += i % 7;
    assert.deepEqual([...result], [30100, sum, 30100]);
  });

  it("may keep its thread to itself, and gets everything all the same", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    const left = new Int32Array(new SharedArrayBuffer(4));
    await stream.record({ out: worker("busy", { left, sink: true }), frames: 4800 });
    assert.equal(left[0], 4800);
  });

  it("goes on while the stream's own thread is blocked", async () => {
    const stream = new InputStream(virtual("realtime", { channels: 1, dtype: "int16" }));
    const result = new Int32Array(new SharedArrayBuffer(12));
    stream.setSink(worker("collector", result));
    await stream.start();
    while (Atomics.load(result, 0) === 0) await pause(1);
    const before = Atomics.load(result, 0);
    blockUntil(() => Atomics.load(result, 0) - before > 16384);
    await stream.stop();
    await stream.wait();
    assert.equal(result[0], stream.frameCount);
    await stream.close();
  });
});

describe("a worker's sink that takes a while to be up", () => {
  const format = virtual("realtime", { channels: 1, dtype: "int16", blockSize: 64 });

  it("is waited for by the device", async () => {
    await using stream = new InputStream(format);
    const result = new Int32Array(new SharedArrayBuffer(12));
    stream.setSink(worker("slow", result), { bufferSize: 4096 }); // much less than it takes
    await stream.start();
    while (stream.frameCount < 2400) await pause(1);
    await stream.stop();
    await stream.wait(); // stop() does not wait for the worker
    assert.equal(result[0], stream.frameCount);
  });

  it("does not keep the stream from being stopped", async () => {
    await using stream = new InputStream(format);
    const result = new Int32Array(new SharedArrayBuffer(12));
    for (const end of ["stop", "abort"] as const) {
      stream.setSink(worker("slow", result));
      const started = stream.start();
      await stream[end]();
      await started;
      assert.equal(stream.active, false);
    }
    stream.setSink(worker("slow", result));
    const started = stream.start();
    const closed = stream.close();
    await assert.rejects(started, { code: "closed" });
    await closed;
  });

  it("that cannot be had fails the start, and nothing is recorded", async () => {
    await using stream = new InputStream(format);
    for (const name of ["no-function", "not-there"]) {
      stream.setSink(worker(name));
      await assert.rejects(() => stream.start(), name);
      assert.equal(stream.active, false);
      assert.equal(stream.frameCount, 0);
    }
    stream.setSink(new Int16Array(100));
    await stream.start();
    assert.equal(await stream.wait(), true);
    assert.equal(stream.frameCount, 100);
  });
});

describe("a closed stream", () => {
  it("leaves no handle of its workers' rings", async () => {
    const before = native().ps_handle_count();
    const stream = new OutputStream(virtual("realtime", { channels: 1 }));
    stream.setSource(worker("tone"));
    await stream.start();
    await stream.close();
    for (let i = 0; i < 500 && native().ps_handle_count() > before; i++) await pause(10);
    assert.equal(native().ps_handle_count(), before);
  });
});
