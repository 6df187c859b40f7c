// A worker's sink: adds up what comes, and puts count and sum into the shared memory that it was given.
import type { RingBuffer, Stream, TaskContext } from "../../mod.ts";

export default async function collect(stream: Stream, ring: RingBuffer, { signal, data }: TaskContext): Promise<void> {
  const result = data as Float64Array;
  for (;;) {
    const ended = signal.aborted || !stream.active;
    const samples = new Int16Array(ring.readAvailable);
    const count = ring.readInto(samples);
    result[0] += count;
    for (let i = 0; i < count; i++) result[1] += samples[i];
    if (ended && count === 0) break;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  result[2] = stream.frameCount;
}
