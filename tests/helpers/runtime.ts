// The runtime that runs this test, to start child processes on the same one.
import { Buffer } from "node:buffer";
import { spawn, type SpawnOptions } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** "deno", "bun" or "node". */
export const runtimeName: "deno" | "bun" | "node" = "deno" in process.versions
  ? "deno"
  : "bun" in process.versions
  ? "bun"
  : "node";

/** Whether this Node runs TypeScript by itself; an older one takes the loader that package.json pins. */
const needsLoader = runtimeName === "node" && !process.features.typescript;
const loader = new URL("../../scripts/lib/typescript.mjs", import.meta.url).href;

/** What runs this runtime, if it is for another processor: the system cannot start it by itself. */
const emulator = process.env.PASTREAM_TEST_EMULATOR?.split(" ") ?? [];
/** How much longer a child may take there. */
const patience = emulator.length > 0 ? 10 : 1;
/** Why it cannot be tested whether JavaScript keeps up with a device in real time, or false. */
export const tooSlow: string | false = emulator.length > 0 && "an emulated processor is too slow for real time";

/**
 * The command line that runs a TypeScript file: [program, ...arguments]. `deno` are Deno's own flags, all rights by
 * default.
 */
export function commandFor(
  file: string | URL,
  args: readonly string[] = [],
  deno: readonly string[] = ["-A"],
): string[] {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  const flags = runtimeName === "deno" ? ["run", "--no-check", ...deno] : needsLoader ? ["--import", loader] : [];
  return [...emulator, process.execPath, ...flags, path, ...args];
}

export interface ChildResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array;
}

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Flags of `deno run`; `-A` by default. */
  readonly deno?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** What the child reads on its standard input; nothing by default. */
  readonly stdin?: string | Uint8Array;
  /**
   * Seconds after which it is killed, on the processor that it is for, by default more than a busy machine takes; then
   * `signal` is SIGKILL.
   */
  readonly timeout?: number;
}

/** What Bun for Windows says under Wine whenever it starts. */
const bunUnderWine = /^Internal error: directory mismatch for directory .*\n/gm;

/** Runs a TypeScript file to its end in a child process on this runtime. */
export function runTs(file: string | URL, options: ChildOptions = {}): Promise<ChildResult> {
  const [program, ...args] = commandFor(file, options.args, options.deno);
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    stdio: "pipe",
  };
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, spawnOptions);
    const stdout: Uint8Array[] = [];
    const stderr: Uint8Array[] = [];
    child.stdout!.on("data", (data: Uint8Array) => stdout.push(data));
    child.stderr!.on("data", (data: Uint8Array) => stderr.push(data));
    // A child that ends without reading its input is no error of the test.
    child.stdin!.on("error", () => {});
    child.stdin!.end(options.stdin ?? "");
    const timer = setTimeout(() => child.kill("SIGKILL"), (options.timeout ?? 200) * patience * 1000);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const stdoutBytes = new Uint8Array(Buffer.concat(stdout));
      resolve({
        code,
        signal,
        stdout: new TextDecoder().decode(stdoutBytes),
        stderr: Buffer.concat(stderr).toString().replace(bunUnderWine, ""),
        stdoutBytes,
      });
    });
  });
}
