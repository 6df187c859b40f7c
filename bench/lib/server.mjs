// A sound server of its own for a benchmark.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../../scripts/lib/tools.mjs";

/** Starts a server of tests/helpers/servers.sh; returns how it is ended, and the environment that its clients need. */
export async function startServer(kind) {
  const script = join(root, "tests", "helpers", "servers.sh");
  const server = spawn("sh", [script, kind], { stdio: ["pipe", "pipe", "inherit"] });
  const env = {};
  for await (const line of createInterface({ input: server.stdout })) {
    const at = line.indexOf("=");
    env[line.slice(0, at)] = line.slice(at + 1);
    if (line.startsWith("SERVER_PID=")) return { end: () => server.stdin.end(), env };
  }
  throw new Error(`the server (${kind}) did not start`);
}
