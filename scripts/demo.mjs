// Installs what is missing, builds, then plays and records the sample.
// Usage: node scripts/demo.mjs [--on deno|bun|node] [device]
import { spawnSync } from "node:child_process";
import process from "node:process";
import { readArguments } from "./lib/arguments.mjs";
import { Failure, main, output } from "./lib/run.mjs";
import { fromNpm, nodeFlags, root, which } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

/** The runtime that runs this script. */
const current = ["deno", "bun"].find((name) => name in process.versions) ?? "node";

/** The command that runs a TypeScript file on a runtime. */
const commands = {
  deno: () => [which("deno") ?? fromNpm.deno(), "run", "--allow-all", "--no-check"],
  bun: () => [which("bun") ?? fromNpm.bun()],
  node: () => {
    const path = current === "node" ? process.execPath : which("node") ?? fromNpm.node();
    return [path, ...nodeFlags(output(path, ["--version"]))];
  },
};

await main(async () => {
  const { values: { on }, positionals } = readArguments(import.meta, {
    options: { on: { type: "string", default: current } },
    allowPositionals: true,
  });
  if (!(on in commands)) throw new Failure(`--on ${on}: allowed are ${Object.keys(commands).join(", ")}`);
  await setup("demo");
  const [program, ...flags] = commands[on]();
  const { status, error } = spawnSync(program, [...flags, "examples/demo.ts", ...positionals], {
    cwd: root,
    stdio: "inherit",
  });
  if (error) throw new Failure(`${program}: ${error.message}`);
  return status ?? 1;
});
