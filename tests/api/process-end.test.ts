// A process that ends while a stream runs ends as it was told to, and leaves whole recordings.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { SoundFile } from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import { newFolder } from "../helpers/sounds.ts";
import { full } from "../helpers/streams.ts";

/** How often each ending is tried, recording by turns into a file that is valid at any time, into memory, and into one
 * that is valid only when it is finished. */
const times = full ? 40 : 3;
const script = new URL("../programs/ending.ts", import.meta.url);

/** Endings, with the exit code that each asks for. */
const endings: [ending: string, code: number][] = [
  ["normally", 0],
  ["by the end of the script", 0],
  ["by an uncaught exception", 1],
  ["by an unhandled rejection", 1],
  ["by process.exit()", 7],
  ["by the runtime's own exit", 7],
  ["in a worker that is terminated", 0],
  ["in a worker that ends", 0],
  ["in a worker with an uncaught exception", 0],
  ["in a worker while the process exits", 7],
];

const folder = newFolder();
after(folder.remove);

/** The recording is a file that holds what was played: silence, then a constant; at least `frames` of it. */
function checkRecording(path: string, frames: number): void {
  using file = new SoundFile(path);
  const samples = file.read();
  assert.ok(samples.length >= frames, `${samples.length} frames of ${frames} were recorded`);
  assert.equal(samples.length, file.frames);
  const first = samples.indexOf(0.25);
  assert.ok(first >= 0 && first < 2048, `sound begins at ${first}`);
  assert.ok(samples.every((sample, i) => sample === (i < first ? 0 : 0.25)));
}

async function end(ending: string, code: number, time: number): Promise<void> {
  const sink = time % 3 === 1 ? "memory" : "file";
  const path = folder.path(`${ending.replaceAll(/\W+/g, "-")}-${time}.${time % 3 === 0 ? "wav" : "flac"}`);
  const result = await runTs(script, { args: [ending, sink, path] });
  assert.deepEqual([result.code, result.signal], [code, null], result.stderr);
  if (code === 1) assert.match(result.stderr, /on purpose/);
  const frames = Number(result.stdout);
  assert.ok(frames >= 4800, result.stdout);
  if (sink === "file") checkRecording(path, frames);
}

describe("a process that records ends", () => {
  for (const [ending, code] of endings) {
    it(`${ending}, ${times} times`, async () => {
      // Three at a time: what is waited for is mostly the start of a runtime.
      for (let from = 0; from < times; from += 3) {
        const some = Array.from({ length: Math.min(3, times - from) }, (_, i) => end(ending, code, from + i));
        await Promise.all(some);
      }
    });
  }
});
