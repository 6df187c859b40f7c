// What the tests of packages share: runtimes, and programs run to their end.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { output } from "../../scripts/lib/run.mjs";
import { hostTarget, targets } from "../../scripts/lib/targets.mjs";
import { fromNpm, root, which } from "../../scripts/lib/tools.mjs";

export { fromNpm, root };
export const app: string = join(root, "tests", "packaging", "app");
export const version: string = JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).version;

/** The targets for which PortAudio and libsndfile are built: for each of them that takes minutes. */
export const bundles: typeof targets = process.env.PASTREAM_TEST_FULL ? targets : [hostTarget()];

/**
 * How to run a JavaScript file on each runtime: Deno and Bun as pinned, this machine's Node and the pinned newer one.
 */
export const runtimes: Record<string, readonly string[]> = {
  deno: [fromNpm.deno()!, "run", "-A"],
  bun: [fromNpm.bun()!, "run", "--bun"],
};
for (const node of [which("node"), fromNpm.node()]) {
  if (node) runtimes[`node ${output(node, ["--version"])}`] = [node];
}

/** Whether a DLL has a TLS directory, without which Windows gives its thread variables no memory. */
export function hasTlsDirectory(path: string): boolean {
  return /TLSTableSize: 0x[1-9A-F]/.test(output("llvm-readobj", ["--file-headers", path]) ?? "");
}

const temporaryFolders: string[] = [];
process.on("exit", () => {
  for (const folder of temporaryFolders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder far from the checkout, which goes when the tests of the file have ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pastream-test-"));
  temporaryFolders.push(folder);
  return folder;
}

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Settings {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
}

/** Runs a program to its end. */
export function run([program, ...args]: readonly string[], { cwd, env, uid }: Settings): Promise<Result> {
  const options = { cwd, uid, env: { ...process.env, NO_COLOR: "1", ...env }, timeout: 180_000 };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
    child.stdin!.end();
  });
}

/** Runs a program that has to succeed, and returns what it wrote to standard output. */
export async function runWell(command: readonly string[], settings: Settings): Promise<string> {
  const { code, stdout, stderr } = await run(command, settings);
  assert.equal(code, 0, `${command.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}
