/** Checks an installation: versions, devices, and a loopback run. */
import {
  type Conversion,
  type DeviceInfo,
  DuplexStream,
  formatDeviceList,
  installHint,
  type LibraryOrigin,
  queryDevices,
  type SystemLibrary,
  type Versions,
  versions,
} from "../../mod.ts";
import { VERSION } from "../version.ts";
import { blame } from "../stream/blame.ts";
import { chooseDevices } from "../stream/device-choice.ts";
import { failureOf, failureText, isClosedPipe, oneLine } from "../report/failure.ts";
import { decibels } from "../report/levels.ts";
import * as stderr from "../report/stderr.ts";
import { analyseLoopback, type LoopbackResult, testSound } from "./loopback.ts";
import { sampleNotes } from "../options/notes.ts";
import { addSuggestion } from "../options/suggest.ts";
import { framesOf, type Span } from "../options/numbers.ts";
import type { CommandLine, Settings } from "../options/settings.ts";
import { type Summary, summaryLines, summaryOf } from "../report/summary.ts";
import { UsageError } from "../options/usage-error.ts";
import { writeText } from "../report/write.ts";

/** Seconds that the sound may take to come back. */
const PATIENCE = 1;
const DEFAULT_SECONDS = 2;
const LONGEST = 60;

interface Report {
  readonly stream: string;
  readonly conversions: readonly Conversion[];
  readonly latencySeconds: number;
  readonly result: LoopbackResult;
  readonly summary: Summary;
}

function lengthOf(duration: Span, sampleRate: number): number {
  const frames = framesOf(duration, sampleRate);
  if (frames > 0 && frames <= LONGEST * sampleRate) return frames;
  throw new UsageError(`-d/--duration: the doctor listens for more than 0 and at most ${LONGEST} seconds`);
}

/** Plays noise and records at the same time, in float32. */
async function loopbackRun(settings: Settings): Promise<Report> {
  const { channels, latency, rate, deviceRate, noConvert, blockSize, duration } = settings;
  const stream = await DuplexStream.open<"float32">({
    device: chooseDevices(settings, { playback: true, recording: true }),
    channels: [channels?.recording, channels?.playback],
    latency: [latency?.recording ?? "high", latency?.playback ?? "high"],
    dtype: "float32",
    sampleRate: rate,
    deviceRate,
    conversion: noConvert ? "never" : "auto",
    blockSize,
    clipOff: true,
    ditherOff: true,
  });
  try {
    const [inputs, outputs] = stream.channels;
    const frames = lengthOf(duration ?? { seconds: DEFAULT_SECONDS }, stream.sampleRate);
    const played = testSound(frames, outputs);
    const recorded = await stream.playrec(played, { pad: Math.ceil(PATIENCE * stream.sampleRate) });
    const result = analyseLoopback(played, outputs, recorded, inputs);
    return {
      stream: String(stream),
      conversions: stream.conversions,
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

const reasons: Readonly<Record<LibraryOrigin, string>> = {
  named: "named by PASTREAM_PORTAUDIO, PASTREAM_SNDFILE or loadLibrary()",
  system: "the system's",
  bundle: "comes with pastream",
};

function versionLines({ native, portaudio, libsndfile, paths, origins }: Versions): string[] {
  const library = (name: string, found: string) => `${name.padEnd(12)} ${found}`;
  const orHint = (name: SystemLibrary, version: string | null) =>
    version === null
      ? oneLine(`not found; ${installHint(name)}`)
      : `${version} (${paths[name]}; ${reasons[origins[name]!]})`;
  return [
    library("libpastream", `${native} (${paths.native})`),
    library("PortAudio", orHint("portaudio", portaudio)),
    library("libsndfile", orHint("libsndfile", libsndfile)),
  ];
}

/** Prints the report, as far as it gets; 0 only if the sound came back. */
export async function doctor({ settings }: CommandLine): Promise<number> {
  const print = (text: string) => {
    if (!settings.json) writeText(`${text}\n`);
  };
  const found: { versions: Versions | null; devices: DeviceInfo[]; loopback: Report | null } = {
    versions: null,
    devices: [],
    loopback: null,
  };
  const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}\n`).join("");
  let failure: ReturnType<typeof failureOf> | undefined;
  if (!settings.json && !settings.quiet) {
    for (const text of sampleNotes(settings)) stderr.line(`pastream: ${text}`);
  }
  try {
    print(`Versions\n  pastream     ${VERSION}`);
    found.versions = versions();
    print(indented(versionLines(found.versions)));
    found.devices = queryDevices();
    print(`Devices\n${indented(formatDeviceList(found.devices).split("\n"))}`);
    found.loopback = await loopbackRun(settings);
    print(`Loopback\n${indented(reportLines(found.loopback))}`);
  } catch (thrown) {
    if (isClosedPipe(thrown)) throw thrown;
    const error = blame(thrown, settings);
    await addSuggestion(error);
    failure = failureOf(error);
    if (!settings.json) stderr.line(failureText(error));
  }
  const exitCode = failure?.exitCode ?? (found.loopback?.result.soundCameBack ? 0 : 1);
  if (settings.json) {
    const error = failure ? { code: failure.code, message: failure.message } : null;
    writeText(`${JSON.stringify({ ...found, error, exitCode }, null, 2)}\n`);
  }
  return exitCode;
}
