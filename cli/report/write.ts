/** Writes to stdout and stderr that do not lose their errors. */
import { writeSync } from "node:fs";

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of a text. Where a pipe is full, for its other end lets nobody wait, it tries again `attempts` times. */
export function writeText(descriptor: 1 | 2, text: string, attempts: number = Infinity): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length && attempts > 0;) {
    try {
      done += writeSync(descriptor, bytes, done);
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
      attempts--;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}
