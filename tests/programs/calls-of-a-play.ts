// Plays a moment of silence from memory, and prints the names of the C functions that were called.
import { play } from "../../mod.ts";
import { takeNativeCalls } from "../helpers/native-calls.ts";

await play(new Float32Array(100), { device: "virtual", channels: 1, sampleRate: 48000 });
console.log(JSON.stringify([...takeNativeCalls().keys()]));
