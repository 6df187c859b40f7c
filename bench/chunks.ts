// How many chunks a second chunks() gives of a device that freewheels, with a small ring and a large one, and the
// processor time of JavaScript's own thread for each, against the least that a chunk can cost: one call of the ring and
// one step of a promise. Linux only: the processor time is that of the thread.
// Usage: deno run -A bench/chunks.ts, bun bench/chunks.ts, or node bench/chunks.ts; [chunks in a piece] [pieces]
import process from "node:process";
import { native } from "../ffi/load.ts";
import { InputStream } from "../mod.ts";
import { median, printTable, threadTime } from "./lib/measure.ts";

const count = Number(process.argv[2] ?? 200_000);
const pieces = Number(process.argv[3] ?? 7);
const FRAMES = 256;
const CHANNELS = 2;

/** Nanoseconds of processor time and of wall time for each value. */
async function costOf(values: AsyncIterable<unknown>): Promise<[cpu: number, wall: number]> {
  let n = 0;
  let cpu = 0;
  let wall = 0;
  for await (const _ of values) {
    if (n === 1) [cpu, wall] = [threadTime(), performance.now()];
    if (++n > count) break;
  }
  return [(threadTime() - cpu) / count, (performance.now() - wall) * 1e6 / count];
}

await using stream = await InputStream.open({
  device: "virtual",
  hostSettings: { hostApi: "virtual", clock: "freewheel" },
  channels: CHANNELS,
  blockSize: FRAMES,
});

/** A copy out of a ring that stays full, and a resolved promise. */
function limit(): AsyncIterable<Float32Array> {
  const memory = new Float32Array(new ArrayBuffer(4 * CHANNELS * FRAMES));
  const ring = native().ps_ring_new(4 * CHANNELS, FRAMES, null, 0);
  native().ps_ring_write(ring, memory, FRAMES);
  const next = () => {
    native().ps_ring_read_overlap(ring, memory, FRAMES, FRAMES);
    return Promise.resolve({ done: false, value: memory });
  };
  const end = () => {
    native().ps_ring_free(ring);
    return Promise.resolve({ done: true as const, value: undefined });
  };
  return { [Symbol.asyncIterator]: () => ({ next, return: end }) };
}

const rows: [name: string, values: () => AsyncIterable<unknown>, costs: [number, number][]][] = [
  ["a call and a promise", limit, []],
  ["`chunks()`", () => stream.chunks(), []],
  ["`chunks()`, `bufferSize` 2^20", () => stream.chunks({ bufferSize: 2 ** 20 }), []],
];
for (let piece = 0; piece < 2 * pieces; piece++) {
  for (const [, values, costs] of rows) {
    const cost = await costOf(values());
    if (piece >= pieces) costs.push(cost);
  }
}

const [[, , bare]] = rows;
printTable(
  "chunks of 256 stereo frames",
  ["millions in a second", "ns of CPU", "ratio"],
  rows.map(([name, , costs]) => [
    name,
    (1e3 / median(costs.map(([, wall]) => wall))).toFixed(2),
    median(costs.map(([cpu]) => cpu)).toFixed(0),
    median(costs.map(([cpu], i) => cpu / bare[i][0])).toFixed(2),
  ]),
);
