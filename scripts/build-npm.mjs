// Makes the npm package in build/npm/, and of it build/pastream-<version>.tgz. `deno pack` turns the sources into JavaScript
// with declarations; what it does not know (bin, engines, optional dependencies, the libraries) is added here.
// Usage: node scripts/build-npm.mjs
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildPackage, packageFolder, readJson } from "./build-package.mjs";
import { capture, Failure, isMain, main, say } from "./lib/run.mjs";
import { fromNpm, root, which } from "./lib/tools.mjs";

const buildFolder = join(root, "build");
export const npmFolder = join(buildFolder, "npm");

async function run(command, args, cwd) {
  const { code, output } = await capture(command, args, { cwd });
  if (code !== 0) throw new Failure(`${command} ${args.join(" ")}\n${output}`);
}

/** JavaScript and declarations of all modules. No module imports the one that workers start with: it is named here. */
async function compile(work) {
  const config = readJson(packageFolder, "deno.json");
  const configFile = join(packageFolder, "deno.pack.json");
  writeFileSync(
    configFile,
    JSON.stringify({ ...config, exports: { ...config.exports, "./worker": "./src/worker-main.ts" } }),
  );
  const archive = join(work, "pack.tgz");
  const flags = ["--quiet", "--allow-dirty", "--no-source-maps", `--config=${configFile}`, `--output=${archive}`];
  await run(fromNpm.deno(), ["pack", ...flags], packageFolder);
  rmSync(configFile);
  await run("tar", ["-xzf", archive, "-C", work], root);
  rmSync(npmFolder, { recursive: true, force: true });
  renameSync(join(work, "package"), npmFolder);
}

/** The command gets the line by which a shell finds Node; examples get the name that the package has on npm. */
function edit() {
  const command = join(npmFolder, "cli.js");
  writeFileSync(command, `#!/usr/bin/env node\n${readFileSync(command, "utf8")}`);
  for (const file of readdirSync(npmFolder, { recursive: true })) {
    const path = join(npmFolder, file);
    // A module that the package does not use is left as it is.
    if (/(?<!\.d)\.ts$/.test(file)) rmSync(path);
    else if (/\.(js|ts)$/.test(file)) {
      writeFileSync(path, readFileSync(path, "utf8").replaceAll('"@pastream/pastream"', '"pastream"'));
    }
  }
}

function packageJson() {
  const { name, description, license, keywords, repository, optionalDependencies } = readJson(root, "package.json");
  const { version } = readJson(packageFolder, "deno.json");
  return {
    name,
    version,
    description,
    keywords,
    license,
    repository,
    type: "module",
    exports: { ".": { types: "./mod.d.ts", default: "./mod.js" }, "./package.json": "./package.json" },
    types: "./mod.d.ts",
    bin: { pastream: "cli.js" },
    man: "man/pastream.1",
    engines: { node: ">=20" },
    // The way to the library in a Node without FFI of its own.
    optionalDependencies: { koffi: `^${optionalDependencies.koffi}` },
  };
}

/** Answers the path of the package's archive. */
export async function buildNpm() {
  const npm = which("npm");
  if (!npm) throw new Failure("npm is missing: install it with Node (https://nodejs.org), then run this again");
  await buildPackage();
  const work = mkdtempSync(join(buildFolder, "pack-"));
  try {
    await compile(work);
  } finally {
    rmSync(work, { recursive: true });
  }
  edit();
  cpSync(join(packageFolder, "native"), join(npmFolder, "native"), { recursive: true });
  for (const name of ["man", "CHANGELOG.md", "LICENSE", "NOTICE", "README.md"]) {
    cpSync(join(root, name), join(npmFolder, name), { recursive: true });
  }
  const description = packageJson();
  writeFileSync(join(npmFolder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
  await run(npm, ["pack", "--silent", `--pack-destination=${buildFolder}`], npmFolder);
  return join(buildFolder, `${description.name}-${description.version}.tgz`);
}

if (isMain(import.meta)) {
  await main(async () => say(`packed ${await buildNpm()}`));
}
