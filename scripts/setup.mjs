// Fetches what is missing on this machine and builds the C library. Says what it does; says nothing where nothing is to
// do.
// Usage: node scripts/setup.mjs [demo|test|full]
import process from "node:process";
import { build } from "./build.mjs";
import { ensurePackages } from "./lib/packages.mjs";
import { isMain, main } from "./lib/run.mjs";
import { ensureSystem } from "./lib/system.mjs";

/** @param purpose "demo": what runs the library; "test": what the tests need, too; "full": what `test:full` adds */
export async function setup(purpose) {
  ensureSystem(purpose);
  ensurePackages();
  await build();
}

if (isMain(import.meta)) {
  await main(() => setup(process.argv[2] ?? "test"));
}
