// Lays out in build/package/ what is published: the sources, the library for every platform, and the table of hashes by
// which a download is checked. `deno publish` in that folder publishes it to JSR; build-npm.mjs makes the npm package
// of it.
// Usage: node scripts/build-package.mjs
import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "./build.mjs";
import { buildBundle } from "./build-bundle.mjs";
import { readArguments } from "./lib/arguments.mjs";
import { layPublished } from "./lib/documents.mjs";
import { describeLibraries } from "./lib/manifest.mjs";
import { isMain, main, say } from "./lib/run.mjs";
import { bundleFiles, targets } from "./lib/targets.mjs";
import { root } from "./lib/tools.mjs";

export const packageFolder = join(root, "build", "package");
const table = join("ffi", "prebuilt.ts");

export const readJson = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));

/** Writes the deno.json of the published package, without what only a checkout needs: tasks and excluded folders. */
function writeConfig({ name, version, license, exports, compilerOptions, publish }) {
  // git ignores the libraries and the folder build/: "!" includes them in the package.
  const include = [...publish.include, "native/"];
  const config = { name, version, license, exports, compilerOptions, publish: { include, exclude: ["!**"] } };
  writeFileSync(join(packageFolder, "deno.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/** The name, size and hash of a file, and its compressed size. */
function describe(folder, file) {
  const bytes = readFileSync(join(folder, file));
  const gzipped = gzipSync(bytes, { level: 9 });
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { gzipped, entry: { file, size: bytes.length, sha256, gzipped: gzipped.length } };
}

/** Puts the bundle of a target into the package, gzipped, for a package on JSR has few bytes; returns what it is. */
function packBundle(target) {
  const files = bundleFiles(target);
  const pack = (file) => {
    const { gzipped, entry } = describe(buildBundle(target), file);
    writeFileSync(join(packageFolder, "native", target.name, `${file}.gz`), gzipped);
    return entry;
  };
  return { portaudio: pack(files.portaudio), libsndfile: pack(files.sndfile) };
}

/** Fills the table in ffi/prebuilt.ts, which is empty in a checkout. */
function writeTable(bundles) {
  const empty = "Readonly<Record<string, Prebuilt>> = {};";
  const source = readFileSync(join(root, table), "utf8");
  if (!source.includes(empty)) throw new Error(`${table} has no "${empty}"`);
  const libraries = describeLibraries(join(packageFolder, "native"));
  for (const target of bundles) libraries[target.name].bundle = packBundle(target);
  writeFileSync(join(packageFolder, table), source.replace("= {};", `= ${JSON.stringify(libraries, null, 2)};`));
}

/** The files of the live view's page are published as a module, cli/scope/assets.ts, and documents without pictures. */
const isPublished = (path) => !/scope[\\/]page[\\/].*\.(js|css|html)$|docs[\\/]images$/.test(path);

/** `bundles` are the targets whose PortAudio and libsndfile come along: all of them in what is published. */
export async function buildPackage({ bundles = targets } = {}) {
  await build({ all: true });
  rmSync(packageFolder, { recursive: true, force: true });
  const config = readJson(root, "deno.json");
  const libraries = targets.map(({ name, file }) => join("native", name, file));
  for (const name of [...config.publish.include, ...libraries]) {
    cpSync(join(root, name), join(packageFolder, name), { recursive: true, filter: isPublished });
  }
  layPublished(packageFolder);
  writeConfig(config);
  writeTable(bundles);
}

if (isMain(import.meta)) {
  await main(async () => {
    readArguments(import.meta);
    await buildPackage();
    say(`ready in ${packageFolder}: deno publish`);
  });
}
