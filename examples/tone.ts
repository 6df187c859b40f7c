/** Plays a tone that a function makes while it is played. Usage: tone.ts [device [seconds]] */
import { OutputStream } from "../mod.ts";
import { deviceAndSeconds } from "./lib/device.ts";
import tone from "./lib/tone.ts";

const { device, seconds } = deviceAndSeconds("output", 3);

await using stream = new OutputStream({ device, channels: 1 });
stream.setSource(tone);
await stream.start({ frames: Math.round(seconds * stream.sampleRate) });
await stream.wait();
console.log(`Played ${stream.frameCount} frames of a tone with ${stream.xruns} glitches.`);
