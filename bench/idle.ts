// What waiting costs: processor time of `for await (const chunk of chunks())` against a loop of setTimeout with as many
// wake-ups. The two take turns, in one run. Linux only: the numbers are those of JavaScript's own thread.
// Usage: deno run -A bench/idle.ts, bun bench/idle.ts, or node bench/idle.ts; [chunks a round] [rounds]
import { readFileSync } from "node:fs";
import process from "node:process";
import { InputStream } from "../mod.ts";

const count = Number(process.argv[2] ?? 300);
const rounds = Number(process.argv[3] ?? 9);

/** Microseconds that this thread has run so far. */
const used = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1000;

/** Microseconds of each wake-up but the first ones. */
async function costOf(wakes: () => AsyncGenerator<unknown>): Promise<number> {
  const lead = 30;
  let before = 0;
  let n = 0;
  for await (const _ of wakes()) {
    if (n === lead) before = used();
    if (n++ === lead + count) break;
  }
  return (used() - before) / count;
}

async function* timers(): AsyncGenerator<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield;
  }
}

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];

await using stream = await InputStream.open({ device: "virtual", channels: 2, blockSize: 256 });
const costs: [name: string, wakes: () => AsyncGenerator<unknown>, each: number[]][] = [
  ["setTimeout", timers, []],
  ["chunks", () => stream.chunks({ chunkSize: 256 }), []],
];
for (let round = 0; round <= rounds; round++) {
  for (const [, wakes, each] of costs) {
    const cost = await costOf(wakes);
    if (round > 0) each.push(cost);
  }
}
const [timer, chunks] = costs.map(([, , each]) => median(each));
console.log(
  `a wake-up of setTimeout ${timer.toFixed(1)} us, of chunks ${chunks.toFixed(1)} us: ${(chunks / timer).toFixed(2)}`,
);
