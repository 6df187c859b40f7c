// How many chunks a second chunks() gives of a device that freewheels, with a small ring and a large one, and the
// processor time of JavaScript's own thread for each, as well as that of the whole process, which has the device's
// thread. Two limits stand beside it, each one call of the ring and one step of a promise for a chunk: out of memory
// that stays in the cache, and out of the large ring while the device fills it, from where samples have to come to
// another processor. The ratios are to these two. Linux only: the processor time is that of the thread.
// Usage: deno run -A bench/chunks.ts, bun bench/chunks.ts, or node bench/chunks.ts; [chunks in a piece] [pieces]
import process from "node:process";
import { native } from "../ffi/load.ts";
import { InputStream, RingBuffer } from "../mod.ts";
import { ringHandle } from "../src/ring/ring-buffer.ts";
import { median, printTable, readNumbers, threadTime } from "./lib/measure.ts";

const [count, pieces] = readNumbers(import.meta, 200_000, 7);
const FRAMES = 256;
const CHANNELS = 2;
const LARGE = 2 ** 20;

/** Nanoseconds of this thread, of the process, and of the clock. */
type Cost = [thread: number, processes: number, wall: number];

function now(): Cost {
  const { user, system } = process.cpuUsage();
  return [threadTime(), (user + system) * 1000, performance.now() * 1e6];
}

const since = (from: Cost, chunks: number) => now().map((time, i) => (time - from[i]) / chunks) as Cost;

/** For each of `chunks` values after the first one. */
async function costOf(values: AsyncIterable<unknown>, chunks = count): Promise<Cost> {
  let n = 0;
  let from: Cost = [0, 0, 0];
  for await (const _ of values) {
    if (n === 1) from = now();
    if (++n > chunks) break;
  }
  return since(from, chunks);
}

const open = () =>
  InputStream.open({
    device: "virtual",
    hostSettings: { hostApi: "virtual", clock: "freewheel" },
    channels: CHANNELS,
    blockSize: FRAMES,
  });
await using stream = await open();

/** A chunk for each call, with frames of it that stay in the ring. */
function limit(ring: number, overlap: number): AsyncIterable<Float32Array> {
  const memory = new Float32Array(new ArrayBuffer(4 * CHANNELS * FRAMES));
  const next = () => {
    native().ps_ring_read_overlap(ring, memory, FRAMES, overlap);
    return Promise.resolve({ done: false, value: memory });
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

async function costInCache(): Promise<Cost> {
  using ring = new RingBuffer(4 * CHANNELS, FRAMES);
  ring.write(new Float32Array(CHANNELS * FRAMES));
  return await costOf(limit(ringHandle(ring), FRAMES));
}

/** As many chunks as the ring holds, each time it is full: so none is waited for. */
async function costFromDevice(): Promise<Cost> {
  using ring = new RingBuffer(4 * CHANNELS, LARGE);
  await using recording = await open();
  recording.setSink(ring);
  await recording.start();
  const rounds: Cost[] = [];
  for (let chunks = 0; chunks < count; chunks += LARGE / FRAMES) {
    while (ring.readAvailable < LARGE) await new Promise((resolve) => setTimeout(resolve, 1));
    rounds.push(await costOf(limit(ringHandle(ring), 0), LARGE / FRAMES - 1));
  }
  await recording.abort();
  return [0, 1, 2].map((i) => median(rounds.map((cost) => cost[i]))) as Cost;
}

const rows: [name: string, cost: () => Promise<Cost>, costs: Cost[]][] = [
  ["a call and a promise", costInCache, []],
  ["the same, a device's ring", costFromDevice, []],
  ["`chunks()`", () => costOf(stream.chunks()), []],
  ["`chunks()`, `bufferSize` 2^20", () => costOf(stream.chunks({ bufferSize: LARGE })), []],
];
for (let piece = 0; piece < 2 * pieces; piece++) {
  for (const [, cost, costs] of rows) {
    const found = await cost();
    if (piece >= pieces) costs.push(found);
  }
}

const [inCache, fromDevice] = rows.map(([, , costs]) => costs.map(([thread]) => thread));
printTable(
  "chunks of 256 stereo frames",
  ["millions in a second", "ns of CPU", "ratio", "ratio, device's ring", "ns of the process"],
  rows.map(([name, , costs]) => {
    const [thread, whole, wall] = [0, 1, 2].map((i) => median(costs.map((cost) => cost[i])));
    const ratio = (limits: number[]) => median(costs.map(([thread], i) => thread / limits[i])).toFixed(2);
    return [name, (1e3 / wall).toFixed(2), thread.toFixed(0), ratio(inCache), ratio(fromDevice), whole.toFixed(0)];
  }),
);
