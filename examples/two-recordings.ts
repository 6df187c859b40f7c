/**
 * Records into a FLAC at 48 kHz and a WAV at 16 kHz, as speech recognition wants it, in one run, and watches the level
 * meanwhile. Usage: two-recordings.ts [music file [speech file [seconds [device]]]]; without seconds it ends with
 * Ctrl-C.
 */
import process from "node:process";
import { InputStream, SoundFile } from "pastream";

const [music = "music.flac", speech = "speech.wav", seconds = "-1", device] = process.argv.slice(2);

await using stream = await InputStream.open({ device, sampleRate: 48000, channels: 2 });
process.on("SIGINT", () => stream.stop());
using large = stream.toFile(music);
using small = new SoundFile(speech, "w", { sampleRate: 16000, channels: 1 });
stream.setSink(large); // file threads write both: this program may be as busy as it likes
const tap = stream.addSink(small);

const frames = Math.round(Number(seconds) * stream.sampleRate);
for await (const chunk of stream.chunks({ sampleRate: 16000, channels: 1, chunkSize: 8000, frames })) {
  const peak = chunk.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  console.log(`${(stream.chunkFrame / 16000).toFixed(1).padStart(6)} s  ${"#".repeat(Math.round(60 * peak))}`);
}
await tap.remove();
console.log(`${music}: ${large.frames} frames, ${speech}: ${small.frames} frames.`);
