import { packageRequire, processRuntime } from "./process.ts";
import type { Library, Runtime } from "./runtime.ts";
import type { Functions, Signature } from "./symbols.ts";

/** What is used of bun:ffi. */
interface BunFfi {
  dlopen(path: string, symbols: Record<string, { args: string[]; returns: string }>): { symbols: unknown };
  toArrayBuffer(address: number, offset: number, bytes: number): ArrayBuffer;
}

function open(path: string, table: Readonly<Record<string, Signature>>): Library {
  // Built at run time: packers and other runtimes fail on the literal name.
  const ffi = packageRequire()(["bun", "ffi"].join(":")) as BunFfi;
  const symbols = Object.entries(table).map(([name, { parameters, result }]) =>
    [name, { args: parameters.map((type) => type === "buffer" ? "ptr" : type), returns: result }] as const
  );
  return {
    functions: ffi.dlopen(path, Object.fromEntries(symbols)).symbols as Functions,
    view: (address, bytes) => ffi.toArrayBuffer(address, 0, bytes),
  };
}

export function bunRuntime(): Runtime {
  return { ...processRuntime(), open };
}
