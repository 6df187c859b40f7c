// Child processes, and messages of the scripts.
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { root } from "./tools.mjs";

/** An error that the user can act on. It is printed without a stack trace. */
export class Failure extends Error {}

/** Prints one line about what is being done, on stderr, because stdout belongs to the job. */
export function say(text) {
  process.stderr.write(`pastream: ${text}\n`);
}

/** Whether a module is the one that was started (`import.meta.main` is not in Node 20). */
export const isMain = (meta) => meta.main ?? process.argv[1] === fileURLToPath(meta.url);

/** Runs a script's main function; a Failure is one message and exit code 1. An interrupt ends what it has started. */
export async function main(job) {
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  try {
    process.exitCode = (await job()) ?? 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

/**
 * Runs a command in the foreground, as one step of a set-up. Its output is shown on stderr; that of a `quiet` one only
 * if it fails. `help` says what to do then.
 */
export function step(command, args, { quiet = false, help }) {
  say(`$ ${[command, ...args].join(" ")}`);
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", quiet ? "ignore" : 2, 2],
    shell: command.endsWith(".cmd"),
  });
  if (error || status !== 0) throw new Failure(`this failed${error ? `: ${error.message}` : ", see above"}. ${help}`);
}

/** The output of a short command, or undefined if it fails. */
export function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Seconds after which a command hangs, on a busy machine, too. */
const PATIENCE = 1800;

/**
 * Runs a command to its end and returns { code, signal, timedOut, output, seconds }. Processes that remain in its group
 * are killed, so that a test that crashes or hangs leaves no servers behind.
 */
export function capture(command, args, { timeout = PATIENCE, env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const started = performance.now();
    const group = process.platform !== "win32";
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, NO_COLOR: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: group,
    });
    const chunks = [];
    child.stdout.on("data", (data) => chunks.push(data));
    child.stderr.on("data", (data) => chunks.push(data));
    let timedOut = false;
    const kill = () => {
      try {
        process.kill(group ? -child.pid : child.pid, "SIGKILL");
      } catch {
        // Nothing is left of it.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeout * 1000);
    process.on("exit", kill);
    const end = (code, signal, text = "") => {
      clearTimeout(timer);
      process.removeListener("exit", kill);
      const seconds = (performance.now() - started) / 1000;
      const late = timedOut ? `\ndid not end within ${timeout} s\n` : "";
      resolve({ code, signal, timedOut, output: Buffer.concat(chunks).toString() + text + late, seconds });
    };
    child.on("error", (error) => end(127, null, `${command}: ${error.message}\n`));
    child.on("close", (code, signal) => {
      kill();
      end(code, signal);
    });
  });
}
