import { LibraryNotFoundError } from "./errors.ts";
import { lazyFunctions } from "./lazy.ts";
import { builtin, isWorker, packageRequire, processRuntime } from "./process.ts";
import { importing, type Library, type Runtime, type Watch } from "./runtime.ts";
import type { Functions, Signature } from "./symbols.ts";

/** What is used of koffi. */
interface Koffi {
  load(path: string): { func(name: string, result: string, parameters: string[]): unknown };
  view(address: bigint, bytes: number): ArrayBuffer;
}

/** What is used of node:ffi. */
interface NodeFfi {
  dlopen(path: string, symbols: Record<string, { arguments: string[]; return: string }>): { functions: unknown };
  toArrayBuffer(address: bigint, bytes: number, copy: boolean): ArrayBuffer;
}

type Table = Readonly<Record<string, Signature>>;

const cTypes = { i32: "int32", f64: "double", buffer: "pointer" } as const;

function openWithKoffi(koffi: Koffi, path: string, table: Table): Library {
  const library = koffi.load(path);
  const functions = lazyFunctions(path, table, (name) => {
    const { parameters, result } = table[name];
    return library.func(name, cTypes[result], parameters.map((type) => type === "buffer" ? "void *" : cTypes[type]));
  });
  if (isWorker()) lookUpAll(functions, table);
  return {
    functions,
    view: (address, bytes) => koffi.view(BigInt(address), bytes),
    watch: (waker, woken) => watchSocket(functions.ps_waker_descriptor(waker), woken),
  };
}

/** koffi aborts the process if it looks a function up in a worker that is being terminated. */
function lookUpAll(functions: Functions, table: Table): void {
  try {
    for (const name in table) void functions[name as keyof Functions];
  } catch {
    // A library of another version, which its ABI version tells.
  }
}

function openWithNodeFfi(ffi: NodeFfi, path: string, table: Table): Library {
  const symbols = Object.entries(table).map(([name, { parameters, result }]) =>
    [name, { arguments: parameters.map((type) => cTypes[type]), return: cTypes[result] }] as const
  );
  const functions = ffi.dlopen(path, Object.fromEntries(symbols)).functions as Functions;
  return {
    functions,
    view: (address, bytes) => ffi.toArrayBuffer(BigInt(address), bytes, false),
    watch: (waker, woken) => watchSocket(functions.ps_waker_descriptor(waker), woken),
  };
}

function watchSocket(fd: number, woken: () => void): Watch | undefined {
  if (fd < 0) return undefined;
  const { Socket } = builtin("node:net") as typeof import("node:net");
  const watch = { works: true, keepsAlive: false, begin() {}, end() {} };
  const callback = () => {
    woken();
    return true;
  };
  // Its bytes are read into one small buffer, again and again.
  const options = { fd, readable: true, writable: false, onread: { buffer: new Uint8Array(16), callback } };
  const socket = new Socket(options);
  socket.on("error", () => {});
  socket.on("close", () => void (watch.works = false));
  socket.unref();
  return watch;
}

/** What is inside koffi: the module around that takes Node 10 ms to load. */
function insideKoffi(): Koffi | undefined {
  const { platform, arch } = globalThis.process;
  const { packageFile, usesMusl } = processRuntime();
  const built = `${usesMusl() ? "musl" : platform}_${arch}/koffi.node`;
  const path = packageFile(`@koromix/koffi-${platform}-${arch}`, built);
  const module: { exports: unknown } = { exports: {} };
  try {
    if (path === undefined) return undefined;
    globalThis.process.dlopen(module, path);
    return module.exports as Koffi;
  } catch {
    return undefined;
  }
}

/**
 * koffi comes first: a call with a buffer takes 100 ns, and 370 ns with node:ffi (Node 26.10), which is experimental
 * and prints a warning on stderr.
 */
function open(path: string, table: Table): Library {
  const require = packageRequire();
  let koffi: Koffi;
  try {
    koffi = insideKoffi() ?? require("koffi") as Koffi;
  } catch (cause) {
    let ffi: NodeFfi;
    try {
      ffi = require(["node", "ffi"].join(":")) as NodeFfi;
    } catch {
      const why = cause instanceof Error ? cause.message.split("\n")[0] : cause;
      const message = "Node calls C through the package koffi, which cannot be loaded. This installs it: " +
        `npm install koffi (Node 26 and newer can do without). ${why}`;
      throw new LibraryNotFoundError(message, [], { cause });
    }
    return openWithNodeFfi(ffi, path, table);
  }
  return openWithKoffi(koffi, path, table);
}

/**
 * In Node 20, tsx 4.23 runs TypeScript on the main thread only, although workers get the same options: it must be
 * registered in each worker.
 */
function workerEntry(module: URL): URL {
  const usesTsx = globalThis.process.execArgv.some((option) => /\btsx\b/.test(option));
  if (!usesTsx || !module.pathname.endsWith(".ts")) return module;
  try {
    // require() finds the CommonJS file, which does not work here; the module is in the same folder.
    const api = packageRequire().resolve("tsx/esm/api").replace(/\.cjs$/, ".mjs");
    const { pathToFileURL } = builtin("node:url") as typeof import("node:url");
    const register = `(await import(${JSON.stringify(pathToFileURL(api).href)})).register();`;
    return importing(module, register);
  } catch {
    return module;
  }
}

export function nodeRuntime(): Runtime {
  return { ...processRuntime(), open, workerEntry };
}
