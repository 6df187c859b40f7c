/**
 * Plays a tone that a worker makes while it is played, so that it goes on when this thread is busy.
 * Usage: tone-in-worker.ts [device [seconds]]
 */
import { OutputStream } from "../mod.ts";
import { deviceAndSeconds } from "./lib/device.ts";

const { device, seconds } = deviceAndSeconds("output", 3);

await using stream = new OutputStream({ device, channels: 1 });
stream.setSource({ worker: new URL("./lib/tone.ts", import.meta.url), data: { frequency: 330 } });
await stream.start({ frames: Math.round(seconds * stream.sampleRate), prebuffer: 32768 });

const busyUntil = performance.now() + 1000 * seconds / 2;
while (performance.now() < busyUntil); // nothing of this thread's own could make sound now
console.log(`After being busy for ${seconds / 2} s: ${stream.xruns} glitches.`);
await stream.wait();
console.log(`Played ${stream.frameCount} frames of a tone with ${stream.xruns} glitches.`);
