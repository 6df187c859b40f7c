import { Buffer } from "node:buffer";
import { createRequire } from "node:module";
import { bytes, SAMPLE_RATE } from "./sound.mjs";

const { RtAudio, RtAudioFormat } = createRequire(import.meta.url)("audify");
const audio = new RtAudio();
const FRAMES = SAMPLE_RATE / 100;
const output = { deviceId: audio.getDefaultOutputDevice(), nChannels: 1, firstChannel: 0 };
let left = Math.ceil(bytes.length / (2 * FRAMES));
audio.openStream(output, null, RtAudioFormat.RTAUDIO_SINT16, SAMPLE_RATE, FRAMES, "peer", null, () => {
  if (--left === 0) audio.closeStream();
});
audio.start();
for (let at = 0; at < bytes.length; at += 2 * FRAMES) {
  const block = new Uint8Array(2 * FRAMES);
  block.set(bytes.subarray(at, at + block.length));
  audio.write(Buffer.from(block.buffer));
}
