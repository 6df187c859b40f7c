// What runs in the worker of a worker task: fetches the module, and calls its function.
import { once } from "node:events";
import { clearInterval, setInterval } from "node:timers";
import { parentPort, workerData } from "node:worker_threads";
import { loadFrom, native } from "../../ffi/load.ts";
import { PastreamError } from "../library/errors.ts";
import { fillRing, isIterable, stepsOf } from "./pump.ts";
import { RingBuffer } from "../ring/ring-buffer.ts";
import { StreamProxy } from "./stream-proxy.ts";
import { show } from "../base/validate.ts";
import { Waiting } from "../base/waiting.ts";
import type { WorkerOrder, WorkerReport } from "./worker.ts";

const WATCH_INTERVAL = 10; // milliseconds
const RING_ENDED = 2;

async function work(order: WorkerOrder): Promise<void> {
  const { role, loop, data } = order;
  loadFrom({ path: order.nativePath });
  const ring = RingBuffer.from(order.ring);
  const handle = order.ring.pastreamRing;
  const stream = new StreamProxy(order.stream, () => Atomics.load(order.ended, 0) !== 0);
  const end = new AbortController();
  // A source that is being drained ends before its stream: its ring has been ended for it.
  const isOver = () => !stream.active || (role === "source" && native().ps_ring_info(handle, RING_ENDED) !== 0);
  const watch = setInterval(() => isOver() && end.abort(), WATCH_INTERVAL);
  lookWhenAsked(end, isOver);
  try {
    const task = await functionOf(order.module);
    report({ ready: true });
    const [begin] = await once(parentPort!, "message");
    if (!begin) return;
    const answer: unknown = task(stream, ring, { loop, signal: end.signal, data });
    if (role === "source" && isIterable(answer)) await play(answer, ring, order, end.signal);
    else await answer;
    if (role === "source") native().ps_ring_end(handle); // the stream's own thread may be busy
  } catch (error) {
    // What a source has to say after its end is of no use to anyone.
    if (role === "sink" || !end.signal.aborted) throw error;
  } finally {
    clearInterval(watch);
    ring.close();
  }
}

/** Has a signal be right also for a function that gives nothing else a turn: it is in a worker so that it may. */
function lookWhenAsked(end: AbortController, isOver: () => boolean): void {
  const { signal } = end;
  const aborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!.get!;
  let looking = false; // it is also asked by its own abort()
  const get = () => {
    if (!looking) {
      looking = true;
      if (isOver()) end.abort();
      looking = false;
    }
    return aborted.call(signal);
  };
  Object.defineProperty(signal, "aborted", { get });
}

/** The function that a module exports by default. */
async function functionOf(module: string): Promise<(...args: unknown[]) => unknown> {
  const { default: task } = await import(module).catch((error) => {
    throw new Error(`${module} could not be loaded: ${error?.message ?? error?.code ?? error}`);
  });
  if (typeof task === "function") return task;
  throw new TypeError(`${module} must export a function by default, not ${show(task)}`);
}

/** For a generator function. */
function play(
  answer: Iterable<unknown> | AsyncIterable<unknown>,
  ring: RingBuffer,
  order: WorkerOrder,
  signal: AbortSignal,
) {
  const { dtype, channels, sampleRate } = order.stream;
  const of = <T>(pair: T | readonly [T, T]): T => (Array.isArray(pair) ? pair[1] : pair as T);
  const format = { dtype: of(dtype), channels: of(channels), frameBytes: ring.elementSize };
  return fillRing(stepsOf(answer), { ring, format, sampleRate, signal, waiting: new Waiting() });
}

function report(report: WorkerReport): void {
  parentPort!.postMessage(report);
}

work(workerData as WorkerOrder).then(
  () => report({ done: true }),
  (error) => {
    const code = error instanceof PastreamError ? error.code : undefined;
    try {
      report({ error, code });
    } catch {
      report({ error: new Error(String(error)) }); // it cannot be cloned
    }
  },
);
