// Builds the documentation site in build/site/dist/: the Markdown files of the repository and the reference of the API.
// Usage: node scripts/build-site.mjs [--serve]: then serves it on this machine
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readArguments } from "./lib/arguments.mjs";
import { laySite } from "./lib/documents.mjs";
import { isMain, main, say, step } from "./lib/run.mjs";
import { root } from "./lib/tools.mjs";

const folder = join(root, "build", "site");
const vitepress = join(folder, "node_modules", "vitepress", "bin", "vitepress.js");
const typedoc = join(folder, "node_modules", "typedoc", "bin", "typedoc");

/** Installs VitePress and TypeDoc into the folder of the site, unless those of the lock file are there. */
function ensureTools() {
  const lock = readFileSync(join(root, "site", "package-lock.json"), "utf8");
  const installed = join(folder, "node_modules", "installed-lock.json");
  if (existsSync(installed) && readFileSync(installed, "utf8") === lock) return;
  say("installing VitePress and TypeDoc from npm into build/site");
  step("npm", ["ci", "--prefix", folder, "--ignore-scripts"], { help: "Is the npm registry reachable?" });
  writeFileSync(installed, lock);
}

export function buildSite() {
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, "site"), folder, { recursive: true });
  ensureTools();
  rmSync(join(folder, "pages"), { recursive: true, force: true });
  laySite(join(folder, "pages"));
  const help = "A link or a comment may be wrong; the message names the file.";
  step(process.execPath, [typedoc, "--options", join(folder, "typedoc.json")], { help });
  step(process.execPath, [vitepress, "build", folder], { help });
  return join(folder, "dist");
}

if (isMain(import.meta)) {
  await main(() => {
    const { values } = readArguments(import.meta, { options: { serve: { type: "boolean" } } });
    say(`the site is in ${buildSite()}`);
    if (values.serve) step(process.execPath, [vitepress, "preview", folder], { help: "Is its port in use?" });
  });
}
