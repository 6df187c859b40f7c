// Installs what is missing on this machine and builds the C library. Prints what it does.
// Usage: node scripts/setup.mjs [demo|test|full] [--bundle]: with the bundle of PortAudio and libsndfile beside it
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { buildBundle } from "./build-bundle.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { isMain, main } from "./lib/run.mjs";
import { ensureSystem } from "./lib/system.mjs";
import { bundleFiles, hostTarget } from "./lib/targets.mjs";
import { root } from "./lib/tools.mjs";

/** @param purpose "demo": what runs the library; "test": what the tests need, too; "full": what `test:full` adds */
export async function setup(purpose) {
  ensureSystem(purpose);
  ensurePackages();
  await build();
}

/** Builds PortAudio and libsndfile, and puts them beside the C library, where it looks for them. */
function useBundle() {
  const target = hostTarget();
  const folder = buildBundle(target);
  for (const file of Object.values(bundleFiles(target))) {
    copyFileSync(join(folder, file), join(root, "native", target.name, file));
  }
}

if (isMain(import.meta)) {
  const { values, positionals } = parseArgs({ options: { bundle: { type: "boolean" } }, allowPositionals: true });
  await main(async () => {
    await setup(positionals[0] ?? "test");
    if (values.bundle) useBundle();
  });
}
