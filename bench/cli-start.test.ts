// Runs alone: it measures how long the command takes to start.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { writeFile } from "../mod.ts";
import { cliFile, temporaryFolder, virtual } from "../tests/helpers/cli.ts";
import { commandFor, runtimeName } from "../tests/helpers/runtime.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;
const MOST_ROUNDS = 40;
/** "1" runs everything once, however long it takes. */
const once = process.env.BENCH_ROUNDS === "1";

/** Milliseconds until a line on stderr matches, or else until the end of the process. */
function timeOf(command: readonly string[], line?: RegExp): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const [program, ...args] = command;
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    let time = 0;
    let text = "";
    child.stderr.on("data", (data) => {
      text += data;
      if (line?.test(text)) time ||= performance.now() - start;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0 || (line && !time)) reject(new Error(`${command.join(" ")}: ${code} ${text}`));
      resolve(time || performance.now() - start);
    });
  });
}

/**
 * Expects that a command takes at most `limit` ms longer than an empty script. The best time of each counts: anything
 * above it is due to the machine, and is measured again.
 */
async function expectOverhead(limit: number, args: readonly string[], line?: RegExp): Promise<void> {
  let bare = Infinity;
  let own = Infinity;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    bare = Math.min(bare, await timeOf(commandFor(path("empty.ts"))));
    own = Math.min(own, await timeOf(commandFor(cliFile, args), line));
    if (once || (round >= 4 && own - bare <= limit)) return;
  }
  assert.fail(`${(own - bare).toFixed(1)} ms more than the ${bare.toFixed(1)} ms of an empty script`);
}

// The loader of older Nodes compiles every file of a checkout at each start; the installed package is JavaScript.
const usesLoader = runtimeName === "node" && !process.features.typescript;

describe(
  "the start of the command",
  { skip: usesLoader ? "this Node needs a loader, whose time it would be" : false },
  () => {
    before(async () => {
      writeFileSync(path("empty.ts"), "");
      await writeFile(path("tiny.wav"), new Int16Array(20), { sampleRate: 48000, channels: 2 });
      // Fills the compile caches of the runtimes.
      await timeOf(commandFor(cliFile, [...virtual, path("tiny.wav")]));
    });

    for (const option of ["--version", "--help"]) {
      it(`${option} costs at most 40 ms more than an empty script`, async () => {
        await expectOverhead(40, [option]);
      });
    }

    it("plays on the virtual device within 150 ms of that", async () => {
      // Until the report of its end: all ten frames have been played by then.
      await expectOverhead(150, [...virtual, "--json", path("tiny.wav")], /"type":"end"/);
    });
  },
);
