/**
 * Records a call into one file: the microphone on the left, what the loudspeakers play on the right. Usage: meeting.ts
 * [FILE [seconds [microphone]]]; without seconds it ends with Ctrl-C.
 */
import process from "node:process";
import { InputStream, interleave, SoundFile } from "pastream";

const [name = "meeting.flac", seconds = "-1", microphone] = process.argv.slice(2);
const sampleRate = 48000;

const near = new InputStream({ device: microphone, sampleRate, channels: 1 });
const far = new InputStream({ device: "loopback", sampleRate, channels: 1 });
process.on("SIGINT", () => Promise.all([near.stop(), far.stop()]));

const options = { chunkSize: sampleRate / 10, frames: Math.round(Number(seconds) * sampleRate) };
const [left, right] = [near.chunks(options), far.chunks(options)];
const file = new SoundFile(name, "w", { sampleRate, channels: 2 });
while (true) {
  const [a, b] = await Promise.all([left.next(), right.next()]);
  if (a.done || b.done) break;
  const frames = Math.min(a.value.length, b.value.length); // of the last chunks one may be shorter
  file.write(interleave([a.value.subarray(0, frames), b.value.subarray(0, frames)]));
}
console.log(`${name}: ${(file.frames / sampleRate).toFixed(2)} s`);
file.close();
await Promise.all([near.close(), far.close()]);
