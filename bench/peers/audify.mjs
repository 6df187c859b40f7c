import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { bytes, SAMPLE_RATE, samples } from "./sound.mjs";

const { RtAudio, RtAudioFormat } = createRequire(import.meta.url)("audify");
const audio = new RtAudio();
const FRAMES = SAMPLE_RATE / 100;
const output = { deviceId: audio.getDefaultOutputDevice(), nChannels: 1, firstChannel: 0 };
audio.openStream(output, null, RtAudioFormat.RTAUDIO_SINT16, SAMPLE_RATE, FRAMES, "peer", null, null);
audio.start();
for (let at = 0; at < bytes.length; at += 2 * FRAMES) {
  const block = new Uint8Array(2 * FRAMES);
  block.set(bytes.subarray(at, at + block.length));
  audio.write(Buffer.from(block.buffer));
}
await sleep(1000 * samples.length / SAMPLE_RATE + 500); // nothing tells of the end
process.exit();
