// Streams on the default device, which is JACK's, when a PulseAudio server comes, whose default device is the default
// one then. SERVER_PID is that server's. Prints JSON: what each was before and after, how much the one that follows has
// taken of its source by then and how much JACK was heard to play, and whether PulseAudio was heard to go on.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { InputStream, OutputStream, queryDevice, queryDevices, RingBuffer } from "../../mod.ts";
import { killServer } from "../helpers/restart.ts";

const restart = await killServer(Number(process.env.SERVER_PID));
const hostApi = (device: number) => queryDevices()[device]?.hostApi;
const jackLoopback = queryDevice("loopback JACK").id;
const SAMPLE_RATE = 48000;

/** Half a minute in which each sample is its own number. */
const SCALE = 2 ** 21;
const numbers = Float32Array.from({ length: 30 * SAMPLE_RATE }, (_, i) => (i + 1) / SCALE);
const numberOf = (sample: number) => Math.round(sample * SCALE);

/** Where a stream is before and after; and whether it goes on. */
async function run(options: object, sound: Float32Array<ArrayBuffer>): Promise<[OutputStream, () => unknown]> {
  const stream = await OutputStream.open({ channels: 1, sampleRate: SAMPLE_RATE, ...options });
  stream.setSource(sound);
  await stream.start();
  while (stream.frameCount < 9600) await setTimeout(10);
  const before = hostApi(stream.device);
  return [stream, () => {
    const { active, glitches, xruns } = stream;
    const rerouted = glitches.filter(({ kind }) => kind === "rerouted").map(({ frames }) => frames > 0);
    return { before, after: hostApi(stream.device), active, rerouted, xruns };
  }];
}

/** What JACK's loopback client is given, from now on. */
async function listenOnJack(): Promise<() => Promise<number[]>> {
  const ring = new RingBuffer(4, 2 ** 21);
  const stream = await InputStream.open({ device: jackLoopback, channels: 1, sampleRate: SAMPLE_RATE });
  stream.setSink(ring);
  await stream.start();
  return async () => {
    await stream.stop();
    await stream.close();
    return Array.from(new Float32Array(ring.read().buffer), numberOf).filter((number) => number > 0);
  };
}

const follows = await run({ onDeviceLost: "follow" }, numbers);
/** JACK's own tools are refused when another process opens a client of the same name at the same time. */
function jack(program: string, ...args: string[]): string {
  for (let tries = 1;; tries++) {
    try {
      return execFileSync(program, args, { encoding: "utf8" });
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
}
const jackPort = jack("jack_lsp", "-c", "system:playback_1").split("\n")[1]!.trim();
const listened = await listenOnJack();
jack("jack_connect", jackPort, "loopback:playback_1");
const silence = new Float32Array(numbers.length);
const runs = [follows, await run({}, silence), await run({ onDeviceLost: "follow", device: jackLoopback }, silence)];
await restart();
for (let tries = 0; tries < 3000 && hostApi(follows[0].device) !== "PulseAudio"; tries++) await setTimeout(20);
const streams = runs.map(([, state]) => state());
const taken = follows[0].glitches.find(({ kind }) => kind === "rerouted")?.frame;
await using input = await InputStream.open({ device: "loopback", channels: 1, sampleRate: SAMPLE_RATE, latency: 0.1 });
const heard = Array.from(await input.record(SAMPLE_RATE / 2), numberOf);
const goesOn = heard.some((number, i) => number > 0 && heard[i + 1] === number + 1);
for (const [stream] of runs) await stream.close();
console.log(JSON.stringify({ streams, taken, heardOnJack: Math.max(...(await listened()).slice(-4800)), goesOn }));
