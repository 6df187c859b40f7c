// npm packages: the pinned tools (Deno, Bun, zig, a newer Node, ...) in node_modules.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Failure, say, step } from "./run.mjs";
import { root, which, windows } from "./tools.mjs";

const readJson = (...path) => JSON.parse(readFileSync(join(root, ...path), "utf8"));

/** The direct dependencies for this platform that are not installed in their pinned version. */
function missingPackages() {
  const { devDependencies, optionalDependencies } = readJson("package.json");
  const locked = readJson("package-lock.json").packages;
  return Object.entries({ ...devDependencies, ...optionalDependencies }).filter(([name, version]) => {
    const { os, cpu } = locked[`node_modules/${name}`] ?? {};
    if ((os && !os.includes(process.platform)) || (cpu && !cpu.includes(process.arch))) return false;
    const file = join("node_modules", name, "package.json");
    return !existsSync(join(root, file)) || readJson(file).version.split("+")[0] !== version;
  }).map(([name]) => name);
}

/** npm writes its own record last: without it the installation was interrupted. */
const isComplete = () => existsSync(join(root, "node_modules", ".package-lock.json"));

/**
 * Without the packages' install scripts: nothing needs what they do, and the `node` that runs them would be the newer
 * one among the packages, which takes more of the system than the machine's own.
 */
const install = ["ci", "--ignore-scripts", "--no-fund", "--no-audit"];

/** With Deno but no Node, Deno runs npm (`deno install` omits optional dependencies). */
const npmInDeno = ["run", "-A", "--quiet", "--no-config", "--node-modules-dir=none", "npm:npm@11.19.1"];

export function ensurePackages() {
  const missing = missingPackages();
  if (missing.length > 0 || !isComplete()) {
    say(`fetching tools from npm${missing.length > 0 ? `: ${missing.join(" ")}` : ""} (a minute, once)`);
    const npm = which("npm");
    const help = "The tools come from npm, over the network: where that is there, run this again";
    if (npm) step(npm, install, { help });
    else if (process.versions.deno) step(process.execPath, [...npmInDeno, ...install], { help });
    else throw new Failure("npm is missing: install it with Node (https://nodejs.org), then run this again");
  }
  // The newer Node is for tests only. Here it would be `node` in every `npm run`, in place of the machine's own.
  rmSync(join(root, "node_modules", ".bin", windows ? "node.cmd" : "node"), { force: true });
}
