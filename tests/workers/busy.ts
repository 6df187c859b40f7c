// A worker's source or sink that never gives its event loop a turn. At its end it leaves the frames that it has moved.
import type { RingBuffer, Stream, TaskContext } from "../../mod.ts";

export default function busy(_stream: Stream, ring: RingBuffer, { signal, data }: TaskContext): void {
  const { left, sink = false } = data as { left: Int32Array; sink?: boolean };
  const block = new Float32Array(256);
  const clock = new Int32Array(new SharedArrayBuffer(4));
  let moved = 0;
  for (let count = 1, ended = false; count > 0 || !ended;) {
    ended = signal.aborted; // before moving: what came before the end is then moved
    count = sink ? ring.readInto(block) : ended ? 0 : ring.write(block);
    moved += count;
    if (count === 0) Atomics.wait(clock, 0, 0, 2);
  }
  Atomics.store(left, 0, moved);
}
