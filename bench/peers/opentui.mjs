import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { peer, SAMPLE_RATE, samples, wav } from "./sound.mjs";

const { setupAudio } = await peer("@opentui/core");
const audio = await setupAudio({ autoStart: true, sampleRate: SAMPLE_RATE, playbackChannels: 1 });
audio.play(audio.loadSound(wav()));
await sleep(1000 * samples.length / SAMPLE_RATE + 500); // nothing tells of a sound's end
process.exit();
