// Lays out in build/package/ what is published: the sources, the library for every platform, and the table of hashes by
// which a download is checked. `deno publish` in that folder publishes it to JSR; build-npm.mjs makes the npm package
// of it.
// Usage: node scripts/build-package.mjs
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "./build.mjs";
import { describeLibraries } from "./lib/manifest.mjs";
import { isMain, main, say } from "./lib/run.mjs";
import { targets } from "./lib/targets.mjs";
import { root } from "./lib/tools.mjs";

export const packageFolder = join(root, "build", "package");
const table = join("ffi", "prebuilt.ts");

export const readJson = (...path) => JSON.parse(readFileSync(join(...path), "utf8"));

/** Writes what the published package is, without what only a checkout has: tasks, and folders to leave alone. */
function writeConfig({ name, version, license, exports, compilerOptions, publish }) {
  // The libraries are ignored by git, and so is the folder build/ itself: "!" takes them in all the same.
  const include = [...publish.include, "native/"];
  const config = { name, version, license, exports, compilerOptions, publish: { include, exclude: ["!**"] } };
  writeFileSync(join(packageFolder, "deno.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/** Fills the table in ffi/prebuilt.ts, which is empty in a checkout. */
function writeTable() {
  const empty = "Readonly<Record<string, Prebuilt>> = {};";
  const source = readFileSync(join(root, table), "utf8");
  if (!source.includes(empty)) throw new Error(`${table} has no "${empty}"`);
  const libraries = JSON.stringify(describeLibraries(join(packageFolder, "native")), null, 2);
  writeFileSync(join(packageFolder, table), source.replace("= {};", `= ${libraries};`));
}

/** The files of the live view's page are published as a module, cli/scope/assets.ts. */
const isPublished = (path) => !/scope[\\/]page[\\/].*\.(js|css|html)$/.test(path);

export async function buildPackage() {
  await build({ all: true });
  rmSync(packageFolder, { recursive: true, force: true });
  const config = readJson(root, "deno.json");
  const libraries = targets.map(({ name, file }) => join("native", name, file));
  for (const name of [...config.publish.include, ...libraries]) {
    cpSync(join(root, name), join(packageFolder, name), { recursive: true, filter: isPublished });
  }
  writeConfig(config);
  writeTable();
}

if (isMain(import.meta)) {
  await main(async () => {
    await buildPackage();
    say(`ready in ${packageFolder}: deno publish`);
  });
}
