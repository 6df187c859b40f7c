/** Plays what comes in, as soon as it can. Mind the feedback. Usage: wire.ts [device [seconds]] */
import process from "node:process";
import { DuplexStream, RingBuffer } from "pastream";

const [device, seconds = "10"] = process.argv.slice(2);
const blockSize = 256;

const stream = new DuplexStream({ device, channels: 1, blockSize, latency: "low" });
const ring = new RingBuffer(stream.sampleSize[1], 16384);
ring.write(new Float32Array(8 * blockSize)); // what may be late: 43 ms at 48 kHz
stream.setSource(ring);

const frames = Math.round(Number(seconds) * stream.sampleRate);
for await (const chunk of stream.chunks({ chunkSize: blockSize, frames, pad: -1 })) ring.write(chunk);
console.log(`Passed on ${stream.frameCount} frames with ${stream.xruns} glitches.`);
await stream.close();
ring.close();
