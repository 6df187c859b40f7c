// The command line as a child process on the runtime that runs the test.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { type ChildOptions, type ChildResult, commandFor, runTs } from "./runtime.ts";

export const cliFile = new URL("../../cli.ts", import.meta.url);

/** Runs `pastream` to its end. */
export function pastream(args: readonly string[], options: Omit<ChildOptions, "args"> = {}): Promise<ChildResult> {
  return runTs(cliFile, { ...options, args });
}

/** Starts `pastream`, for tests that do something to it while it runs. */
export function startPastream(
  args: readonly string[],
  stdio: StdioOptions,
  env: Record<string, string> = {},
): ChildProcess {
  const [program, ...words] = commandFor(cliFile, args);
  return spawn(program, words, { stdio, env: { ...process.env, NO_COLOR: "1", ...env } });
}

/** `pastream` with these arguments as a word list for a shell. */
export function shellCommand(args: readonly string[]): string {
  return commandFor(cliFile, args).map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Collects what a child says on stderr, and waits for its end. */
export function ended(child: ChildProcess, seconds = 200): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stderr = "";
    child.stderr?.on("data", (data) => void (stderr += data));
    const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stderr });
    });
  });
}

/** Runs a line of shell, whose exit code is that of the first command in it that fails. */
export function shell(
  line: string,
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: Uint8Array; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-o", "pipefail", "-c", line], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const stdout: Uint8Array[] = [];
    child.stdout.on("data", (data) => stdout.push(data));
    ended(child).then(
      ({ code, stderr }) => resolve({ code, stderr, stdout: new Uint8Array(Buffer.concat(stdout)) }),
      reject,
    );
  });
}

/** Waits until a child has said something on stderr. */
export function said(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr!.on("data", (data) => {
      text += data;
      if (pattern.test(text)) resolve();
    });
    child.on("close", () => reject(new Error(`ended without saying ${pattern}: ${text}`)));
  });
}

/** A new folder of its own, removed with the process. */
export function temporaryFolder(): { readonly path: (name: string) => string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), "pastream-"));
  return { path: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true }) };
}

/** A reason to skip a test that needs a program which is not there; false if it is. */
export function lacking(program: string): string | false {
  return spawnSync("which", [program]).status === 0 ? false : `no ${program}`;
}

export const RATE = 48000;
/** What is played comes back this many frames later. */
export const DELAY = 256;
/** The virtual device with a block size, and so a delay, that the tests know. */
export const virtual: readonly string[] = ["-D", "virtual", "-b", String(DELAY)];

/** Noise, the same at each call. */
export function noise(frames: number, channels = 2): Int16Array<ArrayBuffer> {
  let state = 7;
  return Int16Array.from({ length: frames * channels }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) - 32768;
  });
}

/** Runs, and expects a quiet success. */
export async function run(...args: string[]): Promise<ChildResult> {
  const result = await pastream([...virtual, ...args]);
  assert.equal(result.code, 0, `${args.join(" ")}: ${result.stderr}`);
  assert.equal(result.stdout, "");
  return result;
}

/** Runs, and expects an error of one line. */
export async function fail(code: number, message: RegExp, ...args: string[]): Promise<void> {
  const result = await pastream(args);
  assert.match(result.stderr, message, args.join(" "));
  assert.equal(result.code, code, `${args.join(" ")}: ${result.stderr}`);
  assert.equal(result.stdout, "");
  assert.equal(result.stderr.trim().split("\n").length, 1, result.stderr);
}
