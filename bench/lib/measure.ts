// What benchmarks have in common. Linux only: the numbers are those of JavaScript's own thread.
import { readFileSync } from "node:fs";
import process from "node:process";

const own = (file: string) => readFileSync(`/proc/self/task/${process.pid}/${file}`, "utf8");

/** Nanoseconds that this thread has run so far. */
export const threadTime = (): number => Number(own("schedstat").split(" ")[0]);

/** How often this thread has waited so far. */
export const threadWaits = (): number => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(own("status"))![1]);

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(Math.floor(values.length * share), values.length - 1)];
}
