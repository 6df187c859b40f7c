// What a worker has opened ends with it, however it ends.
import assert from "node:assert/strict";
import process from "node:process";
import { after, describe, it } from "node:test";
import { Worker } from "node:worker_threads";
import { native } from "../../ffi/load.ts";
import { readFile } from "../../mod.ts";
import { newFolder } from "../helpers/sounds.ts";
import { pause } from "../helpers/streams.ts";

/** The samples of a recording; on Windows a worker's end does not wait until it is finished. */
async function recorded(path: string): Promise<Int16Array> {
  for (let tries = 0;; tries++) {
    const samples = await readFile(path, { dtype: "int16" }).then(({ samples }) => samples, () => new Int16Array());
    if (process.platform !== "win32" || samples.length % 4096 !== 0 || tries === 100) return samples;
    await pause(20);
  }
}

describe("a worker that ends", () => {
  const folder = newFolder();
  after(() => folder.remove());

  for (const how of ["terminate", "exit", "throw"]) {
    it(`by ${how} takes its streams, files and rings with it, and leaves its recording whole`, async () => {
      const before = native().ps_handle_count();
      const path = folder.path(`${how}.flac`);
      const worker = new Worker(new URL("../workers/recorder.ts", import.meta.url), { workerData: { path, how } });
      worker.on("error", () => {});
      const exited = new Promise((resolve) => worker.on("exit", resolve));
      await new Promise((resolve) => worker.once("message", resolve));
      if (how === "terminate") await worker.terminate();
      await exited;
      // The system's thread ends a little later.
      for (let tries = 0; native().ps_handle_count() > before && tries < 1000; tries++) await pause(5);
      assert.equal(native().ps_handle_count(), before);
      const samples = await recorded(path);
      assert.ok(samples.length >= 4800, `${samples.length} frames`);
      const played = Int16Array.from(samples, (_, i) => i < 480 ? 0 : i - 480); // it comes back a block later
      assert.deepEqual(samples, played);
    });
  }
});
