// Plays the samples that it is given, in pieces.
import type { TaskContext, TaskStream } from "../../mod.ts";

export default function* (_stream: TaskStream, _ring: unknown, { data }: TaskContext): Generator<Float32Array> {
  const samples = Float32Array.from(data as number[]);
  for (let at = 0; at < samples.length; at += 300) yield samples.slice(at, at + 300);
}
