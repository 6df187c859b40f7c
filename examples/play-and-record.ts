/**
 * Plays a sound file, padded with silence to ten seconds, and records what is heard meanwhile into
 * recorded-<seconds>s.wav. Usage: play-and-record.ts [device [seconds]]
 */
import { fileURLToPath } from "node:url";
import { DuplexStream, SoundFile } from "../mod.ts";
import { deviceAndSeconds } from "./lib/device.ts";

const { device, seconds } = deviceAndSeconds("duplex", 10);
const sample = fileURLToPath(new URL("./sample.wav", import.meta.url));

using playback = new SoundFile(sample);
await using stream = DuplexStream.fromFile(playback, { device });
using recording = stream.toFile(`recorded-${seconds}s.wav`);

// Exactly this many frames: what the file has, then silence.
const frames = Math.round(seconds * stream.sampleRate);
console.log(`Playing ${playback.frames} frames and recording ${frames} into ${recording.name} …`);
await stream.playrec(playback, { frames, pad: -1, out: recording });
console.log(`Recorded ${recording.frames} frames with ${stream.xruns} glitches.`);
