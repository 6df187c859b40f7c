// The main job: fetches what is missing, builds, then plays and records the sample on the runtime that runs this script.
// Usage: node scripts/demo.mjs [device]
import { spawnSync } from "node:child_process";
import process from "node:process";
import { Failure, main } from "./lib/run.mjs";
import { nodeFlags, root } from "./lib/tools.mjs";
import { setup } from "./setup.mjs";

function runtimeFlags() {
  if (process.versions.deno) return ["run", "--allow-all", "--no-check"];
  return process.versions.bun ? [] : nodeFlags(process.version);
}

await main(async () => {
  await setup("demo");
  const args = [...runtimeFlags(), "examples/demo.ts", ...process.argv.slice(2)];
  const { status, error } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (error) throw new Failure(`${process.execPath}: ${error.message}`);
  return status ?? 1;
});
