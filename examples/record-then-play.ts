/** Records a second, then plays it. Usage: record-then-play.ts [device [seconds]] */
import { InputStream, OutputStream } from "../mod.ts";
import { deviceAndSeconds } from "./lib/device.ts";

const { device, seconds } = deviceAndSeconds("duplex", 1);

await using input = new InputStream({ device, channels: 1 });
console.log(`Recording ${seconds} s …`);
const samples = await input.record(Math.round(seconds * input.sampleRate));
const peak = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
console.log(`Recorded ${samples.length} frames, the loudest sample is ${peak.toFixed(3)}. Playing …`);

await using output = new OutputStream({ device, channels: 1, sampleRate: input.sampleRate });
await output.play(samples);
console.log(`Played ${output.frameCount} frames.`);
