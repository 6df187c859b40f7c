// What playing and recording over PulseAudio take of a processor, on a server of its own: the command of this library
// on each runtime, and other programs, which take turns. Their starts and ends are not counted.
// Usage: deno run -A bench/pulse.ts, or node bench/pulse.ts; [seconds of a turn] [rounds] [seconds before each, for
// programs to start]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFile } from "../mod.ts";
import { which } from "../scripts/lib/tools.mjs";
import { printTable, readNumbers } from "./lib/measure.ts";
import { makePackage } from "./lib/package.mjs";
import { processTime, runtimes } from "./lib/runtimes.mjs";
import { startServer } from "./lib/server.mjs";

const [seconds, rounds, lead] = readNumbers(import.meta, 4, 2, 2);
const RATE = 48000;
const LATENCY = 50; // milliseconds

const folder = mkdtempSync(join(tmpdir(), "pastream-bench-"));
const [sound, out] = [join(folder, "sound.wav"), join(folder, "out.wav")];

/** A side of a comparison; `failure` is why it does not run. */
interface Side {
  readonly name: string;
  readonly command: readonly string[];
  failure?: string;
  best?: number;
}

function sides(args: readonly string[], others: readonly (readonly string[])[]): Side[] {
  const cli = join(npmPackage.folder, "cli.js");
  return [
    ...runtimes().map(({ name, command }) => ({
      name: `pastream, ${name}`,
      command: [...command, cli, "-q", ...args],
    })),
    ...others.map(([program, ...words]) => {
      const path = which(program);
      return { name: program, command: [path ?? program, ...words], failure: path ? undefined : "not installed" };
    }),
  ];
}

/** Milliseconds of processor time that a program takes in a second, or why it did not run. */
async function cost([program, ...args]: readonly string[]): Promise<number | string> {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => errors += data);
  const closed = once(child, "close");
  const time = () => child.exitCode === null ? processTime(child.pid) : NaN;
  await sleep(1000 * lead);
  const before = time();
  await sleep(1000 * seconds);
  const used = time() - before;
  child.kill();
  await closed;
  return Number.isNaN(used) ? errors.trim().split("\n").at(-1) || "it ended" : used / seconds;
}

async function compare(name: string, sides: readonly Side[]): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const side of sides.filter(({ failure }) => failure === undefined)) {
      const result = await cost(side.command);
      if (typeof result === "string") side.failure = result;
      else side.best = Math.min(side.best ?? Infinity, result);
    }
  }
  const rows = sides.map(({ name, best, failure }) => [name, failure ?? ((best ?? NaN) / 10).toFixed(2)]);
  printTable(name, ["% of a processor"], rows);
}

await writeFile(sound, new Int16Array(2 * 60 * RATE), { sampleRate: RATE, channels: 2 });
const npmPackage = await makePackage();
const { end, env } = await startServer("pulse");
try {
  const [playing, recording] = [["-D", "loop", "--latency", `${LATENCY}ms`, sound], ["-D", "loop", "null", out]];
  await compare(
    "playing a file over PulseAudio",
    sides(playing, [
      ["pacat", `--latency-msec=${LATENCY}`, "--file-format=wav", sound],
      ["sox", "-q", sound, "-t", "alsa", "default"],
      ["aplay", "-q", "-D", "default", sound],
      ["ffmpeg", "-loglevel", "error", "-re", "-i", sound, "-f", "pulse", "bench"],
    ]),
  );
  await compare(
    "recording a file over PulseAudio",
    sides(recording, [
      ["parecord", "--rate=48000", "--channels=2", "--file-format=wav", out],
      ["sox", "-q", "-t", "alsa", "default", out],
      ["arecord", "-q", "-D", "default", "-f", "S16_LE", "-r", "48000", "-c", "2", out],
      ["ffmpeg", "-loglevel", "error", "-f", "pulse", "-i", "default", "-y", out],
    ]),
  );
} finally {
  end();
  npmPackage.remove();
  rmSync(folder, { recursive: true });
}
