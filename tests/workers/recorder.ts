// Plays a ramp and records what comes back into a file, until the worker ends in one way or another.
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { DuplexStream, RingBuffer, SoundFile } from "../../mod.ts";

const { path, how } = workerData as { path: string; how: string };
const stream = new DuplexStream({ device: "virtual", channels: 1, dtype: "int16", blockSize: 480 });
stream.setSource(Int16Array.from({ length: 480000 }, (_, i) => i));
stream.setSink(stream.toFile(path));
new RingBuffer(4, 1024); // never closed
new SoundFile(path.replace(".flac", "-unused.wav"), "w", { sampleRate: 48000, channels: 1 });
await stream.start();
while (stream.frameCount < 4800) await new Promise((resolve) => setTimeout(resolve, 1));
parentPort!.postMessage("recording");
if (how === "exit") process.exit(0);
if (how === "throw") {
  setTimeout(() => {
    throw new Error("bug in the worker");
  });
}
setInterval(() => {}, 1000);
