// What JavaScript's thread does while a file plays: processor time and wake-ups in a second. And what a short sound
// costs, in one call and on a stream that is open.
// Usage: deno run -A bench/playing.ts, bun bench/playing.ts, or node bench/playing.ts; [seconds] [short sounds]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OutputStream, play, writeFile } from "../mod.ts";
import { printTable, quantile, readNumbers, threadTime, threadWaits } from "./lib/measure.ts";

const [seconds, sounds] = readNumbers(import.meta, 6, 100);
const RATE = 48000;
const LEAD = 0.5; // seconds before anything is counted

const folder = mkdtempSync(join(tmpdir(), "pastream-"));
const path = join(folder, "sound.wav");
await writeFile(path, new Float32Array((seconds + 1) * RATE), { sampleRate: RATE, channels: 1 });

/** What this thread does in a second: milliseconds of processor time, and wake-ups. */
async function eachSecond(): Promise<[time: string, wakeUps: string]> {
  await new Promise((resolve) => setTimeout(resolve, 1000 * LEAD));
  const [used, waits] = [threadTime(), threadWaits()];
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const time = (threadTime() - used) / 1e6 / seconds;
  return [time.toFixed(2), ((threadWaits() - waits) / seconds).toFixed(1)];
}

{
  const idle = await eachSecond();
  await using stream = new OutputStream({ device: "virtual", channels: 1, sampleRate: RATE });
  const done = stream.play(path);
  printTable("each second", ["ms of CPU", "wake-ups", "target"], [
    ["while nothing plays", ...idle, ""],
    ["while a file plays", ...await eachSecond(), "0.5 ms"],
  ]);
  await stream.abort();
  await done.catch(() => {});
}
rmSync(folder, { recursive: true });

const device = { device: "virtual", hostSettings: { hostApi: "virtual", clock: "freewheel" }, channels: 1 } as const;
const sound = new Float32Array(48);

/** Milliseconds of each call but the first ones. */
async function timesOf(call: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < 2 * sounds; n++) {
    const began = performance.now();
    await call();
    if (n >= sounds) times.push(performance.now() - began);
  }
  return times;
}

await using open = new OutputStream(device);
const rows: (string | number)[][] = [];
for (
  const [name, call, target] of [
    ["`play()`", () => play(sound, device), 1],
    ["on an open stream", () => open.play(sound), 0.3],
  ] as const
) {
  const times = await timesOf(call);
  rows.push([name, quantile(times, 0.99).toFixed(2), quantile(times, 0.5).toFixed(2), target]);
}
printTable("a short sound", ["p99 ms", "p50 ms", "target"], rows);
