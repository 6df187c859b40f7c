// A worker's source: counts, sample by sample, until its stream ends or it has given context.data.frames frames.
import type { RingBuffer, Stream, TaskContext } from "../../mod.ts";

export default async function count(stream: Stream, ring: RingBuffer, { signal, data }: TaskContext): Promise<void> {
  const { frames = Infinity, first = 0 } = (data ?? {}) as { frames?: number; first?: number };
  const block = new Float32Array(512);
  for (let at = 0; !signal.aborted && at < frames;) {
    const wanted = Math.min(block.length, frames - at);
    for (let i = 0; i < wanted; i++) block[i] = (first + at + i) % 16384 / 16384;
    for (let done = 0; done < wanted && !signal.aborted;) {
      done += ring.write(block.subarray(done, wanted));
      if (done < wanted) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    at += wanted;
  }
  void stream;
}
