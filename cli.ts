// The command `pastream`.
import process from "node:process";

// Node compiles this command at each start, and of a checkout strips the types, unless it may cache the result. The
// cache is in the user's own folder: whoever can write to it decides what runs.
if (process.features.typescript === "strip") {
  const { HOME, XDG_CACHE_HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`);
  process.getBuiltinModule("node:module").enableCompileCache?.(caches ? `${caches}/pastream/node` : undefined);
}

const { main } = await import("./cli/main.ts");
process.exitCode = await main(process.argv.slice(2));
