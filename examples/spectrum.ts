/**
 * Shows the spectrum of the live input in the terminal, in chunks that overlap by half. Usage: spectrum.ts [device
 * [seconds [file to play meanwhile]]]; without seconds it ends with Ctrl-C.
 */
import process from "node:process";
import { chunks } from "pastream";

const [device, seconds = "-1", playback] = process.argv.slice(2);
const sampleRate = 48000;
const chunkSize = 2048; // a power of 2
const columns = 64;
const bars = " ▁▂▃▄▅▆▇█";

/** The magnitude of each frequency; bin k stands for k / chunkSize of the sample rate. A sine of amplitude 1 has 1. */
function magnitudes(samples: Float32Array): Float32Array {
  const size = samples.length;
  const [real, imaginary] = [new Float32Array(size), new Float32Array(size)];
  const bits = Math.log2(size);
  for (let i = 0; i < size; i++) {
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) reversed |= (i >> bit & 1) << (bits - 1 - bit);
    real[reversed] = samples[i] * (0.5 - 0.5 * Math.cos(2 * Math.PI * i / size));
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [Math.cos(Math.PI * k / half), -Math.sin(Math.PI * k / half)];
      for (let i = k; i < size; i += 2 * half) {
        const re = real[i + half] * cos - imaginary[i + half] * sin;
        const im = real[i + half] * sin + imaginary[i + half] * cos;
        [real[i + half], imaginary[i + half]] = [real[i] - re, imaginary[i] - im];
        [real[i], imaginary[i]] = [real[i] + re, imaginary[i] + im];
      }
    }
  }
  return Float32Array.from({ length: size / 2 }, (_, k) => 4 * Math.hypot(real[k], imaginary[k]) / size);
}

/** A bar for each column, from -60 dB to full scale; the columns go from 30 Hz to half the sample rate. */
function draw(spectrum: Float32Array): string {
  const lowest = 30 * chunkSize / sampleRate;
  const edge = (column: number) => lowest * (spectrum.length / lowest) ** (column / columns);
  return Array.from({ length: columns }, (_, column) => {
    const part = spectrum.subarray(Math.floor(edge(column)), Math.ceil(edge(column + 1)));
    const decibels = 20 * Math.log10(Math.max(...part, 1e-9));
    return bars[Math.round(Math.min(Math.max(1 + decibels / 60, 0), 1) * (bars.length - 1))];
  }).join("");
}

const frames = Math.round(Number(seconds) * sampleRate);
const options = { device, sampleRate, channels: 1, chunkSize, overlap: chunkSize / 2, frames, pad: -1 };
for await (const chunk of chunks({ ...options, ...(playback && { playback }) })) {
  if (chunk.length < chunkSize) break; // the last one
  const spectrum = magnitudes(chunk);
  const loudest = spectrum.indexOf(Math.max(...spectrum)) * sampleRate / chunkSize;
  const line = `${draw(spectrum)} ${loudest.toFixed(0).padStart(5)} Hz`;
  process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
}
