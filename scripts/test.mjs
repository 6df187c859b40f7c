// Runs all tests: checks, C tests, and the suite on each runtime. The last line has the totals.
// Usage: node scripts/test.mjs [--full] [--only KIND]... [--also KIND]... [--jobs N] [part of a test file's name]...
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readArguments } from "./lib/arguments.mjs";
import { checks } from "./lib/checks.mjs";
import { builds, cTestFiles, runCTest } from "./lib/ctests.mjs";
import { noCounts } from "./lib/counts.mjs";
import { foreignFiles, foreignKinds, foreignRuntimes, prepareForeign } from "./lib/foreign.mjs";
import { Failure, main, say } from "./lib/run.mjs";
import { rooms, runFile, runtimes, testFiles } from "./lib/suite.mjs";
import { root } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

const usual = ["checks", "c", "deno", "bun", "node"];
/**
 * What takes minutes or large programs: C tests and a few files on emulated arm64, the same files with musl, what is
 * published, with the libraries for all platforms, and the live view in a browser.
 */
const slow = [...foreignKinds, "packages", "browser"];
const kinds = [...usual, ...slow];

function options() {
  const { values, positionals } = readArguments(import.meta, {
    options: {
      full: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      also: { type: "string", multiple: true, default: [] },
      jobs: { type: "string", default: "5" },
    },
    allowPositionals: true,
  });
  const unknown = [...values.only, ...values.also].find((kind) => !kinds.includes(kind));
  if (unknown !== undefined) throw new Failure(`there are no tests of kind ${unknown}, but of ${kinds.join(", ")}`);
  const only = [...(values.only.length > 0 ? values.only : values.full ? kinds : usual), ...values.also];
  if (!/^[1-9]\d*$/.test(values.jobs)) throw new Failure(`--jobs ${values.jobs}: a number from 1 on`);
  return { full: values.full, only, jobs: Number(values.jobs), filters: positionals };
}

/**
 * All jobs in order: { kind, suite, name, run } with run() → { passed, failed, skipped, text }.
 */
function jobs({ full, filters }) {
  const limits = { timeout: full ? 3600 : 900, env: full ? { PASTREAM_TEST_FULL: "1" } : {} };
  const patient = { ...limits, timeout: 3600 };
  const allRuntimes = runtimes();
  const newest = allRuntimes.at(-1);
  /** Long files take one runtime, or one Node where there are two; what is published is tested on all. */
  const isSpared = ({ name: runtime }, file) =>
    !full && filters.length === 0 && runtime !== newest.name &&
    (says(file, "On one runtime") || (runtime.startsWith("node") && says(file, "On one Node")));
  const check = ({ kind, name, run }) => ({
    kind,
    suite: "check",
    name,
    run: async () => {
      const text = await run();
      return { ...noCounts(), [text === undefined ? "passed" : "failed"]: 1, text: text ?? "" };
    },
  });
  return [
    ...(filters.length > 0 ? [] : checks.map(check)),
    ...builds.flatMap((build) =>
      cTestFiles(build, filters).map((file) => ({
        kind: build.kind,
        suite: build.name,
        name: file,
        run: () => runCTest(build, file, build.emulated ? patient : limits),
      }))
    ),
    ...allRuntimes.flatMap((runtime) =>
      rooms.flatMap((room) => testFiles(room, filters)).filter((file) => !isSpared(runtime, file)).map((file) => ({
        kind: runtime.name.split(" ")[0],
        suite: runtime.name,
        name: file,
        run: () => runFile(runtime, file, limits),
      }))
    ),
    ...foreignRuntimes.flatMap((runtime) =>
      foreignFiles(runtime, filters).map((file) => ({
        kind: runtime.kind,
        suite: runtime.name,
        name: file,
        run: () => runFile(runtime, file, patient),
      }))
    ),
    // These start every runtime themselves.
    ...testFiles("tests/packaging", filters).map((file) => ({
      kind: "packages",
      suite: "packages",
      name: file,
      run: () => runFile(newest, file, patient),
    })),
    ...testFiles("tests/browser", filters).map((file) => ({
      kind: "browser",
      suite: "browser",
      name: file,
      run: () => runFile(newest, file, limits),
    })),
  ];
}

