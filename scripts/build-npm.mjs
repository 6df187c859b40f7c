// Makes the npm package in build/npm/, and of it build/pastream-<version>.tgz, and the packages with what is native.
// esbuild makes the JavaScript, one file for each entry. The declarations come from dnt, or from `deno pack` where JSR,
// which has dnt, cannot be reached. The rest (bin, engines, optional dependencies) is added here.
// Usage: node scripts/build-npm.mjs; PASTREAM_DNT=<address of dnt's module>, or "none", decides which of the two.
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { buildPackage, packageFolder, readJson } from "./build-package.mjs";
import { readArguments } from "./lib/arguments.mjs";
import { layPublished } from "./lib/documents.mjs";
import { capture, Failure, isMain, main, say } from "./lib/run.mjs";
import { bundleModules } from "./lib/npm-bundle.mjs";
import { buildNativePackage, nativePackage } from "./lib/native-packages.mjs";
import { targets } from "./lib/targets.mjs";
import { fromNpm, root, which } from "./lib/tools.mjs";

const buildFolder = join(root, "build");
export const npmFolder = join(buildFolder, "npm");

async function run(command, args, cwd) {
  const { code, output } = await capture(command, args, { cwd });
  if (code !== 0) throw new Failure(`${command} ${args.join(" ")}\n${output}`);
}

const JSR = "https://jsr.io/@deno/dnt/meta.json";

/** The address of dnt, or undefined. */
async function findDnt() {
  const given = process.env.PASTREAM_DNT;
  if (given !== undefined) return given === "none" ? undefined : given;
  try {
    const { ok } = await fetch(JSR, { signal: AbortSignal.timeout(5000) });
    return ok ? "jsr:@deno/dnt@~0.41.1" : undefined;
  } catch {
    return undefined;
  }
}

/** Declarations of all modules, by dnt. */
async function compileByDnt(dnt, work) {
  const script = join(root, "scripts", "dnt.ts");
  // Of this checkout's settings those about node_modules would keep dnt from its own dependencies.
  const flags = ["-A", "--no-config", "--no-lock", "--node-modules-dir=none"];
  await run(fromNpm.deno(), ["run", ...flags, script, dnt, packageFolder, work], root);
  return join(work, "esm");
}

/** The same by `deno pack`. */
async function compileByPack(work) {
  const archive = join(work, "pack.tgz");
  const flags = ["--quiet", "--allow-dirty", "--no-source-maps", `--output=${archive}`];
  await run(fromNpm.deno(), ["pack", ...flags], packageFolder);
  await run("tar", ["-xzf", archive, "-C", work], root);
  return join(work, "package");
}

async function compile(work) {
  const dnt = await findDnt();
  say(dnt ? `compiling with dnt from ${dnt}` : "compiling with deno pack");
  const compiled = dnt ? await compileByDnt(dnt, work) : await compileByPack(work);
  rmSync(npmFolder, { recursive: true, force: true });
  renameSync(compiled, npmFolder);
}

/**
 * Disposable classes in declarations: `deno pack` leaves out the method whose name is a symbol, and the type is one
 * that TypeScript knows only with a library which a user's program need not name.
 */
function editDisposables(text) {
  if (!/\b(Async)?Disposable\b/.test(text)) return text;
  const methods = {
    Disposable: "[Symbol.dispose](): void;",
    AsyncDisposable: "[Symbol.asyncDispose](): Promise<void>;",
  };
  const whole = text.replace(/^.*\bclass \w+.* implements (\w+) \{$/gm, (head, type) => {
    const method = methods[type];
    return !method || text.includes(method) ? head : `${head}\n  /** The same as close(). */ ${method}`;
  });
  return `/// <reference lib="esnext.disposable" />\n${whole}`;
}

/** Of the modules the declarations stay; their examples get the name that the package has on npm. */
function editDeclarations() {
  for (const file of readdirSync(npmFolder, { recursive: true })) {
    const path = join(npmFolder, file);
    if (/(?<!\.d)\.[jt]s$/.test(file)) rmSync(path);
    else if (file.endsWith(".d.ts")) {
      const text = readFileSync(path, "utf8").replaceAll('"@pastream/pastream"', '"pastream"');
      writeFileSync(path, editDisposables(text));
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
    exports: {
      ".": { types: "./mod.d.ts", default: "./lib/mod.js" },
      "./scope": { types: "./cli/scope/scope.d.ts", default: "./lib/scope.js" },
      "./package.json": "./package.json",
    },
    types: "./mod.d.ts",
    bin: { pastream: "cli.js" },
    man: ["man/pastream.1"], // npm requires a list
    // Node 20.16 is the first that lets a module ask for a built-in one without an import.
    engines: { node: ">=20.16" },
    optionalDependencies: {
      // How a Node without FFI calls the library.
      koffi: `^${optionalDependencies.koffi}`,
      ...Object.fromEntries(targets.map((target) => [nativePackage(target), version])),
    },
  };
}

/**
 * Returns the paths of the archives: { main, native: { <target>: … } }. `bundles` are the targets whose packages have
 * PortAudio and libsndfile: all of them in what is published.
 */
export async function buildNpm({ bundles = targets } = {}) {
  const npm = which("npm");
  if (!npm) throw new Failure("npm is missing: install it with Node (https://nodejs.org), then run this again");
  await buildPackage({ bundles });
  const work = mkdtempSync(join(buildFolder, "pack-"));
  try {
    await compile(work);
  } finally {
    rmSync(work, { recursive: true });
  }
  rmSync(join(npmFolder, "native"), { recursive: true, force: true }); // in packages of its own
  editDeclarations();
  await bundleModules(packageFolder, npmFolder);
  for (const name of ["man", "LICENSE", "NOTICE"]) {
    cpSync(join(root, name), join(npmFolder, name), { recursive: true });
  }
  layPublished(npmFolder);
  const description = packageJson();
  writeFileSync(join(npmFolder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
  await run(npm, ["pack", "--silent", `--pack-destination=${buildFolder}`], npmFolder);
  /** @type {Record<string, string>} */
  const native = {};
  for (const target of targets) {
    native[target.name] = await buildNativePackage(target, description.version, { whole: bundles.includes(target) });
  }
  return { main: join(buildFolder, `${description.name}-${description.version}.tgz`), native };
}

if (isMain(import.meta)) {
  await main(async () => {
    readArguments(import.meta);
    const { main, native } = await buildNpm();
    for (const path of [main, ...Object.values(native)]) say(`packed ${path}`);
  });
}
