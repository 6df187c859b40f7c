// What streams cost JavaScript, counted and not timed: calls of the C library.
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { takeNativeCalls, total } from "../helpers/native-calls.ts";
import { InputStream, OutputStream } from "../../mod.ts";
import { pause, virtual } from "../helpers/streams.ts";

/** Whether the native side wakes the event loop. */
const wakes = process.platform !== "win32";

const show = (calls: Map<string, number>) => JSON.stringify(Object.fromEntries(calls));

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
    takeNativeCalls();
    for (let n = 0; n < 20; n++) await chunks.next();
    const calls = takeNativeCalls();
    await chunks.return();
    assert.equal(calls.get("ps_ring_read_overlap"), 20);
    assert.ok(total(calls) <= 20 * 8 + 10, show(calls));
  });

  it("are hardly any while memory plays", { skip: !wakes && "needs a runtime that can be woken" }, async () => {
    await using stream = await OutputStream.open(virtual("realtime", { channels: 1, sampleRate: 48000 }));
    stream.setSource(new Float32Array(48000));
    await stream.start();
    takeNativeCalls();
    await stream.wait();
    const calls = takeNativeCalls();
    // Once for the end of a second and once for that of the run, with what the end takes.
    assert.ok(total(calls) <= 16, show(calls));
  });
});
