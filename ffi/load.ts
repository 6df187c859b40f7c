import { bunRuntime } from "./bun.ts";
import { PS_ABI_VERSION } from "./constants.ts";
import { denoRuntime } from "./deno.ts";
import { LibraryNotFoundError, PastreamError } from "./errors.ts";
import { nodeRuntime } from "./node.ts";
import type { Library, Runtime } from "./runtime.ts";
import { type Functions, symbols } from "./symbols.ts";

export const runtime: Runtime = "Deno" in globalThis
  ? denoRuntime()
  : "Bun" in globalThis
  ? bunRuntime()
  : nodeRuntime();

let library: Library | undefined;
let path = "";

/** The C functions by their own names. The first call loads the library. */
export function native(): Functions {
  return (library ??= load()).functions;
}

/** A view on native memory. It does not keep that memory alive. */
export function nativeView(address: number, bytes: number): ArrayBuffer {
  return (library ??= load()).view(address, bytes);
}

/** The file that the library was loaded from. */
export function nativePath(): string {
  library ??= load();
  return path;
}

/** A file's path from its URL; undefined for a URL of another kind. */
function pathOf(url: URL): string | undefined {
  if (url.protocol !== "file:") return undefined;
  const path = decodeURIComponent(url.pathname);
  return runtime.platform.startsWith("windows") ? path.slice(1).replaceAll("/", "\\") : path;
}

/** Where the library may be, the likeliest first. */
function candidates(): string[] {
  const chosen = runtime.environment("PASTREAM_LIB");
  if (chosen) return [chosen];
  const { platform } = runtime;
  const file = platform.startsWith("windows")
    ? "pastream.dll"
    : platform.startsWith("macos")
    ? "libpastream.dylib"
    : "libpastream.so";
  const folders = [platform];
  if (platform.startsWith("linux")) folders.splice(runtime.usesMusl() ? 0 : 1, 0, `${platform}-musl`);
  return folders.map((folder) => pathOf(new URL(`../native/${folder}/${file}`, import.meta.url)))
    .filter((path) => path !== undefined);
}

function load(): Library {
  const all = candidates();
  const failures: string[] = [];
  // A scoped --allow-ffi names one file: where there is such a file, the user is not asked about the others.
  const permitted = all.filter((path) => runtime.permitted(path));
  for (const candidate of permitted.length > 0 ? permitted : all.slice(0, 1)) {
    try {
      const opened = runtime.open(candidate, symbols);
      checkAbi(opened, candidate);
      path = candidate;
      runtime.onExit(() => opened.functions.ps_shutdown());
      return opened;
    } catch (error) {
      if (error instanceof PastreamError) throw error;
      checkOtherAbi(candidate);
      failures.push(`${candidate}: ${error instanceof Error ? error.message : error}`);
    }
  }
  const help = permitted.length === 0 && all.length > 0
    ? `allow it with --allow-ffi=${all[0]}`
    : "build it with `npm run build` (or `deno task build`) in pastream's folder, or set PASTREAM_LIB to its path";
  throw new LibraryNotFoundError(
    [`libpastream could not be loaded; ${help}.`, ...failures.map((failure) => `  tried ${failure}`)].join("\n"),
    all,
  );
}

function checkAbi(library: Library, path: string): void {
  const version = library.functions.ps_abi_version();
  if (version === PS_ABI_VERSION) return;
  throw new PastreamError(
    "abi-mismatch",
    `${path} has ABI version ${version}, but this version of pastream needs ${PS_ABI_VERSION}: ` +
      "build it anew with `npm run build`, or remove it",
  );
}

/** A library of another ABI version may lack functions and fail to open for that: its version says why. */
function checkOtherAbi(path: string): void {
  let library: Library;
  try {
    library = runtime.open(path, { ps_abi_version: symbols.ps_abi_version });
  } catch {
    return;
  }
  checkAbi(library, path);
}
