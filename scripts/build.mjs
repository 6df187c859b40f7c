// Compiles the C files of c/ into native/<target>/: for this machine, or with --all for every platform, by zig.
// Usage: node scripts/build.mjs [--all]
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import process from "node:process";
import { afterLink, afterLinkSource } from "./lib/after-link.mjs";
import { readArguments } from "./lib/arguments.mjs";
import { writeManifest } from "./lib/manifest.mjs";
import { Failure, isMain, main, say } from "./lib/run.mjs";
import { hostTarget, targets } from "./lib/targets.mjs";
import { findCompiler, root } from "./lib/tools.mjs";

const flags = [
  "-std=c11",
  "-O2",
  "-Ic",
  "-Wall",
  "-Wextra",
  "-fvisibility=hidden",
  "-fno-sanitize=all",
  "-shared",
  "-s",
];
// One folder for both: with two, zig 0.12 does not find the import libraries that it makes for Windows.
const cache = join(root, "build", "zig-cache");
export const zigCache = { ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };

/** The C files and headers below these folders, relative to the checkout. */
export function cFiles(...folders) {
  const entries = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
  );
  const paths = entries.filter((entry) => entry.isFile() && /\.[ch]$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath ?? entry.path, entry.name)));
  return paths.map((path) => path.replaceAll("\\", "/")).sort();
}

/** The library's C files, relative to the checkout. */
export function cSources() {
  return cFiles("c").filter((name) => name.endsWith(".c"));
}

/** A hash of everything that goes into a build: each file of c/, the command line, the compiler, what follows it. */
export function hashBuild(compiler, args) {
  const hash = createHash("sha256");
  for (const name of [...cFiles("c"), "c/exports.map"]) {
    hash.update(`${name}\0`).update(readFileSync(join(root, name)));
  }
  const { size, mtimeMs } = statSync(compiler);
  return hash.update(JSON.stringify([args, compiler, size, mtimeMs])).update(afterLinkSource()).digest("hex");
}

/** Compiles one target, unless the existing library was built from the same input. */
function compile(compiler, target, extra) {
  const output = join(root, "native", target.name, target.file);
  const stamp = join(root, "build", `${target.name}.hash`);
  const args = [
    ...(compiler.kind === "zig" ? ["cc", "-target", target.zig] : []),
    ...flags,
    ...(target.pic ? ["-fPIC"] : []),
    // Byte shuffles (SSSE3) for the channel maps: every x64 processor that the runtimes support has them.
    ...(target.name.includes("x64") ? [compiler.kind === "zig" ? "-mcpu=x86_64_v2" : "-march=x86-64-v2"] : []),
    ...extra,
    ...cSources(),
    ...target.link,
  ];
  const hash = hashBuild(compiler.path, args);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return;

  say(`building ${relative(root, output)} with ${compiler.from} (${compiler.path})`);
  // Built in another folder and moved, because another process may have the old library open or be looking for it.
  const aside = join(root, "build", `${target.name}.${process.pid}`);
  for (const folder of [dirname(output), aside]) mkdirSync(folder, { recursive: true });
  const { status, stderr, error } = spawnSync(compiler.path, [...args, "-o", join(aside, target.file)], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...zigCache },
  });
  // zig builds a libc once, with warnings. Only those about our files are shown.
  if (status !== 0 || /^c\//m.test(stderr)) process.stderr.write(stderr ?? "");
  if (status === 0) {
    afterLink(join(aside, target.file));
    renameSync(join(aside, target.file), output);
  }
  rmSync(aside, { recursive: true, force: true });
  if (status !== 0) throw new Failure(`the C library did not compile${error ? `: ${error.message}` : ""}`);
  writeFileSync(stamp, hash);
}

/** Builds for one target, which need not be this machine's: that takes zig. */
export function buildFor(target) {
  compile(findCompiler(), target, ["-Werror"]);
}

/** Builds for this machine; with `all` for every target, where a warning is an error, with a manifest. */
export function build({ all = false } = {}) {
  const compiler = findCompiler();
  if (!compiler) throw new Failure("no C compiler: install zig, or gcc or clang (on macOS: xcode-select --install)");
  // The pinned compiler gives no warnings. Those of another compiler must not stop a user.
  if (!all) return compile(compiler, hostTarget(), compiler.from === "zig from npm" ? ["-Werror"] : []);
  if (compiler.kind !== "zig") throw new Failure("building for all platforms takes zig: on PATH, or by `npm ci`");
  for (const target of targets) buildFor(target);
  writeManifest(join(root, "native"));
}

if (isMain(import.meta)) {
  await main(() => {
    const { values } = readArguments(import.meta, { options: { all: { type: "boolean" } } });
    return build(values);
  });
}
