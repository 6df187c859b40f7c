/** Writes to standard output that do not lose their errors. */
import { writeSync } from "node:fs";
import { visible } from "./visible.ts";

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Writes all of a text. A write to a full non-blocking pipe is repeated until the pipe has room. */
export function writeText(text: string): void {
  const bytes = new TextEncoder().encode(visible(text));
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(1, bytes, done);
    } catch (error) {
      if ((error as { code?: string }).code !== "EAGAIN") throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}
