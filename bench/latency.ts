// How long after the device's callback a chunk is in hand: with an idle event loop, and with one that is busy for 30 %
// of the time. Beside it the least that is possible: this thread waits in C, as a thread without an event loop would,
// and is woken by the same native thread. The virtual device; blocks of 256 frames at 48 kHz.
// Usage: deno run -A bench/latency.ts, bun bench/latency.ts, or node bench/latency.ts; [chunks]
import { native } from "../ffi/load.ts";
import { PS_NUMBER_SINCE_CALLBACK } from "../ffi/constants.ts";
import { InputStream, RingBuffer } from "../mod.ts";
import { ringHandle } from "../src/ring/ring-buffer.ts";
import { coreOf } from "../src/stream/stream.ts";
import { printTable, quantile, readNumbers } from "./lib/measure.ts";

const [count] = readNumbers(import.meta, 1000);
const LEAD = 20;
const FRAMES = 256;
const CHANNELS = 2;

const open = () => InputStream.open({ device: "virtual", channels: CHANNELS, blockSize: FRAMES });
const sinceCallback = (stream: number) => native().ps_stream_number(stream, PS_NUMBER_SINCE_CALLBACK) * 1000;

const row = (name: string, late: number[]) => [
  name,
  ...[0.5, 0.99, 0.9999].map((share) => quantile(late, share).toFixed(2)),
];

/** Milliseconds after which a thread has its chunk that waits for each in C. */
async function inC(): Promise<number[]> {
  using ring = new RingBuffer(4 * CHANNELS, 64 * FRAMES);
  await using stream = await open();
  stream.setSink(ring);
  await stream.start();
  const { handle } = coreOf(stream).native;
  const chunk = new Float32Array(CHANNELS * FRAMES);
  const waker = native().ps_waker_new();
  const late: number[] = [];
  while (late.length < LEAD + count) {
    const waits = native().ps_wake(handle, waker, 0, FRAMES) > 0;
    if (waits) native().ps_waker_wait(waker, 1);
    while (native().ps_waker_next(waker) > 0);
    if (native().ps_ring_read_overlap(ringHandle(ring), chunk, FRAMES, 0) === FRAMES && waits) {
      late.push(sinceCallback(handle));
    }
  }
  native().ps_waker_free(waker);
  await stream.abort();
  return late.slice(LEAD);
}

const rows = [row("none: waits in C", await inC())];
await using stream = await open();
const { handle } = coreOf(stream).native;
for (const busy of [false, true]) {
  const spin = () => {
    const end = performance.now() + 0.3;
    while (performance.now() < end);
  };
  const timer = busy ? setInterval(spin, 1) : undefined;
  const late: number[] = [];
  let n = 0;
  for await (const _ of stream.chunks()) {
    if (n++ > LEAD) late.push(sinceCallback(handle));
    if (n === LEAD + count) break;
  }
  clearInterval(timer);
  rows.push(row(busy ? "30 % busy" : "idle", late));
}
printTable("event loop", ["p50 ms", "p99 ms", "most ms"], rows);
