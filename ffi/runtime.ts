import type { PrebuiltFile } from "./prebuilt.ts";
import type { Functions, Signature } from "./symbols.ts";

/** An open libpastream. */
export interface Library {
  readonly functions: Functions;
  /** A view on native memory. It does not keep that memory alive. */
  view(address: number, bytes: number): ArrayBuffer;
  /** How this thread's event loop calls `woken` when a waker of the library's is woken; undefined where it cannot. */
  watch(waker: number, woken: () => void): Watch | undefined;
}

/** An event loop's side of a waker. */
export interface Watch {
  /** Whether it works. That it does not may turn out late. */
  readonly works: boolean;
  /** Whether it keeps the process alive between begin() and end(). */
  readonly keepsAlive: boolean;
  /** Somebody waits. */
  begin(): void;
  /** Nobody waits any more. */
  end(): void;
}

/** A module, as an address, that imports another one after `first` has run. */
export function importing(module: URL, first = ""): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(`${first}await import(${JSON.stringify(module.href)});`)}`);
}

/** A file's path from its URL; undefined for a URL of another kind. */
export function pathOf(url: URL, platform: string): string | undefined {
  if (url.protocol !== "file:") return undefined;
  const path = decodeURIComponent(url.pathname);
  return platform.startsWith("windows") ? path.slice(1).replaceAll("/", "\\") : path;
}

export type Timers = Pick<typeof import("node:timers"), "clearTimeout" | "setImmediate" | "setTimeout">;

/** What differs between Deno, Bun and Node. Nothing here asks the user for a permission, except `open`. */
export interface Runtime {
  /** `<os>-<arch>`, as the folders of native/ are named. */
  readonly platform: string;
  /** Whether this process uses musl, on Linux, rather than glibc. */
  usesMusl(): boolean;
  /** Opens libpastream for the functions in `table`, or throws the runtime's own error. */
  open(path: string, table: Readonly<Record<string, Signature>>): Library;
  /** Whether `open` may be tried without a question to the user. */
  permitted(path: string): boolean;
  /** A variable of the environment; undefined also if it may not be read. */
  environment(name: string): string | undefined;
  /** Whether a file exists; undefined if the permission to ask is missing. */
  exists(path: string): boolean | undefined;
  /** The path of a file in a package that is installed beside this one, or undefined. */
  packageFile(name: string, file: string): string | undefined;
  /**
   * The path of a library from the folder at `address`, which is fetched if necessary. Only on a runtime that loads
   * modules from the web.
   */
  download?(address: string, library: PrebuiltFile): string;
  /** The arguments for starting a worker that runs `module`. */
  workerEntry(module: URL): URL;
  /** Whether this thread is a worker. */
  isWorker(): boolean;
  /** Timers that are objects with ref(), unref() and refresh(). */
  timers(): Timers;
  /** Calls `action` when the process ends. For the main thread. */
  onExit(action: () => void): void;
}
