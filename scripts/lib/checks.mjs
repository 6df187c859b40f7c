// What can be said about the project without running it: format, lint, types, documentation, publishing, the lock file.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./run.mjs";
import { fromNpm, root } from "./tools.mjs";

const deno = (...args) => async () => {
  const { code, output } = await capture(fromNpm.deno(), args);
  return code === 0 ? undefined : output;
};

/** Answers undefined where all is well, else what is wrong. */
const lockFile = () => {
  const lines = readFileSync(join(root, "package-lock.json"), "utf8").split("\n");
  const found = lines.filter((line) => /"resolved":|registry/.test(line));
  if (found.length === 0) return undefined;
  return `package-lock.json names a registry's address (npm's omit-lockfile-registry-resolved is off):\n${found[0]}`;
};

export const checks = [
  { name: "format", run: deno("fmt", "--check") },
  { name: "lint", run: deno("lint") },
  { name: "types", run: deno("check", ".") },
  { name: "documentation", run: deno("doc", "--lint", "mod.ts") },
  { name: "publish dry-run", run: deno("publish", "--dry-run", "--allow-dirty") },
  { name: "lock file", run: lockFile },
];
