import { createRequire } from "node:module";
import { bytes, SAMPLE_RATE } from "./sound.mjs";

const { AudioIO, SampleFormat16Bit } = createRequire(import.meta.url)("naudiodon");
const output = new AudioIO({
  outOptions: { channelCount: 1, sampleFormat: SampleFormat16Bit, sampleRate: SAMPLE_RATE },
});
output.start();
output.end(bytes);
