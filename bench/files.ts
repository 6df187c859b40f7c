// Reading and writing sound files, against a C program that does the same with libsndfile: the two take turns, in one
// run.
// Usage: deno run -A bench/files.ts, bun bench/files.ts, or node bench/files.ts; [minutes of sound] [rounds]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readFile, SoundFile, writeFile } from "../mod.ts";
import { type Cost, costOf, printTable, readNumbers } from "./lib/measure.ts";
import { CHANNELS, SAMPLE_RATE, writeSound } from "./lib/sound.ts";

const [minutes, rounds] = readNumbers(import.meta, 10, 5);

const folder = mkdtempSync(join(tmpdir(), "pastream-bench-"));
const peer = join(folder, "peer");

function buildPeer(): void {
  const source = fileURLToPath(new URL("./files.c", import.meta.url));
  const { status, stderr, error } = spawnSync("cc", [
    "-std=c11",
    "-O2",
    `-I${fileURLToPath(new URL("../c", import.meta.url))}`,
    source,
    "-o",
    peer,
    "-ldl",
  ], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the C program did not compile: ${error ?? stderr}`);
}

function byPeer(...args: (string | number)[]): Cost & { frames: number } {
  return JSON.parse(spawnSync(peer, args.map(String), { encoding: "utf8" }).stdout);
}

function byBlocks(path: string, blockFrames: number): number {
  using file = new SoundFile(path);
  const out = new Float32Array(CHANNELS * blockFrames);
  let frames = 0;
  for (const block of file.blocks({ out })) frames += block.length / CHANNELS;
  return frames;
}

async function whole(path: string): Promise<number> {
  return (await readFile(path)).samples.length / CHANNELS;
}

async function written(path: string, samples: Float32Array): Promise<number> {
  await writeFile(path, samples, { sampleRate: SAMPLE_RATE, channels: CHANNELS, subtype: "PCM_16" });
  return samples.length / CHANNELS;
}

/** The best round: what else the machine does only adds to it. */
function best(costs: Cost[]): Cost {
  return { used: Math.min(...costs.map((c) => c.used)), passed: Math.min(...costs.map((c) => c.passed)) };
}

const rows: (string | number)[][] = [];

async function compare(
  name: string,
  target: number | "",
  args: (string | number)[],
  work: () => number | Promise<number>,
): Promise<void> {
  const theirs: Cost[] = [];
  const ours: Cost[] = [];
  for (let round = 0; round <= rounds; round++) {
    const cost = byPeer(...args);
    theirs.push(cost);
    ours.push(
      await costOf(async () => {
        if (await work() !== cost.frames) throw new Error("not all was read");
      }),
    );
    if (round === 0) theirs.length = ours.length = 0; // the file is in the system's memory after this
  }
  const [own, c] = [best(ours), best(theirs)];
  const ratios = [own.passed / c.passed, own.used / c.used].map((ratio) => ratio.toFixed(2));
  rows.push([name, own.used.toFixed(0), ...ratios, target]);
}

try {
  buildPeer();
  for (const format of ["wav", "flac"]) {
    const path = join(folder, `sound.${format}`);
    writeSound(path, minutes);
    const targets: (number | "")[] = format === "wav" ? [2, 1.3, 1.15] : ["", "", 1.15];
    for (const [i, block] of [256, 4096, 65536].entries()) {
      const name = `${format.toUpperCase()}, blocks of ${block} frames`;
      await compare(name, targets[i], [path, block], () => byBlocks(path, block));
    }
    await compare(
      `${format.toUpperCase()}, \`readFile()\``,
      format === "wav" ? 0.8 : 1.15,
      [path, 0],
      () => whole(path),
    );
  }
  const [path, copy] = [join(folder, "sound.wav"), join(folder, "copy.wav")];
  const { samples } = await readFile(path);
  await compare("WAV, `writeFile()`", 1.1, [path, 0, copy], () => written(copy, samples));
  printTable(
    `${minutes} minutes of 48 kHz stereo`,
    ["CPU ms", "ratio to C by the clock", "ratio of CPU", "target"],
    rows,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
