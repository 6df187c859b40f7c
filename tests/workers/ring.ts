// A worker for tests/ring/worker.test.ts: writes or reads consecutive numbers through a shared ring.
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { RingBuffer, type RingHandle } from "../../mod.ts";

/** What the worker is to do, and where it leaves its result: 1 if all was well, else -1. */
export interface RingTask {
  readonly handle: RingHandle;
  readonly role: "write" | "read" | "look" | "forever";
  readonly count: number;
  readonly result: Int32Array;
}

const { handle, role, count, result } = workerData as RingTask;
const ring = RingBuffer.from(handle);

async function write(): Promise<boolean> {
  const block = new Uint32Array(251);
  for (let next = 0; next < count;) {
    const wanted = Math.min(block.length, count - next);
    for (let i = 0; i < wanted; i++) block[i] = next + i;
    const written = ring.write(block, wanted);
    next += written;
    if (written === 0) await setTimeout(1);
  }
  return true;
}

async function read(): Promise<boolean> {
  const block = new Uint32Array(173);
  for (let next = 0; next < count;) {
    const got = ring.readInto(block);
    for (let i = 0; i < got; i++) if (block[i] !== next++) return false;
    if (got === 0) await setTimeout(1);
  }
  return true;
}

/** Keeps a view on the ring's memory while its owner closes the ring, and looks at it afterwards. */
async function look(): Promise<boolean> {
  const [, view] = ring.getReadBuffers();
  const before = view[0];
  Atomics.store(result, 1, 1);
  while (Atomics.load(result, 1) !== 2) await setTimeout(1);
  const after = view.length > 0 && view[0] === before;
  ring.close();
  return after;
}

async function forever(): Promise<boolean> {
  parentPort!.postMessage("ready");
  for (;;) {
    ring.write(new Uint32Array(64));
    ring.read();
    await setTimeout(0);
  }
}

const right = await { write, read, look, forever }[role]();
Atomics.store(result, 0, right ? 1 : -1);
process.exit();
