// Makes the npm package in build/npm/ and packs it into build/pastream-<version>.tgz. `deno pack` turns the sources into
// JavaScript with declarations; what it does not know (bin, engines, optional dependencies, libraries) is added here.
// Usage: node scripts/build-npm.mjs
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { buildPackage, packageFolder, readConfig } from "./build-package.mjs";
import { capture, Failure, isMain, main, say } from "./lib/run.mjs";
import { fromNpm, root, which } from "./lib/tools.mjs";

const build = join(root, "build");
const npmFolder = join(build, "npm");

async function run(command, args, cwd) {
  const { code, output } = await capture(command, args, { cwd });
  if (code !== 0) throw new Failure(`${command} ${args.join(" ")}\n${output}`);
  return output;
}

/** JavaScript and declarations of all modules. The worker's is no part of the API, but nothing imports it. */
async function compile() {
  const config = JSON.parse(readFileSync(join(packageFolder, "deno.json"), "utf8"));
  const entries = { ...config.exports, "./worker": "./src/worker-main.ts" };
  const configFile = join(packageFolder, "deno.pack.json");
  writeFileSync(configFile, JSON.stringify({ ...config, exports: entries }));
  const archive = join(build, "deno-pack.tgz");
  await run(fromNpm.deno(), [
    "pack",
    "--quiet",
    "--allow-dirty",
    "--no-source-maps",
    `--config=${configFile}`,
    `--output=${archive}`,
  ], packageFolder);
  rmSync(configFile);
  rmSync(npmFolder, { recursive: true, force: true });
  await run("tar", ["-xzf", archive, "-C", build], root);
  renameSync(join(build, "package"), npmFolder);
}
