/**
 * Records what is said and leaves out the silence: a file each time, which begins half a second before it was noticed.
 * Usage: voice-activity.ts [device [seconds [file to play meanwhile]]]; without seconds it ends with Ctrl-C.
 */
import process from "node:process";
import { chunks, SoundFile } from "pastream";

const [device, seconds = "-1", playback] = process.argv.slice(2);
const sampleRate = 16000;
const chunkSize = sampleRate / 50; // 20 ms
const preRoll = 25; // chunks: half a second
const hangover = 40; // chunks of silence that end a file
const above = 12; // dB by which speech is louder than the background

let background = -60; // dB: falls at once, rises by 2.5 dB a second
let silence = 0; // chunks since something was heard
let count = 0;
let file: SoundFile | undefined;
const before: Float32Array<ArrayBuffer>[] = [];

function finish(): void {
  console.log(`${file!.name}: ${(file!.frames / sampleRate).toFixed(2)} s`);
  file!.close();
  file = undefined;
}

const frames = Math.round(Number(seconds) * sampleRate);
const options = { device, sampleRate, channels: 1, chunkSize, frames, pad: -1 };
for await (const chunk of chunks({ ...options, ...(playback && { playback }) })) {
  const power = chunk.reduce((sum, sample) => sum + sample * sample, 0) / chunk.length;
  const level = Math.max(10 * Math.log10(power), -90);
  background = level < background ? level : background + 0.05;
  silence = level > Math.max(background + above, -55) ? 0 : silence + 1;
  if (!file && silence === 0) {
    file = new SoundFile(`speech-${++count}.wav`, "w", { sampleRate, channels: 1, subtype: "FLOAT" });
    for (const earlier of before.splice(0)) file.write(earlier);
  }
  if (file) {
    file.write(chunk);
    if (silence === hangover) finish();
  } else {
    before.push(chunk.slice());
    if (before.length > preRoll) before.shift();
  }
}
if (file) finish();
