// How much of a sound is heard, played by this library and by its peers through ALSA on a PulseAudio server of its own,
// whose monitor is recorded. Usage: node bench/peers/run.mjs [folder where the peers are installed, for example by
// npm install decibri @audio/speaker node-web-audio-api]. sounddevice is taken from the system's Python.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "../../scripts/lib/tools.mjs";
import { bodyFrames, markFrames, SAMPLE_RATE } from "./sound.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");

/** A server that ends with its standard input; returns it, and the environment that its clients need. */
async function startServer() {
  const server = spawn("sh", [join(root, "tests", "helpers", "servers.sh"), "alsa"], { stdio: ["pipe", "pipe", 2] });
  const env = {};
  for await (const line of createInterface({ input: server.stdout })) {
    const at = line.indexOf("=");
    env[line.slice(0, at)] = line.slice(at + 1);
    if (line.startsWith("SERVER_PID=")) return { server, env };
  }
  throw new Error("PulseAudio did not start");
}

/** Runs a program; resolves with why it failed, or undefined. */
async function play([command, ...args], env) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => errors += data);
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [code] = await once(child, "close");
  clearTimeout(timer);
  return code === 0 ? undefined : /\w*Error: .*|Cannot find .*/.exec(errors)?.[0] ?? `it ended with ${code}`;
}

/** What the server played while a program ran. */
async function listen(program, env) {
  const words = ["--latency-msec=10", "--device=@DEFAULT_MONITOR@", "--format=float32le", `--rate=${SAMPLE_RATE}`];
  const recorder = spawn("parec", [...words, "--channels=1"], { env: { ...process.env, ...env } });
  const parts = [];
  recorder.stdout.on("data", (part) => parts.push(part));
  await sleep(700); // until it records
  const failure = await play(program, env);
  await sleep(500); // what the server still has
  recorder.kill();
  await once(recorder, "close");
  const data = Buffer.concat(parts);
  return { failure, heard: new Float32Array(data.buffer, data.byteOffset, data.length >> 2) };
}

function judge(heard) {
  const isBody = (sample) => Math.abs(sample - 0.25) < 0.03;
  const [first, last] = [heard.findIndex(isBody), heard.findLastIndex(isBody)];
  const gaps = heard.subarray(first, last).filter((sample) => Math.abs(sample) < 0.01).length;
  const mark = heard.filter((sample) => sample > 0.4).length;
  return `${mark} of the last ${markFrames} frames, ${heard.filter(isBody).length} of the ${bodyFrames} before them, ` +
    `${Math.round(1000 * gaps / SAMPLE_RATE)} ms of gaps between`;
}

const folder = mkdtempSync(join(resolve(process.argv[2] ?? "."), "peers-"));
const { server, env } = await startServer();
try {
  cpSync(here, folder, { recursive: true });
  if (!existsSync(join(dirname(folder), "node_modules", "pastream"))) {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules", "pastream"));
  }
  for (const name of readdirSync(here).filter((name) => !/^(run|sound)\.mjs$/.test(name))) {
    const command = name.endsWith(".py") ? ["python3"] : [process.execPath, ...nodeFlags(process.version)];
    for (const BLOCK of ["", "1"]) {
      const { failure, heard } = await listen([...command, join(folder, name)], { ...env, BLOCK });
      const busy = BLOCK ? ", with the event loop blocked for a second" : "";
      console.log(`${name.replace(/\.\w+$/, "")}${busy}: ${failure ?? judge(heard)}`);
      if (failure) break;
    }
  }
} finally {
  server.stdin.end();
  rmSync(folder, { recursive: true });
}
