// Builds the bundle: PortAudio, and libsndfile with its codecs inside, as shared libraries for each target, from the
// source archives of Debian, into build/bundle/<target>/. What is there from the same input is left alone.
// Usage: node scripts/build-bundle.mjs [target ...]      this machine's target without one; "all" for every target
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";
import { codecs } from "./lib/bundle/codecs.mjs";
import { compileLibrary, zig } from "./lib/bundle/compile.mjs";
import { portaudio } from "./lib/bundle/portaudio.mjs";
import { bundleFolder, prepareSource, sources } from "./lib/bundle/sources.mjs";
import { Failure, isMain, main, say } from "./lib/run.mjs";
import { bundleFiles, hostTarget, targets } from "./lib/targets.mjs";
import { root } from "./lib/tools.mjs";

/** A hash of what a build is made of: the scripts, the pins and the compiler. */
function inputs(target) {
  const hash = createHash("sha256").update(JSON.stringify(target)).update(readFileSync(zig()).subarray(0, 1 << 20));
  const folder = join(root, "scripts", "lib", "bundle");
  const names = readdirSync(folder, { recursive: true }).map(String).filter((name) => /\.(mjs|c|h)$/.test(name));
  for (const name of names.sort()) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}

const part = (name, recipe) => ({ name, recipe, folder: prepareSource(name).folder });

/** Builds both libraries for one target, and returns the folder that they are in. */
export function buildBundle(target) {
  const folder = join(bundleFolder, target.name);
  const stamp = join(bundleFolder, `${target.name}.hash`);
  const hash = inputs(target);
  const files = bundleFiles(target);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(sources)) prepareSource(name);
  say(`building PortAudio for ${target.name}`);
  compileLibrary({
    target,
    parts: [part("portaudio", portaudio)],
    output: join(folder, files.portaudio),
    soname: files.portaudio,
    links: portaudio.libraries(target),
  });
  say(`building libsndfile for ${target.name}`);
  compileLibrary({
    target,
    parts: Object.entries(codecs).map(([name, recipe]) => part(name, recipe)),
    output: join(folder, files.sndfile),
    soname: files.sndfile,
    links: codecs.sndfile.libraries(target),
  });
  writeFileSync(stamp, hash);
  return folder;
}

/** A line about each file: its size, what it takes to download, and its hash. */
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
    for (const target of chosenTargets(process.argv.slice(2))) {
      const folder = buildBundle(target);
      say(folder);
      report(folder);
    }
  });
}
