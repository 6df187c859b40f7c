// What streams cost JavaScript, counted and not timed: calls of the C library, and memory.
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { clearImmediate, setImmediate } from "node:timers";
import { takeNativeCalls, total } from "../helpers/native-calls.ts";
import { DuplexStream, InputStream, OutputStream } from "../../mod.ts";
import { pause, virtual } from "../helpers/streams.ts";

/** Whether the native side wakes the event loop. */
const wakes = process.platform !== "win32";

const show = (calls: Map<string, number>) => JSON.stringify(Object.fromEntries(calls));

/**
 * Takes the calls of a use that must keep its limits. On a busy machine the device is late now and then, and is looked
 * for in turns of the event loop, so that one use of five has to.
 */
async function takeCallsWithin(
  limits: (calls: Map<string, number>) => boolean,
  use: () => Promise<unknown>,
  prepare?: () => Promise<unknown>,
): Promise<void> {
  for (let round = 0;; round++) {
    await prepare?.();
    takeNativeCalls();
    await use();
    const calls = takeNativeCalls();
    if (limits(calls)) return;
    assert.ok(round < 4, show(calls));
  }
}

describe("calls of the C library", () => {
  it("are one for each chunk that is in the ring already", async () => {
    await using stream = await InputStream.open(virtual("freewheel", { channels: 1, blockSize: 256 }));
    const chunks = stream.chunks({ bufferSize: 2 ** 16 });
    for (let n = 0; n < 8; n++) {
      await chunks.next();
      while (stream.frameCount < 2 ** 16) await pause(1); // until the ring is full
    }
    takeNativeCalls();
    for (let n = 0; n < 200; n++) await chunks.next();
    const calls = takeNativeCalls();
    await chunks.return();
    assert.equal(calls.get("ps_ring_read_overlap"), 200);
    // The ring had more than 200 chunks. A look at it, and a watch over the run, may have come in between.
    assert.ok(total(calls) <= 210, show(calls));
  });

  it("are at most eight for each chunk that is waited for", async () => {
    await using stream = await InputStream.open(virtual("realtime", { channels: 1, blockSize: 480 }));
    const chunks = stream.chunks();
    for (let n = 0; n < 5; n++) await chunks.next();
    const most = 20 * 8 + 10;
    await takeCallsWithin((calls) => {
      assert.equal(calls.get("ps_ring_read_overlap"), 20);
      return total(calls) <= most;
    }, async () => {
      for (let n = 0; n < 20; n++) await chunks.next();
    });
    await chunks.return();
  });

  it("come after a chunk where they are for others who wait", { skip: !wakes && "needs to be woken" }, async () => {
    await using stream = await InputStream.open(virtual("realtime", { channels: 1, blockSize: 480 }));
    const chunks = stream.chunks();
    for (let n = 0; n < 5; n++) await chunks.next();
    await takeCallsWithin((calls) => [...calls.keys()].at(-1) === "ps_ring_read_overlap", async () => {
      await chunks.next();
      takeNativeCalls();
      await chunks.next();
    });
    await chunks.return();
  });

  it("are hardly any while memory plays", { skip: !wakes && "needs a runtime that can be woken" }, async () => {
    await using stream = await OutputStream.open(virtual("realtime", { channels: 1, sampleRate: 48000 }));
    stream.setSource(new Float32Array(48000));
    // Once for the end of the run, with what that takes.
    await takeCallsWithin((calls) => total(calls) <= 16, () => stream.wait(), () => stream.start());
  });

  it("are as few while heardAll() waits", { skip: !wakes && "needs a runtime that can be woken" }, async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1, sampleRate: 48000, blockSize: 480 }));
    const writer = stream.writable().getWriter();
    await takeCallsWithin(
      // Woken when all should have been heard, and by a block or two before that is so; others may wake, too.
      (calls) => (calls.get("ps_wake") ?? 0) <= 6 && total(calls) <= 30,
      async () => assert.equal(await stream.heardAll(), true),
      () => writer.write(new Float32Array(24000)),
    );
    await writer.close();
  });

  it("copy memory that is large in pieces, and give the event loop turns in between", async () => {
    const frames = 2 ** 20;
    const sound = Int16Array.from({ length: frames }, (_, i) => i);
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: 256 }));
    let turns = 0;
    const turn = () => {
      turns++;
      timer = setImmediate(turn);
    };
    let timer = setImmediate(turn);
    takeNativeCalls();
    const heard = stream.playrec(sound, { out: new Int16Array(frames + 256), pad: 256 });
    const atOnce = takeNativeCalls();
    const samples = await heard;
    clearImmediate(timer);
    assert.deepEqual(samples.subarray(256), sound);
    assert.ok((atOnce.get("ps_ring_write") ?? 0) <= 2, show(atOnce));
    assert.ok((takeNativeCalls().get("ps_ring_write") ?? 0) >= 3 && turns >= 3, `${turns} turns`);
  });
});

describe("memory for chunks", () => {
  it("is the same for each of them", async () => {
    await using stream = await InputStream.open(virtual("freewheel", { channels: 2, blockSize: 64 }));
    const layouts = [() => stream.chunks(), () => stream.chunks({ layout: "planar" })];
    const found = [];
    for (const chunksOf of layouts) {
      const memory = new Set<unknown>();
      let chunks = 0;
      for await (const chunk of chunksOf()) {
        for (const array of Array.isArray(chunk) ? chunk : [chunk]) memory.add(array).add(array.buffer);
        if (++chunks === 1000) break;
      }
      found.push(memory.size);
    }
    assert.deepEqual(found, [2, 3], "one array or two, and their buffer");
  });
});
