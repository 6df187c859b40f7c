// Plays a file of 44.1 kHz, whose channels are alike, on the default device, or on the one that is named, while another
// stream records at 48 kHz. Usage: converted.ts FILE RECORDING DEVICE; prints rates and counts as JSON.
import process from "node:process";
import { InputStream, OutputStream, type SamplesOf, writeFile } from "../../mod.ts";

const [file, recording, name] = process.argv.slice(2);
const device = name === "default" ? undefined : name;
const latency = 0.3; // enough for a server without realtime priority on a busy machine
await using input = await InputStream.open({ device, channels: 2, sampleRate: 48000, latency });
await using output = OutputStream.fromFile(file, { device, latency });
const chunks: SamplesOf<"float32">[] = [];
let played: Promise<void> | undefined;
for await (const chunk of input.chunks({ chunkSize: 4800, frames: 5 * 48000 })) {
  chunks.push(chunk.slice());
  played ??= output.play(file);
}
await played;
const samples = new Float32Array(chunks.reduce((sum, { length }) => sum + length, 0));
let at = 0;
for (const chunk of chunks) {
  samples.set(chunk, at);
  at += chunk.length;
}
await writeFile(recording, samples, { sampleRate: 48000, channels: 2, subtype: "FLOAT" });
const { sampleRate, deviceRate, frameCount, xruns } = output;
console.log(JSON.stringify({ sampleRate, deviceRate, frameCount, xruns, text: String(output) }));
