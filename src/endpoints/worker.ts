import type { Worker } from "node:worker_threads";
import { nativePath } from "../../ffi/load.ts";
import type { Host } from "./source.ts";
import { type ErrorCode, PastreamError } from "../library/errors.ts";
import type { Flow } from "./pump.ts";
import type { RingHandle } from "../ring/ring-buffer.ts";
import { proxyDescription, type StreamDescription } from "./stream-proxy.ts";

/** A function that runs in a worker: the module's default export is called with (stream, ring, context). */
export interface WorkerTask {
  /** The module. */
  worker: URL;
  /** Structured-cloned into context.data. */
  data?: unknown;
}

/** What the worker is told at its start. */
export interface WorkerOrder {
  /** The path of the C library, wherever this thread has it from. */
  readonly nativePath: string;
  readonly module: string;
  readonly role: "source" | "sink";
  readonly stream: StreamDescription;
  readonly ring: RingHandle;
  readonly loop: boolean;
  readonly data: unknown;
  /** One number; not 0 when the stream has ended. */
  readonly ended: Int32Array;
}

/** What the worker says: when it could begin, and at its end. */
export type WorkerReport =
  | { readonly ready: true }
  | { readonly done: true }
  | { readonly error: unknown; readonly code?: ErrorCode };

/** Holds a worker that is up back until its stream has started. */
export interface Gate {
  /** Is called when the worker is up. */
  ready(): void;
  /** Whether the stream has started. */
  readonly started: Promise<boolean>;
}

export function isWorkerTask(value: unknown): value is WorkerTask {
  return typeof value === "object" && value !== null && "worker" in value && value.worker instanceof URL;
}

// worker-main lies beside this file, and has its extension: .ts here, .js in a package that was built for Node.
const extension = /\.[cm]?[jt]s$/.exec(import.meta.url)?.[0] ?? ".ts";
const main = new URL(`./worker-main${extension}`, import.meta.url);
// Deno starts no worker from the web by itself.
const workerMain = main.protocol === "file:" ? main : new URL(`data:text/javascript,import ${JSON.stringify(main)}`);

/** Runs a task in a worker; settles when its function has. Without a gate the function is called as soon as it can be. */
export async function runInWorker(
  task: WorkerTask,
  role: "source" | "sink",
  loop: boolean,
  flow: Flow,
  host: Host,
  gate: Gate = { ready() {}, started: Promise.resolve(true) },
): Promise<void> {
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const order: WorkerOrder = {
    nativePath: nativePath(),
    module: task.worker.href,
    role,
    stream: proxyDescription(host),
    ring: flow.ring.share(),
    loop,
    data: task.data,
    ended,
  };
  // Most programs have no workers: they need not wait for this module.
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(workerMain, { workerData: order });
  const leave = flow.waiting.join(worker);
  const tell = () => {
    Atomics.store(ended, 0, 1);
    Atomics.notify(ended, 0);
  };
  if (flow.signal.aborted) tell();
  flow.signal.addEventListener("abort", tell, { once: true });
  try {
    await reportOf(worker, gate);
  } finally {
    leave();
    flow.signal.removeEventListener("abort", tell);
    await worker.terminate();
  }
}

/** Lets the worker go on when it is up and may, and waits for its last report. */
function reportOf(worker: Worker, { ready, started }: Gate): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("message", (report: WorkerReport) => {
      if ("ready" in report) {
        ready();
        return void started.then((begin) => worker.postMessage(begin));
      }
      if ("done" in report) return resolve();
      const { error, code } = report;
      reject(code && error instanceof Error ? new PastreamError(code, error.message, { cause: error }) : error);
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the worker ended with ${code} before its function had returned`)));
  });
}
