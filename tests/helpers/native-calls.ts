// Counts and watches what is called of the C library. Import it before anything has called that.
import { runtime } from "../../ffi/load.ts";
import type { Functions } from "../../ffi/symbols.ts";

const counts = new Map<string, number>();
let watcher = (_name: string, _args: unknown[], _result: number): void => {};

const { open } = runtime;
runtime.open = (path, table) => {
  const opened = open(path, table);
  // Their names are those of the table: an adapter may look each function up when it is first called.
  const functions = opened.functions as unknown as Record<string, (...args: unknown[]) => number>;
  const counted = Object.keys(table).map((name) => [
    name,
    (...args: unknown[]) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      const result = functions[name]!(...args);
      watcher(name, args, result);
      return result;
    },
  ]);
  return { ...opened, functions: Object.fromEntries(counted) as Functions };
};

/** The calls of each function since this was last called. */
export function takeNativeCalls(): Map<string, number> {
  const taken = new Map(counts);
  counts.clear();
  return taken;
}

/** From now on `watch` is called after each call. */
export function watchNativeCalls(watch: typeof watcher): void {
  watcher = watch;
}

/** How many they are together. */
export function total(calls: Map<string, number>): number {
  return [...calls.values()].reduce((sum, count) => sum + count, 0);
}
