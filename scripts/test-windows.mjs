// Runs what is built for Windows, under Wine, with the bundle: the suite on each runtime. The first time it sets up
// Wine in a folder of its own, and says so.
// Usage: node scripts/test-windows.mjs [--if-ready] [--only RUNTIME]... [part of a test file's name]...
//   --if-ready: do nothing, and say so, where Wine is not set up
import { parseArgs } from "node:util";
import { buildFor } from "./build.mjs";
import { buildBundle } from "./build-bundle.mjs";
import { noCounts } from "./lib/counts.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { Failure, main, say } from "./lib/run.mjs";
import { targets } from "./lib/targets.mjs";
import { runtimes } from "./lib/windows/programs.mjs";
import { runWindowsFile, windowsFiles } from "./lib/windows/suite.mjs";
import { isReady, placeBundle, setUpWine, takeWine } from "./lib/windows/wine.mjs";

const TIMEOUT = 600; // seconds, for one file
const LANES = 2;

const kinds = Object.keys(runtimes);

function options() {
  const { values, positionals } = parseArgs({
    options: { "if-ready": { type: "boolean" }, only: { type: "string", multiple: true, default: kinds } },
    allowPositionals: true,
  });
  const unknown = values.only.find((kind) => !kinds.includes(kind));
  if (unknown !== undefined) throw new Failure(`there are no tests on ${unknown}, but on ${kinds.join(", ")}`);
  return { ifReady: values["if-ready"], only: values.only, filters: positionals };
}

async function testOnWindows() {
  const { ifReady, only, filters } = options();
  if (ifReady && !isReady()) {
    say("the tests on Windows are skipped: Wine is not set up (npm run test:windows sets it up)");
    return 0;
  }
  ensurePackages();
  setUpWine();
  const target = targets.find(({ name }) => name === "windows-x64");
  buildFor(target);
  placeBundle(buildBundle(target));
  await takeWine();
  const total = noCounts();
  const queue = only.flatMap((runtime) => windowsFiles(filters).map((file) => ({ runtime, file })));
  const lane = async () => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const { runtime, file } = job;
      const result = await runWindowsFile(runtime, file, { timeout: TIMEOUT });
      for (const kind of Object.keys(total)) total[kind] += result[kind];
      const counts = `${result.passed} ok, ${result.failed} failed, ${result.skipped} skipped`;
      console.log(`${runtime.padEnd(5)} ${file.padEnd(36)} ${counts}  (${result.seconds.toFixed(1)} s)`);
      if (result.failed === 0) continue;
      for (const name of result.failures) console.log(`    FAILED ${name}`);
      console.log(result.output.split("\n").slice(-80).join("\n"));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 ? 1 : 0;
}

await main(testOnWindows);
