// How many frames are lost while JavaScript's thread is blocked, by how it has a part in the stream: none while a file
// plays, and with a ring in between while a generator is played and while the input is read in chunks.
// Usage: deno run -A bench/robustness.ts, bun bench/robustness.ts, or node bench/robustness.ts; [longest block in ms]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputStream, OutputStream, type Stream, writeFile } from "../mod.ts";
import { printTable, readNumbers } from "./lib/measure.ts";

const [longest] = readNumbers(import.meta, 2000);
const RATE = 48000;
const options = { device: "virtual", channels: 1, sampleRate: RATE } as const;
const folder = mkdtempSync(join(tmpdir(), "pastream-"));
const path = join(folder, "sound.wav");
await writeFile(path, new Float32Array((1 + longest / 1000) * RATE), { sampleRate: RATE, channels: 1 });

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

function* sound(frames: number) {
  for (let n = 0; n < frames; n += RATE / 100) yield new Float32Array(RATE / 100);
}

const rows: Record<string, { open: () => Stream; run: (stream: Stream, frames: number) => Promise<unknown> }> = {
  "a file plays": {
    open: () => new OutputStream(options),
    run: (stream, frames) => (stream as OutputStream).play(path, { frames }),
  },
  "a generator is played": {
    open: () => new OutputStream(options),
    run: (stream, frames) => (stream as OutputStream).play(sound(frames)),
  },
  "chunks are read": {
    open: () => new InputStream(options),
    async run(stream, frames) {
      const chunks = (stream as InputStream).chunks({ chunkSize: 480, frames, onOverflow: "drop" });
      for await (const _ of chunks);
    },
  },
};
const lost = Object.fromEntries(Object.keys(rows).map((name) => [name, [] as number[]]));
const blocks = [10, 100, 500, 1000, 2000].filter((milliseconds) => milliseconds <= longest);
for (const milliseconds of blocks) {
  const streams = Object.entries(rows).map(([name, { open, run }]) => ({ name, stream: open(), run }));
  const done = Promise.all(streams.map(({ stream, run }) => run(stream, RATE + milliseconds * RATE / 1000)));
  while (streams.some(({ stream }) => stream.frameCount < RATE / 10)) await new Promise((next) => setTimeout(next, 5));
  block(milliseconds);
  await done;
  for (const { name, stream } of streams) {
    lost[name].push(stream.glitches.reduce((sum, { frames }) => sum + frames, 0));
    await stream.close();
  }
}
printTable(
  "frames lost while",
  blocks.map((milliseconds) => `blocked for ${milliseconds} ms`),
  Object.entries(lost).map(([name, counts]) => [name, ...counts]),
);
rmSync(folder, { recursive: true });
