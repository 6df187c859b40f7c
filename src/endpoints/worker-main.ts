// Runs in the worker of a worker task: loads the module, and calls its function.
import { PS_NUMBER_CLEARS, PS_RING_ENDED } from "../../ffi/constants.ts";
import { once } from "node:events";
import { clearInterval, setInterval } from "node:timers";
import { parentPort, workerData } from "node:worker_threads";
import { loadFrom, native } from "../../ffi/load.ts";
import { PastreamError } from "../library/errors.ts";
import { isIterable, stepsOf } from "../base/steps.ts";
import { fillRing } from "./pump.ts";
import { RingBuffer } from "../ring/ring-buffer.ts";
import type { Clearing } from "../run/endpoint.ts";
import { StreamProxy } from "./stream-proxy.ts";
import { show } from "../base/validate.ts";
import { nextBlock, Poller } from "../base/poller.ts";
import type { WorkerOrder, WorkerReport } from "./worker.ts";

const WATCH_INTERVAL = 10; // milliseconds

async function work(order: WorkerOrder): Promise<void> {
  const { role, loop, data } = order;
  loadFrom({ path: order.nativePath });
  const ring = RingBuffer.from(order.ring);
  const handle = order.ring.pastreamRing;
  const stream = new StreamProxy(order.stream, () => Atomics.load(order.ended, 0) !== 0);
  const end = new AbortController();
  // A source that is drained ends before its stream: the end of its ring has been set.
  const isOver = () => !stream.active || (role === "source" && native().ps_ring_info(handle, PS_RING_ENDED) !== 0);
  const poller = new Poller(order.stream.handle);
  const watch = setInterval(() => {
    if (!isOver()) return;
    end.abort();
    poller.wake();
  }, WATCH_INTERVAL);
  checkWhenRead(end, isOver);
  try {
    const task = await functionOf(order.module);
    report({ ready: true });
    await once(parentPort!, "message");
    const result: unknown = task(stream, ring, { loop, signal: end.signal, data });
    if (role === "source" && isIterable(result)) await play(result, ring, order, end.signal, poller);
    else await result;
    if (role === "source") native().ps_ring_end(handle); // the stream's own thread may be busy
  } catch (error) {
    // An error after the end of the source is ignored.
    if (role === "sink" || !end.signal.aborted) throw error;
  } finally {
    clearInterval(watch);
    ring.close();
  }
}

/** Keeps `signal.aborted` up to date for a function that never yields to the event loop, which a worker allows. */
function checkWhenRead(end: AbortController, isOver: () => boolean): void {
  const { signal } = end;
  const aborted = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!.get!;
  let checking = false; // abort() reads it as well
  const get = () => {
    if (!checking) {
      checking = true;
      if (isOver()) end.abort();
      checking = false;
    }
    return aborted.call(signal);
  };
  Object.defineProperty(signal, "aborted", { get });
}

/** Returns the default export of a module, which must be a function. */
async function functionOf(module: string): Promise<(...args: unknown[]) => unknown> {
  const { default: task } = await import(module).catch((error) => {
    throw new Error(`cannot load ${module}: ${error?.message ?? error?.code ?? error}`);
  });
  if (typeof task === "function") return task;
  throw new TypeError(`${module} must export a function by default, not ${show(task)}`);
}

/** Plays what a generator function has returned. */
function play(
  pieces: Iterable<unknown> | AsyncIterable<unknown>,
  ring: RingBuffer,
  order: WorkerOrder,
  signal: AbortSignal,
  poller: Poller,
) {
  const queue = clearingOf(order.stream.handle, poller);
  return fillRing(stepsOf(pieces), { ring, format: order.format, signal, poller, queue });
}

/** What another thread clears, asked of the native side. */
function clearingOf(stream: number, poller: Poller): Clearing {
  return {
    get serving() {
      const last = native().ps_stream_number(stream, PS_NUMBER_CLEARS);
      if (!(last > 0) || native().ps_stream_cleared(stream, last) !== 0) return undefined;
      const check = () => native().ps_stream_cleared(stream, last) !== 0 ? true : undefined;
      return poller.until(check, undefined, { reason: nextBlock }).then(() => {});
    },
  };
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
