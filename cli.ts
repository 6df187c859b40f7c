// The command `pastream`.
import process from "node:process";

// Node strips the types of a checkout's sources at each start unless it may cache the result.
if (process.features.typescript === "strip") process.getBuiltinModule("node:module").enableCompileCache?.();

const { main } = await import("./cli/main.ts");
process.exitCode = await main(process.argv.slice(2));
