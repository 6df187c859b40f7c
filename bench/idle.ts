// What waiting costs: processor time of `for await (const chunk of chunks())` against a loop of setTimeout with as many
// wake-ups, without a stream and beside a running one. The three take turns in short pieces, since machines change
// their speed; a row has the medians of the pieces. As many pieces go before, for the runtime compiles for some ten
// seconds. Linux only: the numbers are those of JavaScript's own thread. Where the kernel moves that thread between
// processors, that costs more than the code; `taskset -c 0` before the command leaves the code.
// Usage: deno run -A bench/idle.ts, bun bench/idle.ts, or node bench/idle.ts; [wake-ups in a piece] [pieces]
import { InputStream } from "../mod.ts";
import { median, printTable, readNumbers, threadTime } from "./lib/measure.ts";

const [count, pieces] = readNumbers(import.meta, 60, 60);
const LEAD = 10;

/** Microseconds that this thread has run so far. */
const used = () => threadTime() / 1000;

/** Microseconds of each wake-up but the first ones. */
async function costOf(wakes: () => AsyncGenerator<unknown>): Promise<number> {
  let before = 0;
  let n = 0;
  for await (const _ of wakes()) {
    if (n === LEAD) before = used();
    if (n++ === LEAD + count) break;
  }
  return (used() - before) / count;
}

await using stream = await InputStream.open({ device: "virtual", channels: 2, blockSize: 256 });

async function* timers(): AsyncGenerator<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield;
  }
}

async function* timersBeside(): AsyncGenerator<void> {
  await stream.start();
  try {
    yield* timers();
  } finally {
    await stream.stop();
  }
}

const rows: [name: string, wakes: () => AsyncGenerator<unknown>, costs: number[]][] = [
  ["`setTimeout()`", timers, []],
  ["`setTimeout()` beside a stream", timersBeside, []],
  ["`chunks()`", () => stream.chunks({ chunkSize: 256 }), []],
];
for (let piece = 0; piece < 2 * pieces; piece++) {
  for (const [, wakes, costs] of rows) {
    const cost = await costOf(wakes);
    if (piece >= pieces) costs.push(cost);
  }
}

const [[, , bare]] = rows;
printTable(
  "a wake-up by",
  ["us of CPU", "ratio", "target"],
  rows.map(([name, wakes, costs]) => [
    name,
    median(costs).toFixed(0),
    median(costs.map((cost, i) => cost / bare[i])).toFixed(2),
    wakes === timers || wakes === timersBeside ? "" : 1.5,
  ]),
);
