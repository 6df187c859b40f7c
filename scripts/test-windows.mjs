// Runs what is built for Windows, under Wine: test files of the suite, under Node for Windows, with the bundle. The
// first time it sets up Wine in a folder of its own, and says so.
// Usage: node scripts/test-windows.mjs [--if-ready] [part of a test file's name]...
//   --if-ready: do nothing, and say so, where Wine is not set up
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { buildFor } from "./build.mjs";
import { buildBundle } from "./build-bundle.mjs";
import { countJunit } from "./lib/counts.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { main, say } from "./lib/run.mjs";
import { targets } from "./lib/targets.mjs";
import { root } from "./lib/tools.mjs";
import { isReady, node, placeBundle, runOnWindows, setUpWine, windowsPath } from "./lib/windows/wine.mjs";

/** Those that hold on Windows. Others start servers of Linux, read /proc, or have not been looked at. */
const files = [
  "api/errors",
  "cli/parse",
  "ring/ring-buffer",
  "sound-file/open",
  "sound-file/read",
  "sound-file/write",
  "stream/loopback",
  "windows/windows",
];
const TIMEOUT = 300; // seconds

/** Runs one test file; one that ends without a report counts as failed. */
async function runFile(name) {
  const report = join(root, "build", "reports", "windows", `${name}.xml`);
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const reports = ["junit", "spec"].map((kind) => `--test-reporter=${kind}`);
  const places = [windowsPath(report), "stdout"].map((place) => `--test-reporter-destination=${place}`);
  const command = [node, ...reports, ...places, windowsPath(join(root, "tests", `${name}.test.ts`))];
  const { code, timedOut, output } = await runOnWindows(command, { timeout: TIMEOUT });
  let counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    counts = countJunit(readFileSync(report, "utf8"));
  } catch {
    // No report: the exit code tells.
  }
  if (counts.failed === 0 && (code !== 0 || timedOut || counts.passed === 0)) counts.failed = 1;
  return { ...counts, output };
}

async function testOnWindows({ ifReady, filters }) {
  if (ifReady && !isReady()) {
    say("the tests on Windows are skipped: Wine is not set up (npm run test:windows sets it up)");
    return 0;
  }
  ensurePackages();
  setUpWine();
  const target = targets.find(({ name }) => name === "windows-x64");
  buildFor(target);
  placeBundle(buildBundle(target));
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of files.filter((file) => filters.length === 0 || filters.some((part) => file.includes(part)))) {
    const { output, ...counts } = await runFile(name);
    for (const kind of Object.keys(total)) total[kind] += counts[kind];
    console.log(`windows  ${name.padEnd(24)} ${counts.passed} ok, ${counts.failed} failed, ${counts.skipped} skipped`);
    if (counts.failed > 0) console.log(output.split("\n").slice(-60).join("\n"));
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 ? 1 : 0;
}

const { values, positionals } = parseArgs({ options: { "if-ready": { type: "boolean" } }, allowPositionals: true });
await main(() => testOnWindows({ ifReady: values["if-ready"], filters: positionals }));
