// The command `pastream`.
import process from "node:process";

// Node compiles this command at each start, and of a checkout strips the types, unless it may cache the result.
if (process.features.typescript === "strip") process.getBuiltinModule("node:module").enableCompileCache?.();

const { main } = await import("./cli/main.ts");
process.exitCode = await main(process.argv.slice(2));
