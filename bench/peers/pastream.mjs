import { play } from "pastream";
import { SAMPLE_RATE, samples } from "./sound.mjs";

await play(samples, { sampleRate: SAMPLE_RATE });
