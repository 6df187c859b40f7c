import { peer, SAMPLE_RATE, samples } from "./sound.mjs";

const { AudioContext } = await peer("node-web-audio-api");
const context = new AudioContext({ sampleRate: SAMPLE_RATE });
const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE);
buffer.copyToChannel(samples, 0);
const source = context.createBufferSource();
source.buffer = buffer;
source.connect(context.destination);
source.onended = () => context.close();
source.start();
