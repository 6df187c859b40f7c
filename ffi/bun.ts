import { packageRequire, processRuntime } from "./process.ts";
import type { Library, Runtime, Watch } from "./runtime.ts";
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
  const functions = ffi.dlopen(path, Object.fromEntries(symbols)).symbols as Functions;
  return {
    functions,
    view: (address, bytes) => ffi.toArrayBuffer(address, 0, bytes),
    watch: (waker, woken) => watchSocket(functions.ps_waker_descriptor(waker), woken),
  };
}

/** What is used of Bun. Of its sockets: those of node:net get nothing from a descriptor (Bun 1.4.5). */
interface Bun {
  readonly isMainThread: boolean;
  connect(options: {
    fd: number;
    socket: { open(socket: { unref(): void }): void; data(): void; error(): void; close(): void };
  }): Promise<unknown>;
}

const { Bun } = globalThis as unknown as { Bun: Bun };

function watchSocket(fd: number, woken: () => void): Watch | undefined {
  if (fd < 0) return undefined;
  const watch = { works: true, keepsAlive: false, begin() {}, end() {} };
  const fail = () => void (watch.works = false);
  Bun.connect({ fd, socket: { open: (socket) => socket.unref(), data: woken, error: fail, close: fail } }).catch(fail);
  return watch;
}

export function bunRuntime(): Runtime {
  // node:worker_threads, which says so as well, takes 5 ms to load.
  return { ...processRuntime(), open, isWorker: () => !Bun.isMainThread };
}
