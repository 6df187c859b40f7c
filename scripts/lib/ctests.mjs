// The C tests: each tests/c/test_*.c is a program, linked with all of c/*.c and with what the tests share (the other files
// of tests/c), and run under the sanitizers.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cSources, hashBuild } from "../build.mjs";
import { countTap } from "./counts.mjs";
import { capture, Failure } from "./run.mjs";
import { root, which } from "./tools.mjs";

// zig's clang comes without the sanitizers' runtimes, so these take the system's compiler.
const flags = ["-std=c11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fno-omit-frame-pointer", "-Ic"];
const link = ["-lpthread", "-ldl", "-lm"];
export const sanitizers = [
  { name: "c asan", flags: ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"] },
  { name: "c tsan", flags: ["-fsanitize=thread"] },
];

const testSources = () => readdirSync(join(root, "tests", "c")).sort();

export function cTestFiles(filters) {
  return testSources().filter((name) => name.startsWith("test_") && name.endsWith(".c"))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .map((name) => `tests/c/${name}`);
}

/** Runs `command` unless its `output` exists and came from the same input. */
async function make(output, hash, commands) {
  const stamp = `${output}.hash`;
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return undefined;
  for (const batch of commands) {
    const runs = await Promise.all(batch.map(([program, ...args]) => capture(program, args, { timeout: 300 })));
    const bad = runs.find((run) => run.code !== 0);
    if (bad) return bad.output;
  }
  writeFileSync(stamp, hash);
  return undefined;
}

function compiler() {
  const cc = ["gcc", "clang", "cc"].map(which).find(Boolean);
  if (!cc) throw new Failure("the C tests take gcc or clang");
  return cc;
}

/** All of c/ compiled once for a sanitizer. Answers { archive, error }. */
async function buildArchive(sanitizer, folder) {
  const cc = compiler();
  const archive = join(folder, "libpastream.a");
  const sources = cSources();
  const objects = sources.map((name) => join(folder, `${basename(name)}.o`));
  const compile = sources.map((name, i) => [cc, ...flags, ...sanitizer.flags, "-c", name, "-o", objects[i]]);
  // Two at a time: as many as a small machine has cores.
  const pairs = [];
  for (let i = 0; i < compile.length; i += 2) pairs.push(compile.slice(i, i + 2));
  const error = await make(archive, hashBuild(cc, [compile]), [...pairs, [["ar", "rcs", archive, ...objects]]]);
  return { archive, error };
}

/** Runs one C test. It may print TAP lines, one for each of its cases; else its exit code is its one result. */
export async function runCTest(sanitizer, file, { timeout, env }) {
  const folder = join(root, "build", sanitizer.name.replace(" ", "-"));
  mkdirSync(folder, { recursive: true });
  const { archive, error } = await buildArchive(sanitizer, folder);
  if (error) return { passed: 0, failed: 1, skipped: 0, text: error, seconds: 0 };
  const cc = compiler();
  const program = join(folder, basename(file, ".c"));
  const shared = testSources().filter((name) => !name.startsWith("test_")).map((name) => `tests/c/${name}`);
  const sharedSources = shared.filter((name) => name.endsWith(".c"));
  const args = [...flags, ...sanitizer.flags, file, ...sharedSources, archive, ...link, "-o", program];
  const input = [file, ...shared].map((name) => readFileSync(join(root, name), "utf8"));
  const failure = await make(program, hashBuild(cc, [args, input]), [[[cc, ...args]]]);
  if (failure) return { passed: 0, failed: 1, skipped: 0, text: failure, seconds: 0 };

  const run = await capture(program, [], { timeout, env });
  const counts = countTap(run.output) ?? { passed: run.code === 0 ? 1 : 0, failed: 0, skipped: 0 };
  let { output: text } = run;
  if (run.timedOut) text += `\ndid not end within ${timeout} s\n`;
  else if (run.code !== 0) text += `\nended with ${run.signal ?? `exit code ${run.code}`}\n`;
  if (run.code !== 0 && counts.failed === 0) counts.failed = 1;
  return { ...counts, text, seconds: run.seconds };
}
