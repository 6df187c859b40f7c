// A worker's source that fails in the way it is told to.
import { BufferEmptyError, type RingBuffer, type Stream, type TaskContext } from "../../mod.ts";

export default async function fail(_stream: Stream, ring: RingBuffer, { data }: TaskContext): Promise<void> {
  if (data === "at once") throw new RangeError("at once");
  ring.write(new Float32Array(100));
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (data === "coded") throw new BufferEmptyError("coded");
  if (data === "uncloneable") throw { toString: () => "uncloneable", function: () => {} };
  if (data === "exit") process.exit(3);
}
