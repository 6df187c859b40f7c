/** Draws the waveform of a sound file as SVG, a lane for each channel. Usage: plot.ts FILE [PICTURE.svg] */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { deinterleave, readFile } from "pastream";

const [file, picture = `${file}.svg`] = process.argv.slice(2);
const width = 1200;
const lane = 160;

const { samples, channels, sampleRate } = await readFile(file);
const seconds = samples.length / channels / sampleRate;

/** A vertical line for each pixel, from the smallest to the largest sample behind it. */
function path(samples: Float32Array, middle: number): string {
  const lines: string[] = [];
  for (let x = 0; x < width; x++) {
    const part = samples.subarray(x * samples.length / width, (x + 1) * samples.length / width);
    let [low, high] = [Infinity, -Infinity];
    for (const sample of part) [low, high] = [Math.min(low, sample), Math.max(high, sample)];
    const y = (sample: number) => (middle - sample * lane * 0.45).toFixed(1);
    if (part.length > 0) lines.push(`M${x + 0.5} ${y(high)}V${y(low)}`);
  }
  return lines.join("");
}

const paths = deinterleave(samples, channels).map((samples, channel) => {
  const middle = lane * (channel + 0.5);
  return `<path d="M0 ${middle}H${width}" stroke="#ccc"/><path d="${path(samples, middle)}" stroke="#06c"/>`;
});
writeFileSync(
  picture,
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${lane * channels}" fill="none" stroke-linecap="round">
<title>${channels} channels, ${seconds.toFixed(2)} s</title>
${paths.join("\n")}
</svg>
`,
);
console.log(`${picture}: ${seconds.toFixed(2)} s of ${channels} channels`);
