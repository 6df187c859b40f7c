// How much of JavaScript's thread many streams take that are read in chunks at once, and how late their chunks are.
// Chunks of 480 frames at 48 kHz from the virtual device.
// Usage: deno run -A bench/scale.ts, bun bench/scale.ts, or node bench/scale.ts; [seconds]
import { PS_NUMBER_SINCE_CALLBACK } from "../ffi/constants.ts";
import { native } from "../ffi/load.ts";
import { InputStream } from "../mod.ts";
import { coreOf } from "../src/stream/stream.ts";
import { printTable, quantile, readNumbers, threadTime } from "./lib/measure.ts";

const [seconds] = readNumbers(import.meta, 3);
const FRAMES = 480;
const RATE = 48000;

const rows: (string | number)[][] = [];
for (const count of [1, 8, 64]) {
  const open = () => InputStream.open({ device: "virtual", channels: 2, sampleRate: RATE, blockSize: FRAMES });
  const streams = await Promise.all(Array.from({ length: count }, open));
  const late: number[] = [];
  const used = threadTime();
  const began = performance.now();
  await Promise.all(streams.map(async (stream) => {
    const { handle } = coreOf(stream).native;
    for await (const _ of stream.chunks({ frames: seconds * RATE })) {
      late.push(native().ps_stream_number(handle, PS_NUMBER_SINCE_CALLBACK) * 1000);
    }
  }));
  const share = (threadTime() - used) / 1e6 / ((performance.now() - began) / 1000);
  const lost = streams.reduce((sum, { glitches }) => sum + glitches.reduce((sum, { frames }) => sum + frames, 0), 0);
  await Promise.all(streams.map((stream) => stream.close()));
  const [p50, p99] = [0.5, 0.99].map((share) => quantile(late, share).toFixed(2));
  rows.push([count, share.toFixed(0), p50, p99, lost]);
}
printTable("streams", ["ms of CPU in a second", "late by p50 ms", "p99 ms", "frames lost"], rows);
