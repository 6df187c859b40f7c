/**
 * Measures how long a sound takes to the loudspeaker and back through the microphone. Connect output and input, or turn
 * the volume up. Usage: latency.ts [device [low | high | seconds]]
 */
import process from "node:process";
import { DuplexStream } from "pastream";

const [device, wish = "high"] = process.argv.slice(2);
const latency = wish === "low" || wish === "high" ? wish : Number(wish);

const stream = new DuplexStream({ device, channels: 1, latency });
const { sampleRate } = stream;
// Noise is like itself at one place only.
const noise = Float32Array.from({ length: sampleRate / 20 }, () => Math.random() - 0.5);
const recorded = await stream.playrec(noise, { pad: sampleRate });
await stream.close();

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

let [delay, most] = [0, 0];
for (let at = 0; at + noise.length <= recorded.length; at++) {
  const likeness = Math.abs(product(noise, recorded.subarray(at)));
  if (likeness > most) [delay, most] = [at, likeness];
}
const echo = recorded.subarray(delay, delay + noise.length);
if (most > 0.3 * Math.sqrt(product(noise, noise) * product(echo, echo))) {
  const [input, output] = stream.latency.map((seconds) => (seconds * 1000).toFixed(1));
  console.log(`Round trip: ${delay} frames, ${(delay / sampleRate * 1000).toFixed(1)} ms.`);
  console.log(`The device says: ${input} ms for the input, ${output} ms for the output.`);
} else {
  console.log("The sound did not come back.");
  process.exitCode = 1;
}
