// Installs what is missing on this machine and builds the C library. Prints what it does.
// Usage: node scripts/setup.mjs [demo|test|full] [--bundle]: with the bundle of PortAudio and libsndfile beside it
import { build } from "./build.mjs";
import { useBundle } from "./build-bundle.mjs";
import { readArguments, refuseArguments } from "./lib/arguments.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { isMain, main } from "./lib/run.mjs";
import { ensureSystem, purposes } from "./lib/system.mjs";
import { hostTarget } from "./lib/targets.mjs";

/** @param purpose "demo": what runs the library; "test": what the tests need, too; "full": what `test:full` adds */
export async function setup(purpose) {
  ensureSystem(purpose);
  ensurePackages();
  await build();
}

if (isMain(import.meta)) {
  await main(async () => {
    const options = { bundle: { type: "boolean" } };
    const { values, positionals } = readArguments(import.meta, { options, allowPositionals: true });
    const [purpose = "test", ...more] = positionals;
    if (!purposes.includes(purpose) || more.length > 0) {
      refuseArguments(import.meta, `one of ${purposes.join(", ")}, not ${positionals.join(" ")}`);
    }
    await setup(purpose);
    if (values.bundle) useBundle(hostTarget());
  });
}