/** Whether a test file says this of itself, at the start of a line. */
const says = (name, words) =>
  /\.(ts|c)$/.test(name) && new RegExp(`^(//|/\\*) ${words}: `, "m").test(readFileSync(join(root, name), "utf8"));

/** Whether it needs a machine that is not busy. */
const measures = ({ name }) => says(name, "Measures time");

const indent = (text) => text.trimEnd().split("\n").slice(-300).map((line) => `    | ${line}`).join("\n");

/** The lines of a test's output about failures, with the lines around each. */
function failedLines(text) {
  const lines = text.trimEnd().split("\n");
  const near = new Set(
    lines.flatMap((line, at) => /fail|not ok|error/i.test(line) ? [-2, -1, 0, 1, 2, 3, 4, 5].map((n) => at + n) : []),
  );
  return lines.filter((_, at) => near.has(at)).slice(0, 40).join("\n") || lines.slice(-20).join("\n");
}

async function test() {
  const chosen = options();
  // The suite must not depend on the user's environment.
  for (const name of ["PASTREAM_DEVICE", "PASTREAM_DEBUG"]) delete process.env[name];
  await setup(chosen.only.some((kind) => slow.includes(kind)) ? "full" : "test");
  for (const kind of foreignKinds.filter((kind) => chosen.only.includes(kind))) prepareForeign(kind);
  const started = performance.now();
  const perSuite = new Map();
  const total = noCounts();
  const failures = [];
  const runJob = async ({ suite, name, run }) => {
    const begun = performance.now();
    const result = await run();
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const counts = perSuite.get(suite) ?? perSuite.set(suite, noCounts()).get(suite);
    for (const key of Object.keys(total)) {
      total[key] += result[key];
      counts[key] += result[key];
    }
    const notes = [`${result.passed} ok`];
    if (result.failed > 0) notes.push(`${result.failed} FAILED`);
    if (result.skipped > 0) notes.push(`${result.skipped} skipped`);
    console.log(`${suite.padEnd(8)} ${name.padEnd(36)} ${notes.join(", ")}  (${seconds} s)`);
    if (result.failed > 0) {
      console.log(indent(result.text));
      failures.push(`${suite.padEnd(8)} ${name}\n${indent(failedLines(result.text))}`);
    }
  };
  // Most tests wait for a clock most of the time, so five fit on two cores. What measures time comes in the end, three
  // at a time; what makes packages runs one after the other, for it uses the same folder.
  const chosenJobs = jobs(chosen).filter(({ kind }) => chosen.only.includes(kind));
  const [packaging, others] = [true, false].map((yes) =>
    chosenJobs.filter((job) => !measures(job) && (job.kind === "packages") === yes)
  );
  const runAll = (queue, lanes) => {
    const lane = async () => {
      for (let jobs = queue.shift(); jobs; jobs = queue.shift()) {
        for (const job of jobs) await runJob(job);
      }
    };
    return Promise.all(Array.from({ length: lanes }, lane));
  };
  await runAll([packaging, ...others.map((job) => [job])], chosen.jobs);
  await runAll(chosenJobs.filter(measures).map((job) => [job]), Math.min(chosen.jobs, 3));
  // Repeated for readers of the end of a log.
  if (failures.length > 0) console.log(`\nFailures:\n${failures.join("\n")}`);
  console.log(`\nSummary, after ${((performance.now() - started) / 1000).toFixed(0)} s:`);
  for (const [suite, { passed, failed, skipped }] of perSuite) {
    console.log(`  ${suite.padEnd(8)} ${passed} ok, ${failed} FAILED, ${skipped} skipped`.replace(", 0 FAILED", ""));
  }
  if (total.passed + total.failed === 0) {
    say("no test matches");
    total.failed = 1;
  }
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
  return total.failed > 0 ? 1 : 0;
}

await main(test);
