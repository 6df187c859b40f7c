// Over a private PulseAudio with a null sink: the round trip of a duplex stream at latency "low", over PulseAudio and
// over ALSA's plugin for the same server, at its start and at its end; and the longest silence within sounds that are
// played while two processes spin, by this library and by pacat, at 50 ms. All take turns.
// Usage: deno run -A bench/servers.ts, bun bench/servers.ts, or node bench/servers.ts; [round trips] [plays] [seconds]
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { DuplexStream, OutputStream } from "../mod.ts";
import { heardDuring } from "../tests/helpers/listening.ts";
import { runTs } from "../tests/helpers/runtime.ts";
import { type Server, startPulse } from "../tests/helpers/servers.ts";
import { median, printTable, readNumbers } from "./lib/measure.ts";

const RATE = 48000;
const STEP = 2 ** -20; // between two samples of a sound that counts its frames
const LATENCY = 0.05;

/** How long ago, in milliseconds, what is recorded at a frame was played; of what comes after it if that is silence. */
function tripAt(recorded: Float32Array, frame: number): number {
  let at = frame;
  while (at < recorded.length / 2 - 1 && recorded[2 * at] === 0) at++;
  return (at + 1 - recorded[2 * at] / STEP) * 1000 / RATE;
}

/** Round trips of a run of two seconds, after a tenth of a second and at the end, and xruns. */
async function trip(device: string | undefined): Promise<number[]> {
  await using stream = await DuplexStream.open({ device, channels: 2, sampleRate: RATE, latency: "low" });
  const sound = Float32Array.from({ length: 4 * RATE }, (_, i) => ((i >> 1) + 1) * STEP);
  const recorded = await stream.playrec(sound);
  return [tripAt(recorded, RATE / 10), tripAt(recorded, 2 * RATE - RATE / 10), stream.xruns];
}

async function trips(rounds: number): Promise<void> {
  const devices = { "PulseAudio": undefined, "ALSA's plugin": "default, ALSA" };
  const found: Record<string, number[][]> = { "PulseAudio": [], "ALSA's plugin": [] };
  for (let n = 0; n < rounds; n++) {
    for (const [name, device] of Object.entries(devices)) found[name].push(await trip(device));
  }
  const ms = (times: number[]) => [median(times), Math.max(...times)].map((time) => time.toFixed(1));
  const row = ([name, runs]: [string, number[][]]) => {
    const [start, end, xruns] = [0, 1, 2].map((i) => runs.map((run) => run[i]));
    return [name, ...ms(start), ...ms(end), xruns.filter((count) => count === 0).length];
  };
  printTable(
    "round trip at latency `low`",
    ["ms at the start", "most", "ms at the end", "most", "runs without xruns"],
    Object.entries(found).map(row),
  );
}

async function playFor(seconds: number): Promise<void> {
  await using stream = await OutputStream.open({ channels: 2, sampleRate: RATE, latency: LATENCY });
  await stream.play(new Float32Array(2 * RATE * seconds).fill(0.5));
}

async function pacat(server: Server, seconds: number): Promise<void> {
  const args = ["--raw", "--format=float32le", `--rate=${RATE}`, "--channels=2", `--latency-msec=${1000 * LATENCY}`];
  const child = spawn("pacat", args, {
    env: { ...process.env, ...server.env },
    stdio: ["pipe", "ignore", "inherit"],
  });
  child.stdin.end(new Uint8Array(new Float32Array(2 * RATE * seconds).fill(0.5).buffer));
  await once(child, "close");
}

/** The longest silence between the first and the last sound, in milliseconds. */
function longestSilence(samples: Float32Array): number {
  let [longest, began] = [0, samples.findIndex((sample) => sample !== 0)];
  for (let i = began; i >= 0 && i < samples.length; i++) {
    if (samples[i] === 0) continue;
    longest = Math.max(longest, i - began - 1);
    began = i;
  }
  return longest * 1000 / RATE;
}

async function silences(server: Server, plays: number, seconds: number): Promise<void> {
  const spinners = [1, 2].map(() => spawn("sh", ["-c", "while :; do :; done"], { stdio: "ignore" }));
  const ways: Record<string, () => Promise<unknown>> = {
    "this library at 50 ms": () => child(server, "play", seconds),
    "`pacat --latency-msec=50`": () => pacat(server, seconds),
  };
  const found = Object.fromEntries(Object.keys(ways).map((name) => [name, [] as number[]]));
  try {
    for (let n = 0; n < plays; n++) {
      for (const [name, play] of Object.entries(ways)) {
        found[name].push(longestSilence(await heardDuring(server, play)));
      }
    }
  } finally {
    for (const spinner of spinners) spinner.kill("SIGKILL");
  }
  printTable(
    "silence in plays",
    ["longest ms", "plays without any"],
    Object.entries(found).map(([name, times]) => {
      const without = times.filter((time) => time === 0).length;
      return [name, Math.max(...times).toFixed(0), `${without} of ${plays}`];
    }),
  );
}

/** This program again, on the server: a library looks for servers in the environment that a process begins with. */
async function child(server: Server, ...args: unknown[]): Promise<void> {
  const { code, stdout, stderr } = await runTs(new URL(import.meta.url), {
    args: args.map(String),
    env: { ...server.env, PASTREAM_DEVICE: undefined },
    timeout: 300,
  });
  if (code !== 0) throw new Error(stderr);
  process.stdout.write(stdout);
}

const [what, number] = process.argv.slice(2);
if (what === "trips") await trips(Number(number));
else if (what === "play") await playFor(Number(number));
else {
  const [roundTrips, plays, seconds] = readNumbers(import.meta, 10, 20, 5);
  const server = await startPulse();
  try {
    await child(server, "trips", roundTrips);
    await silences(server, plays, seconds);
  } finally {
    await server.stop();
  }
}
