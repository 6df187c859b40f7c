// How JavaScript learns that a stream has something for it: woken by a native thread, or by timers.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { native, runtime } from "../../ffi/load.ts";
import { InputStream } from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import { pause, virtual } from "../helpers/streams.ts";

describe("a thread that is woken", () => {
  it("gets the chunks of several streams, each its own", async () => {
    const rates = [8000, 16000, 48000];
    const streams = await Promise.all(
      rates.map((sampleRate) => InputStream.open(virtual("realtime", { channels: 1, sampleRate, blockSize: 160 }))),
    );
    after(() => Promise.all(streams.map((stream) => stream.close())));
    const counted = await Promise.all(streams.map(async (stream, i) => {
      let frames = 0;
      for await (const chunk of stream.chunks({ frames: rates[i] / 5 })) frames += chunk.length;
      return frames;
    }));
    assert.deepEqual(counted, rates.map((rate) => rate / 5));
  });

  it("goes on while workers that wait as well are terminated", async () => {
    await using stream = await InputStream.open(virtual("realtime", { channels: 1, blockSize: 64 }));
    const chunks = stream.chunks({ bufferSize: 2 ** 20 });
    const before = native().ps_handle_count();
    for (let n = 0; n < 4; n++) {
      const worker = new Worker(runtime.workerEntry(new URL("../workers/listener.ts", import.meta.url)));
      const chunk = new Promise((resolve) => worker.once("message", resolve));
      while (await Promise.race([chunk, chunks.next()]) !== "a chunk");
      await worker.terminate();
      await chunks.next();
    }
    await chunks.return();
    while (native().ps_handle_count() > before) await pause(5); // threads of the system end a little later
  });
});

describe("a thread that cannot be woken", () => {
  it("waits by timers", async () => {
    const { code, stdout, stderr } = await runTs(new URL("../programs/not-woken.ts", import.meta.url));
    assert.deepEqual({ code, stdout, stderr }, { code: 0, stdout: "4800 4800 completed\n", stderr: "" });
  });
});
