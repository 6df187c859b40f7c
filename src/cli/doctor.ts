/** Checks an installation: versions, devices, and a loopback run. */
import { DuplexStream, formatDeviceList, queryDevices, versions } from "../../mod.ts";
import { chooseDevices } from "./device-choice.ts";
import { failureOf, failureText } from "./failure.ts";
import { decibels } from "./levels.ts";
import { analyseLoopback, type LoopbackResult, testSound } from "./loopback.ts";
import { framesOf, type Span } from "./numbers.ts";
import type { CommandLine, Settings } from "./settings.ts";
import { type Summary, summaryLines, summaryOf } from "./summary.ts";
import { UsageError } from "./usage-error.ts";

/** Seconds that the sound may take to come back. */
const patience = 1;
const defaultSeconds = 2;
const longest = 60;

interface Report {
  readonly stream: string;
  readonly latencySeconds: number;
  readonly result: LoopbackResult;
  readonly summary: Summary;
}

function lengthOf(duration: Span, sampleRate: number): number {
  const frames = framesOf(duration, sampleRate);
  if (frames > 0 && frames <= longest * sampleRate) return frames;
  throw new UsageError(`-d/--duration: the doctor listens for more than 0 and at most ${longest} seconds`);
}

/** Plays noise and records at the same time, in plain floating point. */
async function loopbackRun(settings: Settings): Promise<Report> {
  const { channels, latency, rate, blockSize, duration } = settings;
  const stream = await DuplexStream.open<"float32">({
    device: chooseDevices(settings, { playback: true, recording: true }),
    channels: [channels?.recording, channels?.playback],
    latency: [latency?.recording ?? "high", latency?.playback ?? "high"],
    dtype: "float32",
    sampleRate: rate,
    blockSize,
    clipOff: true,
    ditherOff: true,
  });
  try {
    const [inputs, outputs] = stream.channels;
    const frames = lengthOf(duration ?? { seconds: defaultSeconds }, stream.sampleRate);
    const played = testSound(frames, outputs);
    const recorded = await stream.playrec(played, { pad: Math.ceil(patience * stream.sampleRate) });
    const result = analyseLoopback(played, outputs, recorded, inputs);
    return {
      stream: String(stream),
      latencySeconds: result.latencyFrames / stream.sampleRate,
      result,
      summary: summaryOf(stream),
    };
  } finally {
    await stream.close();
  }
}

function milliseconds(seconds: number): string {
  return `${(seconds * 1000).toFixed(3)} ms`;
}

function reportLines({ stream, latencySeconds, result, summary }: Report): string[] {
  const { soundCameBack, latencyFrames, bitExact, largestDifference, lostFrames, addedFrames } = result;
  const { lateness, duration, count } = summary.callbacks;
  const quantiles = ({ p50, p99, max }: typeof lateness) =>
    `p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}, max ${milliseconds(max)}`;
  const exactness = bitExact ? "yes" : `no, the largest difference is ${decibels(largestDifference).toFixed(1)} dB`;
  const [total, ...glitches] = summaryLines(summary);
  return [
    stream,
    `sound came back      ${soundCameBack ? "yes" : "no: connect the output with the input, or use -D virtual"}`,
    ...(soundCameBack
      ? [
        `round-trip latency   ${milliseconds(latencySeconds)} (${latencyFrames} frames)`,
        `bit-exact            ${exactness}`,
        `lost, added frames   ${lostFrames}, ${addedFrames}`,
      ]
      : []),
    `run                  ${total}`,
    ...glitches,
    `callback lateness    ${quantiles(lateness)} (${count} callbacks)`,
    `callback duration    ${quantiles(duration)}`,
  ];
}

function versionLines({ pastream, native, portaudio, libsndfile, paths }: ReturnType<typeof versions>): string[] {
  const library = (name: string, version: string | null, path: string | null) =>
    `${name.padEnd(12)} ${version === null ? "not found" : `${version} (${path})`}`;
  return [
    `pastream     ${pastream}`,
    library("libpastream", native, paths.native),
    library("PortAudio", portaudio, paths.portaudio),
    library("libsndfile", libsndfile, paths.libsndfile),
  ];
}

/** Prints the report; 0 only if the sound came back. */
export async function doctor({ settings }: CommandLine): Promise<number> {
  const print = (heading: string, lines: readonly string[]) => {
    if (!settings.json) console.log([heading, ...lines.map((line) => `  ${line}`), ""].join("\n"));
  };
  const found = versions();
  print("Versions", versionLines(found));
  print("Devices", formatDeviceList().split("\n"));
  let report: Report | undefined;
  let failure: unknown;
  try {
    report = await loopbackRun(settings);
    print("Loopback", reportLines(report));
  } catch (error) {
    failure = error;
  }
  const exitCode = failure !== undefined ? failureOf(failure).exitCode : report?.result.soundCameBack ? 0 : 1;
  if (settings.json) {
    const error = failure === undefined ? null : { code: failureOf(failure).code, message: failureOf(failure).message };
    console.log(
      JSON.stringify({ versions: found, devices: queryDevices(), loopback: report ?? null, error, exitCode }, null, 2),
    );
  } else if (failure !== undefined) console.error(failureText(failure));
  return exitCode;
}
