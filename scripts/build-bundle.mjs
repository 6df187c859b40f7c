// Builds the bundle: PortAudio, and libsndfile with its codecs inside, as shared libraries for each target, from the
// source archives of Debian, into build/bundle/<target>/. Files that were built from the same input are kept.
// Usage: node scripts/build-bundle.mjs [target ...]      this machine's target without one; "all" for every target
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { readArguments } from "./lib/arguments.mjs";
import { codecs } from "./lib/bundle/codecs.mjs";
import { compileLibrary, hashLibrary, zigArguments } from "./lib/bundle/compile.mjs";
import { portaudio } from "./lib/bundle/portaudio.mjs";
import { bundleFolder, prepareSource, sources } from "./lib/bundle/sources.mjs";
import { Failure, isMain, main, say } from "./lib/run.mjs";
import { bundleFiles, hostTarget, targets } from "./lib/targets.mjs";
import { root } from "./lib/tools.mjs";

/** The parts of both libraries of a target. */
function libraries(target) {
  const files = bundleFiles(target);
  const prepared = Object.fromEntries(Object.keys(sources).map((name) => [name, prepareSource(name)]));
  const part = ([name, recipe]) => ({ name, recipe, folder: prepared[name].folder });
  const pins = Object.values(prepared).map(({ pin }) => [pin, String(pin.patches)]);
  return [
    { parts: [["portaudio", portaudio]].map(part), soname: files.portaudio },
    { parts: Object.entries(codecs).map(part), soname: files.sndfile },
  ].map((made) => ({ ...made, pins, args: zigArguments({ target, ...made }) }));
}

/** Builds both libraries for one target, and returns their folder. `rebuild`: even if they are up to date. */
export function buildBundle(target, { rebuild = false } = {}) {
  const folder = join(bundleFolder, target.name);
  for (const made of libraries(target)) {
    const output = join(folder, made.soname);
    const stamp = join(bundleFolder, `${target.name}-${made.soname}.hash`);
    const hash = hashLibrary(made);
    if (!rebuild && existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) continue;
    say(`building ${made.soname} for ${target.name} (minutes)`);
    rmSync(stamp, { force: true });
    compileLibrary({ ...made, output });
    writeFileSync(stamp, hash);
  }
  return folder;
}

/** Builds both, and puts them beside the C library of the checkout, where it looks for them. */
export function useBundle(target) {
  const folder = buildBundle(target);
  for (const file of Object.values(bundleFiles(target))) {
    copyFileSync(join(folder, file), join(root, "native", target.name, file));
  }
}

/** A line about each file: its size, its size when compressed, and its hash. */
function report(folder) {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    const hash = createHash("sha256").update(bytes).digest("hex");
    say(`  ${name}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} gzipped, ${hash.slice(0, 16)}`);
  }
}

function chosenTargets(names) {
  if (names.length === 0) return [hostTarget()];
  if (names.includes("all")) return targets;
  return names.map((name) => {
    const target = targets.find((t) => t.name === name);
    if (!target) throw new Failure(`${name} is none of ${targets.map((t) => t.name).join(", ")}`);
    return target;
  });
}

if (isMain(import.meta)) {
  await main(() => {
    for (const target of chosenTargets(readArguments(import.meta, { allowPositionals: true }).positionals)) {
      const folder = buildBundle(target);
      say(folder);
      report(folder);
    }
  });
}
