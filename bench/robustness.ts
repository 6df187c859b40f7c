// How many frames are lost while JavaScript's thread is blocked, by how it has a part in the stream: none while a file
// plays, and with a ring in between while a generator is played and while the input is read in chunks.
// Usage: deno run -A bench/robustness.ts, bun bench/robustness.ts, or node bench/robustness.ts; [longest block in ms]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { InputStream, OutputStream, type Stream, writeFile } from "../mod.ts";

const longest = Number(process.argv[2] ?? 2000);
const RATE = 48000;
const options = { device: "virtual", channels: 1, sampleRate: RATE } as const;
const folder = mkdtempSync(join(tmpdir(), "pastream-"));
const path = join(folder, "sound.wav");
await writeFile(path, new Float32Array(4 * RATE), { sampleRate: RATE, channels: 1 });

function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

function* sound() {
  for (let n = 0; n < 400; n++) yield new Float32Array(RATE / 100);
}

const rows: Record<string, { open: () => Stream; run: (stream: Stream) => Promise<unknown> }> = {
  "a file plays": { open: () => new OutputStream(options), run: (stream) => (stream as OutputStream).play(path) },
  "a generator is played": {
    open: () => new OutputStream(options),
    run: (stream) => (stream as OutputStream).play(sound()),
  },
  "chunks are read": {
    open: () => new InputStream(options),
    async run(stream) {
      const chunks = (stream as InputStream).chunks({ chunkSize: 480, frames: 4 * RATE, onOverflow: "drop" });
      for await (const _ of chunks);
    },
  },
};
const lost = Object.fromEntries(Object.keys(rows).map((name) => [name, [] as string[]]));
for (const milliseconds of [10, 100, 500, 1000, 2000].filter((milliseconds) => milliseconds <= longest)) {
  const streams = Object.entries(rows).map(([name, { open, run }]) => ({ name, stream: open(), run }));
  const done = Promise.all(streams.map(({ stream, run }) => run(stream)));
  while (streams.some(({ stream }) => stream.frameCount < RATE / 10)) await new Promise((next) => setTimeout(next, 5));
  block(milliseconds);
  await done;
  for (const { name, stream } of streams) {
    lost[name].push(`${milliseconds} ms: ${stream.glitches.reduce((sum, { frames }) => sum + frames, 0)}`);
    await stream.close();
  }
}
for (const [name, counts] of Object.entries(lost)) {
  console.log(`${name.padEnd(24)} frames lost at a block of ${counts.join(", ")}`);
}
rmSync(folder, { recursive: true });
