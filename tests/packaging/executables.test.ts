// Single executables that bring the library along, run from an empty folder.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { buildPackage, packageFolder } from "../../scripts/build-package.mjs";
import { hostTarget } from "../../scripts/lib/targets.mjs";
import { app, bundles, fromNpm, root, run, type Settings, temporaryFolder, version } from "../helpers/packages.ts";

const target = hostTarget();

/** `deno compile` downloads the runtime that it puts into executables, unless DENORT_BIN names it. */
async function lackOfDenoRuntime(): Promise<string | false> {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, "main.js"), "");
  const { code, stderr } = await run([fromNpm.deno()!, "compile", "--output=program", "main.js"], { cwd });
  return code !== 0 && stderr.includes("base binary") && "the runtime for deno compile cannot be downloaded";
}
const denoLacks = await lackOfDenoRuntime();

describe("a single executable", () => {
  let folder: string;
  let empty: string;
  let settings: Settings;

  before(async () => {
    await buildPackage({ bundles });
    folder = temporaryFolder();
    empty = join(folder, "empty");
    mkdirSync(empty);
    settings = { cwd: empty, env: { APP_NO_WORKER: "1" } };
    copyFileSync(join(packageFolder, "native", target.name, target.file), join(folder, target.file));
    copyFileSync(join(app, "app.js"), join(folder, "app.js"));
  });

  /** A program that hands over its own library before the app begins. */
  function writeMain(library: string, pastream: string): void {
    const lines = [
      library,
      'import { loadLibrary } from "pastream";',
      "loadLibrary({ path: library });",
      'await import("./app.js");',
    ];
    writeFileSync(join(folder, "main.js"), `${lines.join("\n")}\n`);
    writeFileSync(join(folder, "deno.json"), JSON.stringify({ imports: { pastream } }));
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { paths: { pastream: [pastream] } } }),
    );
  }

  async function runAlone(program: string): Promise<void> {
    const { code, stdout, stderr } = await run([program], settings);
    assert.equal(code, 0, stderr);
    const { native, paths } = JSON.parse(stdout);
    assert.equal(native, version);
    assert.ok(!paths.native.startsWith(root) && !paths.native.startsWith(join(folder, target.file)), paths.native);
  }

  it("is made by bun build --compile", async () => {
    writeMain(`import library from "./${target.file}" with { type: "file" };`, join(packageFolder, "mod.ts"));
    const program = join(folder, "with-bun");
    const { code, stdout, stderr } = await run(
      [fromNpm.bun()!, "build", "--compile", "main.js", `--outfile=${program}`],
      { cwd: folder },
    );
    assert.equal(code, 0, stdout + stderr);
    await runAlone(program);
  });

  it("is made by deno compile", { skip: denoLacks }, async () => {
    writeMain(
      `import { fileURLToPath } from "node:url";\n` +
        `const library = fileURLToPath(new URL("./${target.file}", import.meta.url));`,
      join(packageFolder, "mod.ts"),
    );
    const program = join(folder, "with-deno");
    const flags = ["compile", "-A", "--no-check", `--include=${target.file}`, `--output=${program}`];
    const { code, stdout, stderr } = await run([fromNpm.deno()!, ...flags, "main.js"], { cwd: folder });
    assert.equal(code, 0, stdout + stderr);
    await runAlone(program);
  });
});
