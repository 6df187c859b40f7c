// Writes cli/scope/assets.ts, the page of the live view as a module.
// Usage: node scripts/build-page.mjs
import { writeFileSync } from "node:fs";
import { readArguments } from "./lib/arguments.mjs";
import { isMain, main } from "./lib/run.mjs";
import { assetsFile, pageModule } from "./lib/page.mjs";

if (isMain(import.meta)) {
  await main(() => {
    readArguments(import.meta);
    writeFileSync(assetsFile, pageModule());
  });
}
