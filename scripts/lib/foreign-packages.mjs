// npm packages for other platforms, which npm itself would not install here, in the versions that this checkout pins.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, say } from "./run.mjs";
import { root } from "./tools.mjs";

const { devDependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const pins = { ...devDependencies, ...optionalDependencies };

/** A package, by the one in package.json that has its version. */
export const pinned = (name, by = name) => ({ name, version: pins[by] });

function isThere(folder, { name, version }) {
  const description = join(folder, name, "package.json");
  return existsSync(description) &&
    JSON.parse(readFileSync(description, "utf8")).version.split("+")[0] === version;
}

/** Whether all of these are in `folder`. */
export const hasPackages = (folder, packages) => packages.every((one) => isThere(folder, one));

function run(program, ...args) {
  const { status, stderr, error } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Failure(`${program} ${args.join(" ")} failed: ${error?.message ?? stderr}`);
}

/** Fetches those that are missing in `folder`. */
export function fetchPackages(folder, packages) {
  for (const { name, version } of packages.filter((one) => !isThere(folder, one))) {
    say(`fetching ${name} ${version}`);
    const into = join(folder, name), beside = dirname(into);
    const archive = join(beside, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
    rmSync(into, { recursive: true, force: true });
    mkdirSync(into, { recursive: true });
    run("npm", "pack", "--silent", `--pack-destination=${beside}`, `${name}@${version}`);
    run("tar", "-xzf", archive, "-C", into, "--strip-components=1");
    rmSync(archive);
  }
}
