/**
 * Shows the spectrum of the live input in the terminal, in chunks that overlap by half. Ends with Ctrl-C.
 * Usage: spectrum.ts [device [seconds]]. On the virtual device a tone is played, so that there is something to see.
 */
import process from "node:process";
import { DuplexStream, InputStream } from "../mod.ts";
import { deviceAndSeconds } from "./lib/device.ts";
import { spectrum } from "./lib/spectrum.ts";
import tone from "./lib/tone.ts";

const { device, seconds } = deviceAndSeconds("input", Infinity);
const chunkSize = 2048;
const columns = 64;
const bars = " ▁▂▃▄▅▆▇█";

await using stream = device === "virtual"
  ? new DuplexStream({ device, channels: 1 })
  : new InputStream({ device, channels: 1 });
if (stream instanceof DuplexStream) stream.setSource(tone);

/** A bar for each column, from -60 dB to full scale; the columns go from 30 Hz to half the sample rate. */
function draw(magnitudes: Float32Array): string {
  const lowest = 30 * chunkSize / stream.sampleRate;
  const edge = (column: number) => lowest * (magnitudes.length / lowest) ** (column / columns);
  return Array.from({ length: columns }, (_, column) => {
    const part = magnitudes.subarray(Math.floor(edge(column)), Math.ceil(edge(column + 1)));
    const decibels = 20 * Math.log10(Math.max(...part, 1e-9));
    return bars[Math.round(Math.min(Math.max(1 + decibels / 60, 0), 1) * (bars.length - 1))];
  }).join("");
}

const frames = seconds === Infinity ? -1 : Math.round(seconds * stream.sampleRate);
for await (const chunk of stream.chunks({ chunkSize, overlap: chunkSize / 2, frames })) {
  if (chunk.length < chunkSize) break; // the last one
  const magnitudes = spectrum(chunk);
  const loudest = magnitudes.indexOf(Math.max(...magnitudes));
  const line = `${draw(magnitudes)} ${(loudest * stream.sampleRate / chunkSize).toFixed(0).padStart(5)} Hz`;
  process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
}
if (process.stdout.isTTY) process.stdout.write("\n");
