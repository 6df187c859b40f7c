import { downloaded } from "./download.ts";
import { lazyFunctions } from "./lazy.ts";
import { builtin, packageFile } from "./process.ts";
import { importing, type Library, type Runtime, type Timers, type Watch } from "./runtime.ts";
import { everyStream, type Functions, type Signature } from "./symbols.ts";

type Table = Readonly<Record<string, Signature>>;

function open(path: string, table: Table): Library {
  // Once a library is loaded, its path leads to it, whatever becomes of the file.
  const opened = (names: readonly string[]) =>
    Deno.dlopen(path, Object.fromEntries(names.map((name) => [name, table[name]]))).symbols;
  let ofStreams: ReturnType<typeof opened> | undefined;
  // Deno takes 0.17 ms for each function, for which it compiles code, and the same again for each dlopen().
  const functions = lazyFunctions(path, table, (name) => {
    if (!(everyStream as readonly string[]).includes(name)) return opened([name])[name];
    return (ofStreams ??= opened(everyStream))[name];
  });
  return {
    functions,
    view(address, bytes) {
      if (!granted({ name: "ffi" })) throw new Error("--allow-ffi is limited to files");
      return Deno.UnsafePointerView.getArrayBuffer(Deno.UnsafePointer.create(BigInt(address))!, bytes) as ArrayBuffer;
    },
    watch(waker, woken) {
      // Called on a thread of the runtime's.
      const { symbols } = Deno.dlopen(path, { ps_waker_wait: { ...table.ps_waker_wait, nonblocking: true } });
      return new WaitingThread(symbols.ps_waker_wait as unknown as Wait, functions, waker, woken);
    },
  };
}

type Wait = (waker: number, seconds: number) => Promise<number>;

/**
 * A call that blocks a thread of the runtime's, while somebody waits. node:net would do as well, but takes 20 ms to
 * load.
 */
class WaitingThread implements Watch {
  readonly works = true;
  readonly keepsAlive = true;
  readonly #wait: Wait;
  readonly #functions: Functions;
  readonly #waker: number;
  readonly #woken: () => void;
  #wanted = false;
  #waiting = false;
  #calling = false;

  constructor(wait: Wait, functions: Functions, waker: number, woken: () => void) {
    this.#wait = wait;
    this.#functions = functions;
    this.#waker = waker;
    this.#woken = woken;
  }

  begin(): void {
    this.#wanted = true;
    if (!this.#waiting) this.#loop();
  }

  end(): void {
    this.#wanted = false;
    if (this.#calling) this.#functions.ps_waker_kick(this.#waker);
  }

  async #loop(): Promise<void> {
    this.#waiting = true;
    while (this.#wanted) {
      this.#calling = true;
      const woken = await this.#wait(this.#waker, -1);
      this.#calling = false;
      if (woken <= 0) continue;
      this.#woken();
      await undefined; // first to those who have waited: another call takes longer than all they do
    }
    this.#waiting = false;
  }
}

function granted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

function exists(path: string): boolean | undefined {
  if (!granted({ name: "read", path })) return undefined;
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Deno's own timers, unless they are numbers, as they were once. Those of node:timers take 8 ms more to load. */
function timers(): Timers {
  const { clearTimeout, setImmediate, setTimeout } = globalThis;
  const probe = setTimeout(() => {}, 0);
  clearTimeout(probe);
  return typeof probe === "object"
    ? { clearTimeout, setImmediate, setTimeout }
    : builtin("node:timers") as typeof import("node:timers");
}

export function denoRuntime(): Runtime {
  const { os, arch, env } = Deno.build;
  const platform = `${os === "darwin" ? "macos" : os}-${arch === "x86_64" ? "x64" : "arm64"}`;
  return {
    platform,
    usesMusl: () => env === "musl",
    open,
    packageFile: (name, file) => packageFile(name, file, platform, exists),
    permitted: (path) => granted({ name: "ffi", path }),
    environment: (name) => granted({ name: "env", variable: name }) ? Deno.env.get(name) : undefined,
    exists,
    download: downloaded,
    // Deno does not start a worker from the web directly.
    workerEntry: (module) => module.protocol === "file:" ? module : importing(module),
    isWorker: () => "DedicatedWorkerGlobalScope" in globalThis,
    timers,
    onExit: (action) => globalThis.addEventListener("unload", action),
  };
}
