/** Plays a tone that a function makes while it is played. Usage: tone.ts [device [seconds [hertz]]] */
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { OutputStream } from "pastream";

const [device, seconds = "3", hertz = "440"] = process.argv.slice(2);

const stream = new OutputStream({ device, channels: 1 });
stream.setSource(async ({ sampleRate }, ring, { signal }) => {
  const step = 2 * Math.PI * Number(hertz) / sampleRate;
  const block = new Float32Array(1024);
  for (let frame = 0; !signal.aborted;) {
    if (ring.writeAvailable < block.length) {
      await setTimeout(10);
      continue;
    }
    for (let i = 0; i < block.length; i++) block[i] = 0.2 * Math.sin(step * frame++);
    ring.write(block);
  }
});
await stream.start({ frames: Math.round(Number(seconds) * stream.sampleRate) });
await stream.wait();
console.log(`Played ${stream.frameCount} frames of a tone with ${stream.xruns} glitches.`);
await stream.close();
