// Every benchmark runs to its end, with counts that are too small to say anything. Those in C are built and run with
// the C tests.
// On one runtime: it starts many processes.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { runtimeName, runTs } from "../helpers/runtime.ts";

/** Each benchmark with its arguments, and what it prints. */
const benches: Record<string, readonly [args: readonly string[], output: RegExp]> = {
  "chunks.ts": [["50", "1"], /^chunks, bufferSize 2\^20 .* x$/m],
  "cli-start.test.ts": [[], /plays on the virtual device/],
  "files.ts": [["0.02", "1"], /^\| FLAC, readFile\(\)( \| [\d.]+){6} \|$/m],
  "idle.ts": [["2", "1"], /^chunks .* us a wake-up, .* x$/m],
  "latency.ts": [["10"], /^30 % busy +p50 .* ms, p99 .* ms, max .* ms$/m],
  "playing.ts": [["0.2", "2"], /^a short sound, on an open stream: p50 .* ms, p99 .* ms$/m],
  "robustness.ts": [["10"], /^chunks are read +frames lost at a block of 10 ms: \d+$/m],
  "scale.ts": [["0.1"], /^64 streams .* ms, \d+ lost$/m],
};
const folder = new URL("../../bench/", import.meta.url);
const runsTests = runtimeName === "node" && Boolean(process.features.typescript);
const forLinux = process.platform === "linux" ? false : "it measures on Linux only";

describe("the benchmark", { skip: forLinux }, () => {
  it("has a line in this table", () => {
    assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".ts")).sort(), Object.keys(benches));
  });

  for (const [name, [args, output]] of Object.entries(benches)) {
    const skip = name.endsWith(".test.ts") && !runsTests && "it runs under Node's own test runner, without a loader";
    it(`${name} runs`, { skip }, async () => {
      const { code, stdout, stderr } = await runTs(new URL(name, folder), {
        args,
        env: { BENCH_ROUNDS: "1" },
        timeout: 60,
      });
      assert.equal(code, 0, stderr + stdout);
      assert.match(stdout, output);
    });
  }
});
