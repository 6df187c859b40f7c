import { runtime } from "../../ffi/load.ts";
import type { Timers } from "../../ffi/runtime.ts";

let found: Timers | undefined;

/** Timers that are objects with ref(), unref() and refresh(). Looked for at the first use, not when this is loaded. */
export function timers(): Timers {
  return found ??= runtime.timers();
}
