// What the command asks of its process. Deno has all of it itself, and takes 15 ms to load the `process` of Node, which
// is therefore left to those who write to standard error, record or fail.

export type SignalName = "SIGHUP" | "SIGINT" | "SIGTERM" | "SIGBREAK";

export interface Host {
  /** The words of the command line. */
  readonly args: readonly string[];
  /** Keeps what is compiled from now on for the next start, unless the runtime does that by itself. */
  cacheCompiled(): void;
  /** Lets the process end with this code once nothing keeps it alive. */
  endWith(exitCode: number): void;
  exit(exitCode: number): never;
  /** Calls `report` with each error that nobody catches, which then does not end the process. */
  onUncaught(report: (error: unknown) => void): void;
  /** Calls `listener` at each signal, until the returned function is called. Throws if there is no such signal. */
  onSignal(name: SignalName, listener: () => void): () => void;
}

function denoHost(): Host {
  return {
    args: Deno.args,
    cacheCompiled() {},
    endWith: (exitCode) => void (Deno.exitCode = exitCode),
    exit: (exitCode) => Deno.exit(exitCode),
    onUncaught(report) {
      globalThis.addEventListener("error", (event) => {
        event.preventDefault();
        report(event.error);
      });
      globalThis.addEventListener("unhandledrejection", (event) => {
        event.preventDefault();
        report(event.reason);
      });
    },
    onSignal(name, listener) {
      Deno.addSignalListener(name, listener);
      return () => Deno.removeSignalListener(name, listener);
    },
  };
}

function nodeHost(): Host {
  const { process } = globalThis;
  return {
    args: process.argv.slice(2),
    // Node compiles this command at each start, and of a checkout strips the types, unless it may cache the result. The
    // cache is in the user's own folder: whoever can write to it decides what runs.
    cacheCompiled() {
      if (process.features.typescript !== "strip") return;
      const { HOME, XDG_CACHE_HOME } = process.env;
      const caches = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`);
      process.getBuiltinModule("node:module").enableCompileCache?.(caches ? `${caches}/pastream/node` : undefined);
    },
    endWith: (exitCode) => void (process.exitCode = exitCode),
    exit: (exitCode) => process.exit(exitCode),
    onUncaught: (report) => void process.on("uncaughtException", report),
    onSignal(name, listener) {
      process.on(name, listener);
      return () => void process.off(name, listener);
    },
  };
}

export const host: Host = "Deno" in globalThis ? denoHost() : nodeHost();
