// How long after the end of the device's callback a chunk is in hand, and what waiting for it costs: with an idle event
// loop, and with one that is busy for 30 % of the time. The virtual device; blocks of 256 frames at 48 kHz.
// Usage: deno run -A bench/latency.ts, bun bench/latency.ts, or node bench/latency.ts; [chunks]
import process from "node:process";
import { native } from "../ffi/load.ts";
import { PS_NUMBER_SINCE_CALLBACK } from "../ffi/constants.ts";
import { InputStream } from "../mod.ts";
import { coreOf } from "../src/stream/stream.ts";
import { printTable, quantile } from "./lib/measure.ts";

const count = Number(process.argv[2] ?? 1000);
const LEAD = 20;

await using stream = await InputStream.open({ device: "virtual", channels: 2, blockSize: 256 });
const { handle } = coreOf(stream).native;

const rows: string[][] = [];
for (const busy of [false, true]) {
  const spin = () => {
    const end = performance.now() + 0.3;
    while (performance.now() < end);
  };
  const timer = busy ? setInterval(spin, 1) : undefined;
  const late: number[] = [];
  let n = 0;
  for await (const _ of stream.chunks()) {
    if (n++ > LEAD) late.push(native().ps_stream_number(handle, PS_NUMBER_SINCE_CALLBACK) * 1000);
    if (n === LEAD + count) break;
  }
  clearInterval(timer);
  rows.push([
    busy ? "30 % busy" : "idle",
    ...[0.5, 0.99, 0.9999].map((share) => quantile(late, share).toFixed(2)),
  ]);
}
printTable("event loop", ["p50 ms", "p99 ms", "most ms"], rows);
