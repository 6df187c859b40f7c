/**
 * Ways to standard error that never wait for its reader: a program that starts this command and reads nothing of it
 * must not stop it. A message that finds no room is dropped whole.
 */
import type { Stats } from "node:fs";
import type { Worker } from "node:worker_threads";
import { isTerminal } from "./terminal.ts";

export interface Outlet {
  write(message: Uint8Array): void;
  /** Gives what is still on its way a moment to arrive. */
  finish(): Promise<void>;
}

const STDERR = 2;
/** Milliseconds to wait for a slow reader. */
const PATIENCE = 200;
/** Most bytes that may be on their way. */
const BACKLOG = 65536;

/** A quiet run writes nothing, and Deno takes 9 ms to load it, Bun 5. */
const fs = () => globalThis.process.getBuiltinModule("node:fs");

const clock = new Int32Array(new SharedArrayBuffer(4));

function sleep(milliseconds: number): void {
  Atomics.wait(clock, 0, 0, milliseconds);
}

function isCode(error: unknown, code: string): boolean {
  return (error as { code?: string } | null)?.code === code;
}

/** For a descriptor whose writes return at once, with EAGAIN where there is no room. */
class DirectOutlet implements Outlet {
  readonly #descriptor: number;
  /** The end of a message whose beginning is written. */
  #rest: Uint8Array = new Uint8Array(0);
  #stuck = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(message: Uint8Array): void {
    // After a message had to be dropped, the next ones are tried once only.
    const patience = this.#stuck ? 0 : PATIENCE / 10;
    if (this.#writeRest(patience)) {
      this.#rest = message;
      this.#writeRest(patience);
      if (this.#rest.length === message.length) this.#rest = new Uint8Array(0); // nothing of it is written: dropped
    }
  }

  finish(): Promise<void> {
    this.#writeRest(PATIENCE);
    return Promise.resolve();
  }

  /** Whether all is written. */
  #writeRest(patience: number): boolean {
    for (let tries = 0; this.#rest.length > 0;) {
      try {
        this.#rest = this.#rest.subarray(fs().writeSync(this.#descriptor, this.#rest));
        this.#stuck = false;
      } catch (error) {
        if (!isCode(error, "EAGAIN")) throw error;
        this.#stuck = tries++ >= patience;
        if (this.#stuck) return false;
        sleep(1);
      }
    }
    return true;
  }
}

/**
 * Code of the worker: writes each message, then counts its bytes, even if they could not be written. Meanwhile it says
 * that it writes.
 */
const WRITER = `Promise.all([import("node:worker_threads"), import("node:fs")]).then(([threads, { writeSync }]) => {
  const counts = threads.workerData;
  threads.parentPort.on("message", (message) => {
    Atomics.store(counts, 1, 1);
    for (let at = 0; at < message.length;) {
      try {
        at += writeSync(${STDERR}, message, at);
      } catch (error) {
        if (error.code !== "EAGAIN") break;
        Atomics.wait(counts, 1, 1, 1);
      }
    }
    Atomics.store(counts, 1, 0);
    Atomics.add(counts, 0, message.length);
  });
})`;

/** For a descriptor whose writes may block: a worker does them. */
export class WorkerOutlet implements Outlet {
  /** Bytes that the worker has dealt with, and whether it is in a write. */
  readonly #counts = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  #sent = 0;

  constructor() {
    // Most runs need none, and Bun takes 5 ms to load it.
    const { Worker } = globalThis.process.getBuiltinModule("node:worker_threads");
    this.#worker = new Worker(WRITER, { eval: true, workerData: this.#counts });
    this.#worker.unref();
  }

  write(message: Uint8Array): void {
    if (this.#pending() > BACKLOG) return;
    this.#sent += message.length;
    this.#worker.postMessage(message);
  }

  async finish(): Promise<void> {
    let done = Atomics.load(this.#counts, 0);
    // A write that does not return waits for the reader; without one, a busy machine has given the worker no time yet.
    const patience = () => Atomics.load(this.#counts, 1) ? PATIENCE : 50 * PATIENCE;
    for (let idle = 0; this.#pending() > 0 && idle < patience(); idle += 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const now = Atomics.load(this.#counts, 0);
      if (now !== done) idle = 0;
      done = now;
    }
  }

  /** Bytes on their way; the counts wrap as 32-bit numbers do. */
  #pending(): number {
    return (this.#sent - Atomics.load(this.#counts, 0)) | 0;
  }
}

/** Whether writes to standard error return at once. For Linux, as the next one. */
function isNonBlocking(): boolean {
  try {
    const flags = /^flags:\s*(\d+)/m.exec(fs().readFileSync(`/proc/self/fdinfo/${STDERR}`, "utf8"))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & fs().constants.O_NONBLOCK) !== 0;
  } catch {
    return false;
  }
}

/** Standard error opened again, for this process alone, with writes that return at once; undefined if it cannot be. */
function reopened(): number | undefined {
  try {
    const { constants, openSync } = fs();
    return openSync(`/proc/self/fd/${STDERR}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined; // a socket
  }
}

/** What standard error is; undefined for a pipe on Windows, where Deno fails to say so. */
function statistics(): Stats | undefined {
  try {
    return fs().fstatSync(STDERR);
  } catch {
    return undefined;
  }
}

/** Chooses the way to standard error by what it is. */
export function openOutlet(): Outlet {
  const stat = statistics();
  const terminal = isTerminal(STDERR);
  // Not asked for pipes, because Node for Windows does not call them so.
  if (!terminal && (stat?.isFile() || stat?.isCharacterDevice())) return new DirectOutlet(STDERR);
  void globalThis.process.stderr; // Node makes its pipes non-blocking with this
  const linux = globalThis.process.platform === "linux";
  if (linux && isNonBlocking()) return new DirectOutlet(STDERR);
  const own = !linux || stat?.isSocket() ? undefined : reopened();
  if (own !== undefined) return new DirectOutlet(own);
  return terminal ? new DirectOutlet(STDERR) : new WorkerOutlet();
}
