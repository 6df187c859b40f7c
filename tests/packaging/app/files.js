// Sound files of every kind that the bundle brings a codec for, written and read again. Its last word is "whole".
import assert from "node:assert/strict";
import { readFile, writeFile } from "pastream";

const rate = 48000;
const tone = Float32Array.from({ length: rate }, (_, i) => 0.5 * Math.sin(2 * Math.PI * 440 * i / rate));

/** The root of the mean square of the difference, at the shift where it is least: codecs delay the sound. */
function difference(read) {
  let least = Infinity;
  for (let shift = -3000; shift <= 3000; shift++) {
    let sum = 0;
    for (let i = 10000; i < 11000; i++) sum += (read[i + shift] - tone[i]) ** 2;
    least = Math.min(least, Math.sqrt(sum / 1000));
  }
  return least;
}

for (const [name, bound] of [["a.wav", 1e-4], ["a.flac", 1e-4], ["a.mp3", 0.02], ["a.ogg", 0.02], ["a.opus", 0.02]]) {
  await writeFile(name, tone, { sampleRate: rate, channels: 1 });
  const { samples, sampleRate } = await readFile(name, { dtype: "float32" });
  assert.equal(sampleRate, rate, name);
  assert.ok(samples.length >= rate && samples.length < rate + 4000, `${name}: ${samples.length} frames`);
  const rms = difference(samples);
  assert.ok(rms <= bound, `${name} differs by ${rms}`);
}
console.log("whole");
