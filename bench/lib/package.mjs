// The npm package of this checkout, as scripts/build-npm.mjs bundles it, for benchmarks of what users start.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleModules } from "../../scripts/lib/npm-bundle.mjs";
import { root } from "../../scripts/lib/tools.mjs";

/** Makes it in a folder below this checkout's node_modules; returns the folder, and how it is removed. */
export async function makePackage() {
  mkdirSync(join(root, "build"), { recursive: true });
  const folder = mkdtempSync(join(root, "build", "bench-"));
  await bundleModules(root, folder);
  symlinkSync(join(root, "native"), join(folder, "native"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}
