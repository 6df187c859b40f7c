// Runs what is built for Windows, under Wine, with the bundle: the C tests, and the suite on each runtime. The first
// time it sets up Wine in a folder of its own, and says so.
// Usage: node scripts/test-windows.mjs [--quick] [--only c|node|deno|bun]... [part of a test file's name]...
//   --quick: the C tests, and on Node what shows most; nothing where Wine is not set up
import { buildFor } from "./build.mjs";
import { useBundle } from "./build-bundle.mjs";
import { readArguments } from "./lib/arguments.mjs";
import { noCounts } from "./lib/counts.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { Failure, main, say } from "./lib/run.mjs";
import { targets } from "./lib/targets.mjs";
import { runCTest } from "./lib/ctests.mjs";
import { windowsBuild, windowsCTests } from "./lib/windows/ctests.mjs";
import { runtimes } from "./lib/windows/programs.mjs";
import { runWindowsFile, windowsFiles } from "./lib/windows/suite.mjs";
import { isReady, setUpWine, takeWine } from "./lib/windows/wine.mjs";

const TIMEOUT = 1200; // seconds, for one file
const LANES = 2;

/** What --quick runs on Node. */
const quickFiles = ["stream/loopback", "ring/ring-buffer", "sound-file/", "cli/values", "windows/", "api/process-end"];

const kinds = ["c", ...Object.keys(runtimes)];

function options() {
  const { values, positionals } = readArguments(import.meta, {
    options: { quick: { type: "boolean", default: false }, only: { type: "string", multiple: true } },
    allowPositionals: true,
  });
  const only = values.only ?? (values.quick ? ["c", "node"] : kinds);
  const unknown = only.find((kind) => !kinds.includes(kind));
  if (unknown !== undefined) throw new Failure(`there are no tests of kind ${unknown}, but of ${kinds.join(", ")}`);
  return { quick: values.quick, only, filters: positionals };
}

/** All that is to be run: { suite, file, run }. */
function jobs({ quick, only, filters }) {
  const chosen = quick && filters.length === 0 ? quickFiles : filters;
  return only.flatMap((kind) =>
    kind === "c"
      ? windowsCTests(filters).map((file) => ({
        suite: "c",
        file,
        run: () => runCTest(windowsBuild, file, { timeout: TIMEOUT }),
      }))
      : windowsFiles(chosen).map((file) => ({
        suite: kind,
        file,
        run: () => runWindowsFile(kind, file, { timeout: TIMEOUT }),
      }))
  );
}

async function testOnWindows() {
  const chosen = options();
  if (chosen.quick && !isReady()) {
    say("the tests under Wine are skipped: it is not set up (npm run test:windows sets it up, 2.5 GB)");
    return 0;
  }
  ensurePackages();
  setUpWine();
  const target = targets.find(({ name }) => name === "windows-x64");
  buildFor(target);
  useBundle(target);
  await takeWine();
  const total = noCounts();
  const queue = jobs(chosen);
  const lane = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const started = performance.now();
      const { text, ...result } = await job.run();
      for (const kind of Object.keys(total)) total[kind] += result[kind];
      const counts = `${result.passed} ok, ${result.failed} failed, ${result.skipped} skipped`;
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${job.suite.padEnd(5)} ${job.file.padEnd(36)} ${counts}  (${seconds} s)`);
      if (result.failed > 0) console.log(text.split("\n").slice(-80).join("\n"));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 ? 1 : 0;
}

await main(testOnWindows);
