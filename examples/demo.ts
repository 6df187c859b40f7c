/**
 * Plays a sound file through a full-duplex stream, records what comes back into another file, shows the levels while
 * it runs, and compares the two. Usage: demo.ts [device] — "virtual" is the built-in device, which loops back.
 */
import { relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { DuplexStream, PastreamError, queryDevice, readFile, type Stream } from "../mod.ts";
import { compare } from "./lib/compare.ts";
import { chooseDevice } from "./lib/device.ts";

const sample = fileURLToPath(new URL("./sample.wav", import.meta.url));
const recordingPath = "recorded.wav";
/** Seconds recorded after the last played frame: what was played takes a while to come back. */
const tail = 0.5;

const decibels = (level: number): string =>
  level > 0 ? `${(20 * Math.log10(level)).toFixed(1).padStart(5)} dB` : "  -inf dB";

/** A bar from -60 dB to full scale. */
function bar(level: number, width = 18): string {
  const filled = Math.round(Math.min(1, Math.max(0, 1 + 20 * Math.log10(level) / 60)) * width);
  return "█".repeat(filled) + "·".repeat(width - filled);
}

/** Shows the peaks since the last time: one line that is redrawn on a terminal, else line after line. */
function showLevels(stream: Stream): void {
  const { input, output } = stream.levels;
  const [recorded, played] = [input, output].map((levels) => Math.max(0, ...levels.map(({ peak }) => peak)));
  const seconds = (stream.frameCount / stream.sampleRate).toFixed(1).padStart(4);
  const line = `${seconds} s  played ${bar(played)} ${decibels(played)}  recorded ${bar(recorded)} ${
    decibels(recorded)
  }`;
  process.stdout.write(process.stdout.isTTY ? `\r${line}` : `${line}\n`);
}

async function demo(): Promise<boolean> {
  const device = chooseDevice("duplex", process.argv[2]);
  const played = await readFile(sample, { dtype: "float32" });
  const { sampleRate, channels } = played;
  const frames = played.samples.length / channels;

  await using stream = DuplexStream.fromFile(sample, { device });
  const [input, output] = stream.device.map((index) => queryDevice(index));
  const via = input.index === output.index ? output.name : `${output.name} → ${input.name}`;
  console.log(`Playing ${relative(".", sample)} on ${via} and recording to ${recordingPath}:`);

  const recording = stream.toFile(recordingPath, "w");
  await stream.playrec(sample, { out: recording, pad: Math.round(tail * sampleRate), blocking: false });
  while (!await stream.wait(process.stdout.isTTY ? 0.05 : 0.25)) showLevels(stream);
  recording.close();
  if (process.stdout.isTTY) process.stdout.write("\n");

  const recorded = await readFile(recordingPath, { dtype: "float32" });
  const recordedFrames = recorded.samples.length / recorded.channels;
  const length = (n: number, c: number) =>
    `${n} frames, ${(n / sampleRate).toFixed(2)} s, channels: ${c}, ${sampleRate} Hz`;
  console.log(`Played    ${length(frames, channels)}`);
  console.log(
    `Recorded  ${length(recordedFrames, recorded.channels)}${stream.xruns > 0 ? `, glitches: ${stream.xruns}` : ""}`,
  );
  if (recorded.channels !== channels) {
    console.log("Compared  not: the device records another number of channels than were played.");
    return true;
  }
  const { delay, different, correlation, gain } = compare(played.samples, recorded.samples, channels);
  const after = `${delay} frames (${(1000 * delay / sampleRate).toFixed(1)} ms) after they were played`;
  if (different === 0) {
    console.log(`Compared  all ${played.samples.length} samples came back equal, ${after}.`);
    return true;
  }
  const likeness = `${(100 * Math.abs(correlation)).toFixed(1)} %`;
  if (Math.abs(correlation) < 0.1) {
    console.log(
      `Compared  what was recorded is something else (likeness ${likeness}): does the output reach the input?`,
    );
  } else {
    const count = `${different} of ${played.samples.length} samples differ`;
    console.log(`Compared  ${count}, best aligned ${after}: likeness ${likeness}, level ${gain.toFixed(1)} dB.`);
  }
  // A real device goes through converters, and perhaps through air; the virtual one has no excuse.
  return output.hostApi !== "Virtual";
}

try {
  process.exitCode = await demo() ? 0 : 1;
} catch (error) {
  if (!(error instanceof PastreamError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
