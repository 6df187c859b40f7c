// A tone, as a function that fills the ring of a mono stream: a source here, or, as the default export, in a worker.
import { setTimeout } from "node:timers/promises";
import type { RingBuffer, TaskContext, TaskStream } from "../../mod.ts";

/** Plays a sine of context.data.frequency Hz (default 440) until the stream ends. */
export default async function tone(stream: TaskStream, ring: RingBuffer, { signal, data }: TaskContext): Promise<void> {
  const { frequency = 440 } = (data ?? {}) as { frequency?: number };
  const step = 2 * Math.PI * frequency / stream.sampleRate;
  const block = new Float32Array(1024);
  for (let frame = 0; !signal.aborted;) {
    if (ring.writeAvailable < block.length) {
      await setTimeout(10);
      continue;
    }
    for (let i = 0; i < block.length; i++, frame++) block[i] = 0.2 * Math.sin(step * frame);
    ring.write(block);
  }
}
