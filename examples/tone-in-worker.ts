/**
 * Plays a tone that a worker makes while it is played, so that it goes on when this thread is busy. The worker runs
 * this same file. Usage: tone-in-worker.ts [device [seconds]]
 */
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { OutputStream, type RingBuffer, type TaskContext, type TaskStream } from "pastream";

/** What the worker does: it keeps the ring full until the stream ends. */
export default async function tone(stream: TaskStream, ring: RingBuffer, { signal, data }: TaskContext): Promise<void> {
  const step = 2 * Math.PI * (data as { hertz: number }).hertz / stream.sampleRate;
  const block = new Float32Array(1024);
  for (let frame = 0; !signal.aborted;) {
    if (ring.writeAvailable < block.length) {
      await setTimeout(10);
      continue;
    }
    for (let i = 0; i < block.length; i++) block[i] = 0.2 * Math.sin(step * frame++);
    ring.write(block);
  }
}

if (isMainThread) {
  const [device, seconds = "3"] = process.argv.slice(2);
  const stream = new OutputStream({ device, channels: 1 });
  stream.setSource({ worker: new URL(import.meta.url), data: { hertz: 330 } });
  await stream.start({ frames: Math.round(Number(seconds) * stream.sampleRate), prebuffer: 32768 });

  const busyUntil = performance.now() + 500 * Number(seconds);
  while (performance.now() < busyUntil); // nothing of this thread's own could make sound now
  console.log(`After being busy for half the time: ${stream.xruns} glitches.`);
  await stream.wait();
  console.log(`Played ${stream.frameCount} frames of a tone with ${stream.xruns} glitches.`);
  await stream.close();
}
