// Reading and writing sound files, against a C program that does the same with libsndfile: the two take turns, in one
// run.
// Usage: deno run -A bench/files.ts, bun bench/files.ts, or node bench/files.ts; [minutes of sound] [rounds]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readFile, SoundFile, writeFile } from "../mod.ts";

const minutes = Number(process.argv[2] ?? 10);
const rounds = Number(process.argv[3] ?? 7);
const SAMPLE_RATE = 48000;
const CHANNELS = 2;

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

/** Minutes of a swelling chord with some noise, which is as hard on FLAC as music is. */
function writeSound(path: string): void {
  using file = new SoundFile(path, "w", { sampleRate: SAMPLE_RATE, channels: CHANNELS, subtype: "PCM_16" });
  const second = new Float32Array(CHANNELS * SAMPLE_RATE);
  let state = 1;
  for (let n = 0; n < minutes * 60; n++) {
    for (let i = 0; i < second.length; i++) {
      state = Math.imul(state, 1103515245) + 12345 | 0;
      const t = n + (i >> 1) / SAMPLE_RATE;
      second[i] = 0.2 * (1 + Math.sin(t)) * (Math.sin(1382.3 * t) + Math.sin(1741.6 * t + (i & 1))) / 2 +
        state / 2 ** 38;
    }
    file.write(second);
  }
}

/** Milliseconds of processor time, and of the clock. */
interface Cost {
  used: number;
  passed: number;
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

async function costOf(work: () => number | Promise<number>, frames: number): Promise<Cost> {
  const used = process.cpuUsage();
  const begun = performance.now();
  if (await work() !== frames) throw new Error("not all was read");
  const passed = performance.now() - begun;
  const { user, system } = process.cpuUsage(used);
  return { used: (user + system) / 1000, passed };
}

/** The best round: what else the machine does only adds to it. */
function best(costs: Cost[]): Cost {
  return { used: Math.min(...costs.map((c) => c.used)), passed: Math.min(...costs.map((c) => c.passed)) };
}

async function compare(name: string, args: (string | number)[], work: () => number | Promise<number>): Promise<void> {
  const theirs: Cost[] = [];
  const ours: Cost[] = [];
  for (let round = 0; round <= rounds; round++) {
    const cost = byPeer(...args);
    theirs.push(cost);
    ours.push(await costOf(work, cost.frames));
    if (round === 0) theirs.length = ours.length = 0; // the file is in the system's memory after this
  }
  const [own, c] = [best(ours), best(theirs)];
  const numbers = [own.used, c.used].map((ms) => ms.toFixed(0)).concat((own.used / c.used).toFixed(2));
  const more = [own.passed, c.passed].map((ms) => ms.toFixed(0)).concat((own.passed / c.passed).toFixed(2));
  console.log(`| ${[name, ...numbers, ...more].join(" | ")} |`);
}

try {
  buildPeer();
  const runtime = "deno" in process.versions ? "Deno" : "bun" in process.versions ? "Bun" : "Node";
  console.log(`| ${runtime}: ${minutes} minutes, 48 kHz stereo | CPU ms | in C | ratio | ms | in C | ratio |`);
  console.log("| --- | --: | --: | --: | --: | --: | --: |");
  for (const format of ["wav", "flac"]) {
    const path = join(folder, `sound.${format}`);
    writeSound(path);
    for (const block of [256, 4096, 65536]) {
      await compare(`${format.toUpperCase()}, blocks of ${block} frames`, [path, block], () => byBlocks(path, block));
    }
    await compare(`${format.toUpperCase()}, readFile()`, [path, 0], () => whole(path));
  }
  const [path, copy] = [join(folder, "sound.wav"), join(folder, "copy.wav")];
  const { samples } = await readFile(path);
  await compare("WAV, writeFile()", [path, 0, copy], () => written(copy, samples));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
