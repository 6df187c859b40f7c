// What streams cost JavaScript, counted and not timed: calls of the C library.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { takeNativeCalls, total } from "../helpers/native-calls.ts";
import { InputStream } from "../../mod.ts";
import { pause, virtual } from "../helpers/streams.ts";

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
});
