// How much of a sound is heard, played by this library and by its peers through ALSA on a PulseAudio server of its own,
// whose monitor is recorded: as it is, and with the event loop blocked for a second meanwhile.
// Usage: node bench/peers/run.mjs [folder where the peers are installed, by default build/bench/peers]
// docs/benchmarks.md says how they are installed; sounddevice is taken from the system's Python.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readArguments } from "../../scripts/lib/arguments.mjs";
import { fromNpm, nodeFlags, root, which } from "../../scripts/lib/tools.mjs";
import { startServer } from "../lib/server.mjs";
import { writeTable } from "../lib/tables.mjs";
import { bodyFrames, markFrames, SAMPLE_RATE, wav } from "./sound.mjs";

const node = [process.execPath, ...nodeFlags(process.version)];
const bun = [fromNpm.bun() ?? which("bun") ?? "bun"];
const python = [which("python3") ?? "python3"];

/** A script here and what runs it; a program and its arguments, `sound` being a WAV file; or why neither is tried. */
const peers = {
  pastream: { script: "pastream.mjs", by: node },
  decibri: { script: "decibri.mjs", by: node },
  "node-web-audio-api": { script: "node-web-audio-api.mjs", by: node },
  "@audio/speaker": { script: "audio-speaker.mjs", by: node },
  "@opentui/core, on Bun": { script: "opentui.mjs", by: bun },
  naudiodon: { script: "naudiodon.mjs", by: node },
  speaker: { script: "speaker.mjs", by: node },
  audify: { script: "audify.mjs", by: node },
  "sounddevice, Python": { script: "python-sounddevice.py", by: python },
  mic: { failure: "records only, by starting sox or arecord" },
  sox: { program: ["sox", "-q", "sound.wav", "-t", "alsa", "default"] },
  aplay: { program: ["aplay", "-q", "sound.wav"] },
  ffmpeg: { program: ["ffmpeg", "-loglevel", "error", "-i", "sound.wav", "-f", "alsa", "default"] },
};

const isMissing = /Cannot find (?:package|module) '(?!\/)|No module named/;
/** The line of an error that says what is wrong. */
const reason = /^\w*(?:Error|Exception)\b.*/m;

/** Runs a program; resolves with why it failed, or undefined. */
async function play([command, ...args], env, cwd) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => errors += data);
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [code, signal] = await once(child, "close");
  clearTimeout(timer);
  if (code === 0) return undefined;
  if (isMissing.test(errors)) return "not installed";
  return reason.exec(errors)?.[0].slice(0, 90) ?? (signal ? `killed by ${signal}` : `exit code ${code}`);
}

/** What the server played while a program ran. */
async function listen(command, env, cwd) {
  const words = ["--latency-msec=10", "--device=@DEFAULT_MONITOR@", "--format=float32le", `--rate=${SAMPLE_RATE}`];
  const recorder = spawn("parec", [...words, "--channels=1"], { env: { ...process.env, ...env } });
  const parts = [];
  recorder.stdout.on("data", (part) => parts.push(part));
  await sleep(700); // until it records
  const failure = await play(command, env, cwd);
  await sleep(500); // what the server still has
  recorder.kill();
  await once(recorder, "close");
  const data = Buffer.concat(parts);
  return { failure, heard: new Float32Array(data.buffer, data.byteOffset, data.length >> 2) };
}

/** Cells: how much of the sound was heard, of its last tenth of a second, and milliseconds of silence within. */
function judge(heard) {
  const isBody = (sample) => Math.abs(sample - 0.25) < 0.03;
  const [first, last] = [heard.findIndex(isBody), heard.findLastIndex(isBody)];
  const gaps = heard.subarray(first, last).filter((sample) => Math.abs(sample) < 0.01).length;
  const percent = (part, whole) => Math.min(100, 100 * part / whole).toFixed(1);
  const mark = heard.filter((sample) => sample > 0.4).length;
  return [
    percent(heard.filter(isBody).length, bodyFrames),
    percent(mark, markFrames),
    Math.round(1000 * gaps / SAMPLE_RATE),
  ];
}

const [given] = readArguments(import.meta, { allowPositionals: true }).positionals;
const base = resolve(given ?? join(root, "build", "bench", "peers"));
mkdirSync(base, { recursive: true });
const folder = mkdtempSync(join(base, "run-"));
const { end, env } = await startServer("alsa");
try {
  cpSync(dirname(fileURLToPath(import.meta.url)), folder, { recursive: true });
  writeFileSync(join(folder, "sound.wav"), wav());
  if (!existsSync(join(base, "node_modules", "pastream"))) {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "pastream"));
  }
  const rows = [];
  for (const [name, { script, by, program, failure: known }] of Object.entries(peers)) {
    const command = program ?? [...by ?? [], script];
    const cells = [];
    let failure = known ?? (which(command[0]) ?? existsSync(command[0]) ? undefined : "not installed");
    for (const BLOCK of program ? [""] : ["", "1"]) {
      if (failure) break;
      const result = await listen(command, { ...env, BLOCK }, folder);
      failure = result.failure;
      if (!failure) cells.push(...judge(result.heard));
    }
    while (cells.length < 6) cells.push("");
    rows.push({ name, cells: [...cells, failure ?? ""] });
  }
  const columns = ["% heard", "% of the end", "ms of gaps", "blocked: % heard", "% of the end", "ms of gaps", ""];
  console.log(writeTable({ name: "three seconds through ALSA", columns, rows }).join("\n"));
} finally {
  end();
  rmSync(folder, { recursive: true });
}
