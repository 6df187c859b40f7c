// A worker's sink: adds up what comes, and puts count and sum into the shared memory that it was given.
import type { RingBuffer, Stream, TaskContext } from "../../mod.ts";

export default async function collect(stream: Stream, ring: RingBuffer, { signal, data }: TaskContext): Promise<void> {
  const result = data as Int32Array;
  for (;;) {
    const ended = signal.aborted || !stream.active;
    const samples = new Int16Array(ring.readAvailable);
    const count = ring.readInto(samples);
    Atomics.add(result, 0, count);
    Atomics.add(result, 1, samples.subarray(0, count).reduce((sum, sample) => sum + sample, 0));
    if (ended && count === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  Atomics.store(result, 2, stream.frameCount);
}
