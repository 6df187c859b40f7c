import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { native } from "../../ffi/load.ts";
import { PastreamError, RingBuffer } from "../../mod.ts";
import type { RingTask } from "../workers/ring.ts";

const newResult = () => new Int32Array(new SharedArrayBuffer(8));

function start(task: RingTask): { worker: Worker; ended: Promise<unknown> } {
  const worker = new Worker(new URL("../workers/ring.ts", import.meta.url), { workerData: task });
  const failed = once(worker, "error").then(([error]) => Promise.reject(error));
  const ended = Promise.race([once(worker, "exit"), failed]);
  failed.catch(() => {});
  return { worker, ended };
}

describe("a ring in a worker", () => {
  it("carries data to this thread", async () => {
    using ring = new RingBuffer(4, 1024);
    const result = newResult();
    const count = 100_000;
    const { ended } = start({ handle: ring.share(), role: "write", count, result });
    for (let next = 0; next < count;) {
      const block = new Uint32Array(ring.read().buffer);
      for (const number of block) assert.equal(number, next++);
      if (block.length === 0) await setTimeout(1);
    }
    await ended;
    assert.equal(Atomics.load(result, 0), 1);
  });

  it("goes on while this thread is blocked", async () => {
    using ring = new RingBuffer(4, 1024);
    const written = newResult();
    const read = newResult();
    const task = { handle: ring.share(), count: 200_000 };
    const writer = start({ ...task, role: "write", result: written });
    const reader = start({ ...task, role: "read", result: read });
    // Workers are started by this thread: it is blocked once both are at work, until they are done.
    while (ring.readAvailable === 0 && Atomics.load(read, 0) === 0) await setTimeout(1);
    const limit = performance.now() + 30_000;
    while (Atomics.load(read, 0) === 0 && performance.now() < limit) Atomics.wait(read, 1, 0, 10);
    assert.deepEqual([Atomics.load(written, 0), Atomics.load(read, 0)], [1, 1]);
    await Promise.all([writer.ended, reader.ended]);
  });

  it("works over shared memory", async () => {
    using ring = new RingBuffer(4, undefined, new SharedArrayBuffer(4096));
    const [written, read] = [newResult(), newResult()];
    const task = { handle: ring.share(), count: 10_000 };
    const workers = [
      start({ ...task, role: "write", result: written }),
      start({ ...task, role: "read", result: read }),
    ];
    await Promise.all(workers.map(({ ended }) => ended));
    assert.deepEqual([written[0], read[0]], [1, 1]);
  });

  it("keeps its memory for a view there when it is closed here", async () => {
    const before = native().ps_handle_count();
    const ring = new RingBuffer(1, 1 << 22);
    ring.write(Uint8Array.from([77]));
    const result = newResult();
    const { ended } = start({ handle: ring.share(), role: "look", count: 0, result });
    while (Atomics.load(result, 1) !== 1) await setTimeout(1);
    ring.close();
    Atomics.store(result, 1, 2);
    await ended;
    assert.equal(Atomics.load(result, 0), 1);
    if ("transfer" in ArrayBuffer.prototype) assert.equal(native().ps_handle_count(), before);
  });

  it("outlives a worker that is ended in the middle", async () => {
    for (let round = 0; round < 5; round++) {
      const ring = new RingBuffer(4, 1024);
      const { worker } = start({ handle: ring.share(), role: "forever", count: 0, result: newResult() });
      await once(worker, "message");
      await worker.terminate();
      ring.flush();
      assert.equal(ring.write(new Uint32Array([1, 2, 3])), 3);
      ring.close();
      assert.throws(() => ring.read(), PastreamError);
    }
  });
});
