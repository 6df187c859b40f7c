// Interrupts a sound again and again on a device whose output comes back as its input. Usage: clears.ts ROUNDS DEVICE
// [DEVICE]; prints for each round what was heard by what came back, what clear() told, and xruns, as JSON.
import process from "node:process";
import { DuplexStream } from "../../mod.ts";

const [rounds, ...devices] = process.argv.slice(2);
const device = [devices[0], devices.at(-1)!] as const;
await using stream = await DuplexStream.open({ device, sampleRate: 48000, channels: 1, latency: 0.05 });
const sound = Float32Array.from({ length: 48000 }, (_, i) => 0.25 + (i % 97) / 200);
const results = [];
for (let round = 0; round < Number(rounds); round++) {
  const out = new Float32Array(48000);
  const running = stream.playrec(sound, { out, frames: 48000 });
  const at = 8000 + Math.round(Math.random() * 16000);
  while (stream.frameCount < at) await new Promise((resolve) => setTimeout(resolve, 1));
  const before = stream.frameCount;
  const cleared = stream.clear({ fade: 0.005 });
  const after = stream.frameCount;
  const { heard, dropped } = await cleared;
  await running;
  const [first, last] = [out.findIndex((sample) => sample !== 0), out.findLastIndex((sample) => sample !== 0)];
  const gap = out.subarray(first, last).includes(0);
  const { xruns, frameCount: frames } = stream;
  results.push({ before, after, heard, dropped, back: last + 1 - first, gap, xruns, frames });
}
console.log(JSON.stringify(results));
