import { bytes, peer, SAMPLE_RATE } from "./sound.mjs";

const { default: Speaker } = await peer("@audio/speaker/stream");
new Speaker({ sampleRate: SAMPLE_RATE, channels: 1, bitDepth: 16 }).end(bytes);
