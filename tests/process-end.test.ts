// A process that ends while a stream runs ends as it was told to, and leaves whole recordings.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { SoundFile } from "../mod.ts";
import { runTs } from "./helpers/runtime.ts";

const rounds = process.env.PASTREAM_TEST_FULL === "1" ? 20 : 2;
const script = new URL("./helpers/ending.ts", import.meta.url);

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

let folder = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "pastream-end-"));
});
after(() => rmSync(folder, { recursive: true }));

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

async function end(ending: string, code: number, sink: "file" | "memory", round: number): Promise<void> {
  const path = join(folder, `${ending.replaceAll(/\W+/g, "-")}-${round}.wav`);
  const result = await runTs(script, { args: [ending, sink, path], timeout: 30 });
  assert.deepEqual([result.code, result.signal], [code, null], result.stderr);
  if (code === 1) assert.match(result.stderr, /on purpose/);
  const frames = Number(result.stdout);
  assert.ok(frames >= 4800, result.stdout);
  if (sink === "file") checkRecording(path, frames);
}

for (const sink of ["file", "memory"] as const) {
  describe(`a process that records into a ${sink} ends`, () => {
    for (const [ending, code] of endings) {
      it(`${ending}, ${rounds} times`, async () => {
        // Two at a time: what is waited for is mostly the start of a runtime.
        for (let round = 0; round < rounds; round += 2) {
          const pair = [round, round + 1].filter((each) => each < rounds);
          await Promise.all(pair.map((each) => end(ending, code, sink, each)));
        }
      });
    }
  });
}
