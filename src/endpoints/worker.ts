// A function that runs in a worker and fills or empties the ring of a stream.
import type { Worker } from "node:worker_threads";
import { nativePath, runtime } from "../../ffi/load.ts";
import { type ErrorCode, PastreamError } from "../library/errors.ts";
import { type OptionNames, requireOptions } from "../base/validate.ts";
import type { RingHandle } from "../ring/ring-buffer.ts";
import type { Host } from "../run/endpoint.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import type { Run } from "../run/run.ts";
import type { Flow, FlowFormat } from "./pump.ts";
import { describeStream, type StreamDescription } from "./stream-proxy.ts";
import { DrainedCapture, type Feed } from "./task.ts";

/** A function that runs in a worker: the default export of a module, called with (stream, ring, context). */
export interface WorkerTask {
  /** The module. */
  worker: URL;
  /** A value for `context.data`, which the worker gets as a structured clone. */
  data?: unknown;
}

const workerTaskNames: OptionNames<WorkerTask> = { worker: true, data: true };

/** What the worker gets when it starts. */
export interface WorkerOrder {
  /** The path of the C library that this thread uses. */
  readonly nativePath: string;
  readonly module: string;
  readonly role: "source" | "sink";
  readonly stream: StreamDescription;
  readonly ring: RingHandle;
  /** Of the frames in it. */
  readonly format: FlowFormat;
  readonly loop: boolean;
  readonly data: unknown;
  /** One number, which is not 0 once the stream has ended. */
  readonly ended: Int32Array;
}

/** What the worker reports: that it can call its function, and how that ended. */
export type WorkerReport =
  | { readonly ready: true }
  | { readonly done: true }
  | { readonly error: unknown; readonly code?: ErrorCode };

/** Keeps a worker that is ready waiting until its stream has started. */
interface Gate {
  /** Is called when the worker is ready. */
  ready(): void;
  /** Resolves with whether the stream has started; false: it never will. */
  readonly started: Promise<boolean>;
}

export function isWorkerTask(value: unknown): value is WorkerTask {
  return typeof value === "object" && value !== null && "worker" in value && value.worker instanceof URL;
}

/** For an error message: what an object lacks that has a `worker` and is no task; empty for anything else. */
export function lackOfWorker(value: unknown): string {
  if (typeof value !== "object" || value === null || !("worker" in value)) return "";
  return ': its worker must be a URL, as in { worker: new URL("./task.js", import.meta.url) }';
}

/** worker-main is in the same folder and has the same extension: .ts here, .js in the package for Node. */
function workerMain(): URL {
  const extension = /\.[cm]?[jt]s$/.exec(import.meta.url)?.[0] ?? ".ts";
  return new URL(`./worker-main${extension}`, import.meta.url);
}

/**
 * Runs a task in a worker, and settles when its function has. Without a gate, the function is called at once.
 */
async function runInWorker(
  task: WorkerTask,
  role: "source" | "sink",
  loop: boolean,
  flow: Flow,
  host: Host,
  gate: Gate = { ready() {}, started: Promise.resolve(true) },
): Promise<void> {
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const { dtype, channels, frameBytes, sampleRate } = flow.format;
  const order: WorkerOrder = {
    nativePath: nativePath(),
    module: task.worker.href,
    role,
    stream: describeStream(host),
    ring: flow.ring.share(),
    format: { dtype, channels, frameBytes, sampleRate },
    loop,
    data: task.data,
    ended,
  };
  // Loaded here: most programs have no workers.
  const { Worker } = await import("node:worker_threads");
  const worker = new Worker(runtime.workerEntry(workerMain()), { workerData: order });
  const leave = flow.poller.join(worker);
  const tellEnd = () => {
    Atomics.store(ended, 0, 1);
    Atomics.notify(ended, 0);
  };
  if (flow.signal.aborted) tellEnd();
  flow.signal.addEventListener("abort", tellEnd, { once: true });
  try {
    await reportOf(worker, gate, flow.signal);
  } finally {
    leave();
    flow.signal.removeEventListener("abort", tellEnd);
    await worker.terminate();
  }
}

/**
 * Lets the worker continue when it is ready and may, and settles with its last report. A worker that is not ready when
 * the run ends is not waited for: its module may never finish loading.
 */
function reportOf(worker: Worker, { ready, started }: Gate, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => resolve();
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    started.then((begins) => begins || resolve());
    worker.on("message", (report: WorkerReport) => {
      if ("ready" in report) {
        signal.removeEventListener("abort", giveUp);
        ready();
        return void started.then((begins) => begins && worker.postMessage("begin"));
      }
      if ("done" in report) return resolve();
      const { error, code } = report;
      reject(code && error instanceof Error ? new PastreamError(code, error.message, { cause: error }) : error);
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the worker exited with code ${code} before its function returned`)));
  });
}

export function workerFeed(task: WorkerTask, loop: boolean): Feed {
  requireOptions("source", task, workerTaskNames);
  return (flow, host) => runInWorker(task, "source", loop, flow, host);
}

/** A sink that a worker empties. The device waits until the worker is ready. */
export class WorkerCapture extends DrainedCapture {
  readonly #task: WorkerTask;
  #open: ((begins: boolean) => void) | undefined;

  constructor(task: WorkerTask, shape: StreamDirection, size: number, flags: number) {
    super(shape, size, flags);
    this.#task = requireOptions("sink", task, workerTaskNames);
  }

  prepare(host: Host, run: Run): Promise<void> {
    return new Promise((ready) => {
      const started = new Promise<boolean>((resolve) => void (this.#open = resolve));
      const gate = { ready, started };
      this.work((flow) => runInWorker(this.#task, "sink", false, flow, host, gate), host, run).then(ready);
    });
  }

  begin(): void {
    this.#open?.(true);
  }

  end(): void {
    this.#open?.(false); // has no effect on a worker that has begun
  }
}
