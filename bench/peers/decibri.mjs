import { bytes, peer, SAMPLE_RATE } from "./sound.mjs";

const { Speaker } = await peer("decibri");
new Speaker({ sampleRate: SAMPLE_RATE, channels: 1 }).end(bytes);
