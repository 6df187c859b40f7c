// Installs what is missing on this machine and builds the C library. Prints what it does.
// Usage: node scripts/setup.mjs [demo|test|full] [--bundle]: with the bundle of PortAudio and libsndfile beside it
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { useBundle } from "./build-bundle.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { isMain, main } from "./lib/run.mjs";
import { ensureSystem } from "./lib/system.mjs";
import { hostTarget } from "./lib/targets.mjs";

/** @param purpose "demo": what runs the library; "test": what the tests need, too; "full": what `test:full` adds */
export async function setup(purpose) {
  ensureSystem(purpose);
  ensurePackages();
  await build();
}

if (isMain(import.meta)) {
  const { values, positionals } = parseArgs({ options: { bundle: { type: "boolean" } }, allowPositionals: true });
  await main(async () => {
    await setup(positionals[0] ?? "test");
    if (values.bundle) useBundle(hostTarget());
  });
}
