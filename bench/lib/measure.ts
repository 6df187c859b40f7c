// What benchmarks have in common. Linux only: the numbers are those of JavaScript's own thread.
import { readFileSync } from "node:fs";
import process from "node:process";
import { readArguments, refuseArguments } from "../../scripts/lib/arguments.mjs";

/** The numbers that a benchmark is called with; `defaults` for those that are left out. --help prints its head. */
export function readNumbers(meta: ImportMeta, ...defaults: number[]): number[] {
  const { positionals } = readArguments(meta, { allowPositionals: true });
  const wrong = positionals.find((word, i) => i >= defaults.length || !(Number(word) > 0));
  if (wrong !== undefined) refuseArguments(meta, `${wrong} is not one of ${defaults.length} numbers above 0`);
  return defaults.map((number, i) => i < positionals.length ? Number(positionals[i]) : number);
}

const own = (file: string) => readFileSync(`/proc/self/task/${process.pid}/${file}`, "utf8");

/** Nanoseconds that this thread has run so far. */
export const threadTime = (): number => Number(own("schedstat").split(" ")[0]);

/** How often this thread has waited so far. */
export const threadWaits = (): number => Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(own("status"))![1]);

/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(Math.floor(values.length * share), values.length - 1)];
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** Milliseconds of processor time that a call takes in all threads of this process, and that pass meanwhile. */
export async function costOf(work: () => unknown): Promise<Cost> {
  const used = process.cpuUsage();
  const begun = performance.now();
  await work();
  const passed = performance.now() - begun;
  const { user, system } = process.cpuUsage(used);
  return { used: (user + system) / 1000, passed };
}

export interface Cost {
  readonly used: number;
  readonly passed: number;
}

/**
 * Prints a table in Markdown, which bench/run.mjs reads, too: the columns' names behind that of the first, and rows
 * that begin with a name. A column "target" is the same on all runtimes.
 */
export function printTable(
  name: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): void {
  const text = (cell: string | number) => String(cell).replaceAll("|", "/");
  const line = (cells: readonly (string | number)[]) => console.log(`| ${cells.map(text).join(" | ")} |`);
  line([name, ...columns]);
  line(["---", ...columns.map(() => "--:")]);
  rows.forEach(line);
  console.log();
}
