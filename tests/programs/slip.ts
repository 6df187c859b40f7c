// The command with a mistake in it: [arguments…, file to record]. An error that is not caught is thrown as
// soon as there is a recording, and again at once.
import { existsSync, statSync } from "node:fs";
import process from "node:process";
import { main } from "../../cli/main.ts";

const words = process.argv.slice(2);
const file = words.at(-1)!;
globalThis.setInterval(() => {
  if (!existsSync(file) || statSync(file).size <= 20_000) return;
  queueMicrotask(() => {
    throw new Error("nor this");
  });
  throw new Error("nobody catches this");
}, 20);
process.exitCode = await main(words);
