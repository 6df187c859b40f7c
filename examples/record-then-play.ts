/** Records the microphone, then plays what was recorded. Usage: record-then-play.ts [device [seconds]] */
import process from "node:process";
import { play, record } from "pastream";

const [device, seconds = "1"] = process.argv.slice(2);
const sampleRate = 48000;

console.log(`Recording ${seconds} s …`);
const samples = await record(Math.round(Number(seconds) * sampleRate), { device, sampleRate, channels: 1 });
const peak = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
console.log(`Recorded ${samples.length} frames, the loudest sample is ${peak.toFixed(3)}. Playing …`);
await play(samples, { device, sampleRate });
