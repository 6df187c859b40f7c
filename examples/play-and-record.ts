/**
 * Plays a file, padded with silence to a length, and records into another one meanwhile. Usage: play-and-record.ts FILE
 * RECORDING [device [seconds]]
 */
import process from "node:process";
import { DuplexStream } from "pastream";

const [file, recording, device, seconds = "10"] = process.argv.slice(2);

const stream = DuplexStream.fromFile(file, { device });
try {
  const frames = Math.round(Number(seconds) * stream.sampleRate);
  const out = stream.toFile(recording);
  await stream.playrec(file, { out, frames, pad: -1 });
  out.close();
  console.log(`Recorded ${stream.frameCount} frames with ${stream.xruns} glitches.`);
} finally {
  await stream.close();
}
