// An empty project of a user's, where `pastream` is the only package: as npm lays it out, and in Deno's import map.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const modules = { "pastream": "mod.ts", "pastream/scope": "cli/scope/scope.ts" };

/** Makes one, which is removed after the tests of the file; returns its folder. */
export function emptyProject(): string {
  const project = mkdtempSync(join(tmpdir(), "pastream-"));
  after(() => rmSync(project, { recursive: true }));
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "project", type: "module" }));
  mkdirSync(join(project, "node_modules"));
  symlinkSync(fileURLToPath(root), join(project, "node_modules", "pastream"), "junction");
  const imports = Object.fromEntries(Object.entries(modules).map(([name, path]) => [name, new URL(path, root)]));
  writeFileSync(join(project, "deno.json"), JSON.stringify({ imports, nodeModulesDir: "none" }));
  return project;
}
