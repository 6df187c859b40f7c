import { setTimeout } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";

function collector(): () => void {
  const bun = (globalThis as { Bun?: { gc(wait: boolean): void } }).Bun;
  if (bun) return () => bun.gc(true);
  v8.setFlagsFromString("--expose-gc");
  return vm.runInNewContext("gc");
}

const collect = collector();

/** Collects garbage, and lets finalizers run. */
export async function collectGarbage(): Promise<void> {
  await setTimeout(0);
  collect();
  await setTimeout(1);
}
