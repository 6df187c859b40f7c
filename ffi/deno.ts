import { downloaded } from "./download.ts";
import { packageFile } from "./process.ts";
import { importing, type Library, type Runtime } from "./runtime.ts";
import type { Functions, Signature } from "./symbols.ts";

function open(path: string, table: Readonly<Record<string, Signature>>): Library {
  const library = Deno.dlopen(path, table);
  return {
    functions: library.symbols as unknown as Functions,
    view(address, bytes) {
      if (!granted({ name: "ffi" })) throw new Error("--allow-ffi is limited to files");
      return Deno.UnsafePointerView.getArrayBuffer(Deno.UnsafePointer.create(BigInt(address))!, bytes) as ArrayBuffer;
    },
  };
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

export function denoRuntime(): Runtime {
  const { os, arch, env } = Deno.build;
  return {
    platform: `${os === "darwin" ? "macos" : os}-${arch === "x86_64" ? "x64" : "arm64"}`,
    usesMusl: () => env === "musl",
    open,
    packageFile,
    permitted: (path) => granted({ name: "ffi", path }),
    environment: (name) => granted({ name: "env", variable: name }) ? Deno.env.get(name) : undefined,
    exists,
    download: downloaded,
    // Deno does not start a worker from the web directly.
    workerEntry: (module) => module.protocol === "file:" ? module : importing(module),
    isWorker: () => "DedicatedWorkerGlobalScope" in globalThis,
    onExit: (action) => globalThis.addEventListener("unload", action),
  };
}
