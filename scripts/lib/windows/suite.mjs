// The suite on Windows: which files run there, and which tests fail through no fault of the library.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { readJunit } from "../counts.mjs";
import { rooms, testFiles } from "../suite.mjs";
import { root } from "../tools.mjs";
import { runtimes } from "./programs.mjs";
import { runOnWindows, windowsPath } from "./wine.mjs";

/** Files that Windows has no use for, and why. */
const notOnWindows = {
  "api/documents": "Wine makes no junctions, by which the programs in documents find the package",
  "api/examples": "Wine makes no junctions, by which the examples find the package",
};

/** Tests that fail for what Wine or a runtime does, by parts of their names. */
const known = [
  {
    on: ["deno"],
    in: "api/process-end",
    test: "in a worker while the process exits",
    why:
      "where only a worker has opened the library, its end is called by ExitProcess(), which ends all other threads " +
      "first, one perhaps in the middle of a write (1 of 36 recordings)",
  },
  { on: ["bun"], in: "api/imports", test: "", why: "Bun under Wine leaves folders out of recursive lists" },
  {
    on: ["bun"],
    in: "sound-file/incoming",
    test: "gives what came before a connection broke",
    why: "Bun for Windows forgets what had come before a connection was reset",
  },
  { on: ["bun"], in: "stream/encoded", test: "are heard up to where a connection breaks", why: "the same" },
  { in: "api/loading", test: "a checkout says how to build it", why: "Wine makes no junctions" },
  { in: "api/loading", test: "a package says that it is damaged", why: "Wine makes no junctions" },
  { in: "stream/many-streams", test: "runs, on every Node", why: "esbuild, which tsx takes, is that of Linux here" },
];

/** The files of the suite that run on Windows. */
export const windowsFiles = (filters) =>
  [...rooms, "tests/windows"].flatMap((room) => testFiles(room, filters))
    .filter((file) => !(file.slice("tests/".length, -".test.ts".length) in notOnWindows));

const isKnown = (runtime, file, test) =>
  known.some(({ on, in: part, test: name }) =>
    (on === undefined || on.includes(runtime)) && file.includes(part) && test.includes(name)
  );

/** Deno's reader of its children's output panics under Wine now and then, when a child ends: no matter of the tests. */
const panicUnderWine = /panicked at \S*mio-\S*named_pipe\.rs/;
const TRIES = 3;

/** Runs one file on one runtime, as runFile() of suite.mjs does; one that ends without a report counts as failed. */
export async function runWindowsFile(runtime, file, { timeout }) {
  const report = join(root, "build", "reports", "windows", runtime, `${file}.xml`);
  mkdirSync(dirname(report), { recursive: true });
  const command = runtimes[runtime](windowsPath(join(root, file)), windowsPath(report));
  let run;
  for (let tries = 0; tries === 0 || (tries < TRIES && panicUnderWine.test(run.output)); tries++) {
    rmSync(report, { force: true });
    run = await runOnWindows(command, { timeout });
  }
  const { code, timedOut, output } = run;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  try {
    for (const { name, failed, skipped } of readJunit(readFileSync(report, "utf8"))) {
      const excused = failed && isKnown(runtime, file, name);
      if (failed && !excused) failures.push(name);
      counts[excused || skipped ? "skipped" : failed ? "failed" : "passed"]++;
    }
  } catch {
    // No report: the exit code tells.
  }
  // Bun reports nothing of groups that are skipped, and writes no report if there is no other.
  const none = counts.passed + counts.failed + counts.skipped === 0;
  if (runtime === "bun" && code === 0 && none && /^Ran 0 tests across 1 file/m.test(output)) counts.skipped = 1;
  const excused = counts.skipped > 0;
  if (timedOut || counts.passed + counts.skipped === 0 || (code !== 0 && counts.failed === 0 && !excused)) {
    failures.push(timedOut ? `did not end within ${timeout} s` : `ended with exit code ${code}`);
    counts.failed = Math.max(counts.failed, 1);
  }
  return { ...counts, text: [output, ...failures.map((name) => `FAILED ${name}`)].join("\n") };
}
