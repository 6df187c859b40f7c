// The C tests: each tests/c/test_*.c is a program, linked with all of c/ and with what the tests share (the other files
// of tests/c), built and run in each of the ways below. The benchmarks of bench/c are run once.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { cSources, hashBuild, zigCache } from "../build.mjs";
import { countTap } from "./counts.mjs";
import { capture, Failure, output } from "./run.mjs";
import { findCompiler, root, which } from "./tools.mjs";

const flags = ["-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-fno-omit-frame-pointer", "-Ic"];
const link = ["-lpthread", "-ldl", "-lm"];
// As the library itself is built for this machine.
const machine = process.arch === "x64" ? ["-march=x86-64-v2"] : [];

/** zig's clang comes without the sanitizers' runtimes, so these take the system's compiler. */
function systemCompiler() {
  const cc = ["gcc", "clang", "cc"].map(which).find(Boolean);
  if (!cc) throw new Failure("the C tests take gcc or clang");
  return [cc];
}

/** Tests that replace functions of the C library, as the sanitizers do. */
const replacesFunctions = /without sanitizers/;

/** A clang that comes with RealtimeSanitizer, which is in clang since 20. */
function realtimeCompiler() {
  const runtime = `libclang_rt.rtsan-${{ x64: "x86_64", arm64: "aarch64" }[process.arch]}.a`;
  const names = ["clang", "clang-20", "clang-21", "clang-22", "clang-23"];
  return names.map(which).find((clang) => clang && existsSync(output(clang, [`-print-file-name=${runtime}`]) ?? ""));
}

/**
 * A way to build and run: `runs` says whether a test's source can be run in it, `shares` which of the files that tests
 * share it can compile; `run` starts a program, where `runner` in front of its path is not enough. What is `emulated`
 * takes long.
 */
export const builds = [
  {
    name: "c asan",
    kind: "c",
    compiler: systemCompiler,
    flags: [...machine, "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
    runner: [],
    runs: (source) => !replacesFunctions.test(source),
    benches: true,
  },
  {
    name: "c tsan",
    kind: "c",
    compiler: systemCompiler,
    flags: [...machine, "-O1", "-fsanitize=thread"],
    // At the end of each process it waits a second for late races, by default.
    runner: ["env", "TSAN_OPTIONS=atexit_sleep_ms=50"],
    runs: (source) => !replacesFunctions.test(source) && !/^(\/| )\* No threads: /m.test(source),
  },
  {
    // Tests that do not work with the sanitizers.
    name: "c plain",
    kind: "c",
    compiler: systemCompiler,
    flags: [...machine, "-O2"],
    runner: [],
    runs: (source) => replacesFunctions.test(source),
  },
  {
    name: "c rtsan",
    kind: "c",
    compiler: () => [realtimeCompiler()],
    flags: [...machine, "-O1", "-fsanitize=realtime"],
    runner: [],
    runs: (source) => /RealtimeSanitizer/.test(source) && realtimeCompiler() !== undefined,
  },
  {
    // The other architecture, with its weaker memory order, on an x64 Linux machine. A static program loads no system
    // libraries, so the tests that use those are left out; scenario.h is for the real PortAudio.
    name: "c arm64",
    kind: "arm64",
    compiler: () => [findCompiler().path, "cc"],
    flags: ["-O2", "-target", "aarch64-linux-musl", "-static"],
    runner: ["qemu-aarch64"],
    emulated: true,
    runs: (source) =>
      process.platform === "linux" && process.arch === "x64" && findCompiler().kind === "zig" &&
      !replacesFunctions.test(source) && !/"(servers|scenario)\.h"|\bps_library_|\bps_file_/.test(source),
  },
];

const read = (name) => readFileSync(join(root, name), "utf8");
/** The benchmarks are built and run as well, one round of each. That of the ring takes PortAudio's source. */
const benches = ["callback", "resampler", "transfer"].map((name) => `bench/c/${name}.c`);
const testSources = () => readdirSync(join(root, "tests", "c")).sort().map((name) => `tests/c/${name}`);
const isProgram = (name) => basename(name).startsWith("test_");

export function cTestFiles(build, filters) {
  const programs = testSources().filter((name) => isProgram(name) && name.endsWith(".c") && build.runs(read(name)));
  return [...programs, ...(build.benches ? benches : [])]
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)));
}

/** Runs commands, those of one batch at the same time, unless `output` exists and came from the same input. */
async function make(output, hash, batches) {
  const stamp = `${output}.hash`;
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return undefined;
  mkdirSync(dirname(output), { recursive: true });
  for (const batch of batches) {
    const runs = batch.map(([program, ...args]) => capture(program, args, { env: zigCache }));
    const bad = (await Promise.all(runs)).find((run) => run.code !== 0);
    if (bad) return bad.output;
  }
  writeFileSync(stamp, hash);
  return undefined;
}

/** Archives that are built or being built, by path, because several tests use the same one. */
const archives = new Map();

/** All of c/ and what the tests share, compiled once for a build. */
function makeArchive(build, archive) {
  if (!archives.has(archive)) archives.set(archive, compileArchive(build, archive));
  return archives.get(archive);
}

function compileArchive(build, archive) {
  const [cc, ...first] = build.compiler();
  const shares = (name) => !isProgram(name) && name.endsWith(".c") && (build.shares?.(name) ?? true);
  const sources = [...cSources(), ...testSources().filter(shares)];
  const objects = sources.map((name) => join(dirname(archive), `${name.replaceAll("/", "-")}.o`));
  const commands = sources.map((name, i) => [cc, ...first, ...flags, ...build.flags, "-c", name, "-o", objects[i]]);
  // Two at a time: as many as a small machine has cores.
  const pairs = commands.flatMap((_, i) => i % 2 === 0 ? [commands.slice(i, i + 2)] : []);
  const shared = testSources().filter((name) => !isProgram(name)).map(read);
  const pack = [[["rm", "-f", archive]], [["ar", "rcs", archive, ...objects]]];
  return make(archive, hashBuild(cc, [commands, shared]), [...pairs, ...pack]);
}

/** Runs one C test. It may print TAP lines, one for each of its cases; else its exit code is its one result. */
export async function runCTest(build, file, { timeout, env }) {
  const folder = join(root, "build", build.name.replace(" ", "-"));
  const archive = join(folder, "libpastream.a");
  const program = join(folder, `${basename(file, ".c")}${build.suffix ?? ""}`);
  const [cc, ...first] = build.compiler();
  const rounds = benches.includes(file) ? ["-DROUNDS=1"] : [];
  const command = [
    cc,
    ...first,
    ...flags,
    ...build.flags,
    ...rounds,
    file,
    archive,
    ...(build.link ?? link),
    "-o",
    program,
  ];
  const shared = testSources().filter((name) => !isProgram(name)).map(read);
  const error = await makeArchive(build, archive) ??
    await make(program, hashBuild(cc, [command, read(file), shared]), [[command]]);
  if (error !== undefined) return { passed: 0, failed: 1, skipped: 0, text: error };

  const start = build.run ?? (([command, ...args], settings) => capture(command, args, settings));
  const run = await start([...build.runner, program], { timeout, env });
  const counts = countTap(run.output) ?? { passed: run.code === 0 ? 1 : 0, failed: 0, skipped: 0 };
  let { output: text } = run;
  if (run.code !== 0 && !run.timedOut) text += `\nended with ${run.signal ?? `exit code ${run.code}`}\n`;
  if (run.code !== 0 && counts.failed === 0) counts.failed = 1;
  return { ...counts, text };
}
