// One shared library out of the files of several: `zig build-lib`, which takes flags for each group of files.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import process from "node:process";
import { zigCache } from "../../build.mjs";
import { afterLink, afterLinkSource } from "../after-link.mjs";
import { Failure } from "../run.mjs";
import { fromNpm, root, which } from "../tools.mjs";
import { bundleFolder } from "./sources.mjs";

// On macOS code is traced by its frame pointers; tables for that would be a thirtieth of the download.
const traced = ["-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables"];

/** A header that makes the functions which `declarations` declare, and no others, the public ones of a library. */
const exportsHeader = (declarations) =>
  `#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#if defined(_WIN32)
#pragma clang attribute push(__attribute__((dllexport)), apply_to = function)
#else
#pragma GCC visibility push(default)
#endif
${declarations}#if defined(_WIN32)
#pragma clang attribute pop
#else
#pragma GCC visibility pop
#endif
`;

const configFolder = (name) => join(bundleFolder, "config", name);

/** The files of a library's configuration, by their names. */
function configFiles({ configs, exports, pattern }) {
  // The map keeps back what zig's own start of a library would export on Linux.
  const map = `{ global: ${pattern}; local: *; };\n`;
  return { ...configs, ...(exports && { "exports.h": exportsHeader(exports), "exports.map": map }) };
}

/** Writes the configuration of one library. */
function writeConfigs(name, recipe) {
  mkdirSync(configFolder(name), { recursive: true });
  for (const [file, text] of Object.entries(configFiles(recipe))) {
    const path = join(configFolder(name), file);
    mkdirSync(dirname(path), { recursive: true });
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
}

export function zig() {
  const path = fromNpm.zig() ?? which("zig");
  if (!path) throw new Failure("building the bundle takes zig, which comes by `npm ci`");
  return path;
}

/**
 * The arguments of zig that compile and link one library for a target out of `parts`: [{ name, recipe, folder }], the
 * first of which is the library itself. Paths are relative to the checkout, so that no folder of this machine gets into
 * a file.
 */
export function zigArguments({ target, parts, soname }) {
  const macos = target.name.startsWith("macos");
  const here = (path) => relative(root, path).replaceAll("\\", "/");
  /** The folders to include of one library: all of them for itself, the first, which is public, for others. */
  const includes = (name, count = 1) => {
    const part = parts.find((p) => p.name === name);
    return [configFolder(name), ...part.recipe.include.slice(0, count).map((i) => join(part.folder, i))];
  };
  const groups = parts.flatMap(({ name, recipe, folder }) => {
    // Each has a config.h: its own comes first.
    const own = includes(name, Infinity);
    const others = (recipe.uses ?? []).flatMap((used) => includes(used));
    const flags = [
      ...["-O2", "-w", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections", "-D_GNU_SOURCE"],
      ...["-D_FILE_OFFSET_BITS=64", "-fno-sanitize=all", "-fno-strict-aliasing"],
      ...[...own, ...others].map((i) => `-I${here(i)}`),
      ...(recipe.headers ?? []).flatMap((i) => ["-idirafter", here(join(bundleFolder, "sources", i))]),
      ...(macos ? traced : []),
      ...recipe.flags(target),
      ...(recipe.exports ? ["-include", here(join(own[0], "exports.h"))] : []),
    ];
    const files = recipe.files(target, folder).map((file) => file.startsWith("/") ? file : join(folder, file));
    return ["-cflags", ...flags, "--", ...files.map(here)];
  });
  const map = here(join(configFolder(parts[0].name), "exports.map"));
  return [
    ...["build-lib", "-dynamic", "-target", target.zig, "-O", "ReleaseFast", "-fstrip", "-lc", "--name", "bundle"],
    ...["--gc-sections", "-fno-emit-implib"],
    ...(target.name.includes("x64") ? ["-mcpu", "x86_64_v2"] : []),
    ...(target.name.startsWith("linux") ? [`-fsoname=${soname}`, "-z", "defs", "--version-script", map] : []),
    ...(macos ? ["-install_name", `@rpath/${soname}`, "-fno-unwind-tables"] : []),
    ...parts[0].recipe.libraries(target),
    ...groups,
  ];
}

/** A hash of what a library is compiled of, except the archives' files, for which their pins stand. */
export function hashLibrary({ parts, args, pins }) {
  const { size, mtimeMs } = statSync(zig());
  const hash = createHash("sha256").update(JSON.stringify([args, pins, size, mtimeMs]));
  for (const { recipe } of parts) hash.update(JSON.stringify(configFiles(recipe)));
  hash.update(afterLinkSource());
  const ours = join(root, "scripts", "lib", "bundle");
  for (const name of readdirSync(ours, { recursive: true }).map(String).sort()) {
    if (/\.[ch]$/.test(name)) hash.update(readFileSync(join(ours, name)));
  }
  return hash.digest("hex");
}

/** Runs zig with arguments from zigArguments(). */
export function compileLibrary({ parts, args, output }) {
  for (const { name, recipe } of parts) writeConfigs(name, recipe);
  // In a folder aside, by its own name: a DLL says in itself what it was called when it was linked.
  const folder = `${dirname(output)}.${process.pid}`;
  const aside = join(folder, basename(output));
  for (const name of [dirname(output), folder]) mkdirSync(name, { recursive: true });
  const { status, stderr, error } = spawnSync(zig(), [...args, `-femit-bin=${aside}`], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, ...zigCache },
  });
  if (status !== 0) rmSync(folder, { recursive: true });
  if (status !== 0) throw new Failure(`${output} did not compile:\n${error?.message ?? stderr.slice(0, 4000)}`);
  afterLink(aside);
  renameSync(aside, output);
  rmSync(folder, { recursive: true });
}
