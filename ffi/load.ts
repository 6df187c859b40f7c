import { bunRuntime } from "./bun.ts";
import {
  PS_ABI_VERSION,
  PS_LIBRARY_PORTAUDIO,
  PS_LIBRARY_SNDFILE,
  PS_ORIGIN_BUNDLE,
  PS_ORIGIN_NAMED,
} from "./constants.ts";
import { denoRuntime } from "./deno.ts";
import { onDisk } from "./embedded.ts";
import { LibraryNotFoundError, PastreamError } from "./errors.ts";
import { nodeRuntime } from "./node.ts";
import { prebuilt } from "./prebuilt.ts";
import { type Library, pathOf, type Runtime, type Watch } from "./runtime.ts";
import { type Functions, symbols } from "./symbols.ts";
import { cString } from "./text.ts";

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

/** This thread's side of a waker, see Library.watch(). */
export function watchWaker(waker: number, woken: () => void): Watch | undefined {
  return (library ??= load()).watch(waker, woken);
}

/** The file that the library was loaded from. */
export function nativePath(): string {
  library ??= load();
  return path;
}

/** Places of the libraries other than the usual ones. */
export interface LibraryPlace {
  readonly path?: string;
  /** The address of the folder that replaces native/. */
  readonly url?: string;
  readonly portaudio?: string;
  readonly libsndfile?: string;
}

/** Loads the library before anything else does, and returns its path. */
export function loadFrom(place: LibraryPlace): string {
  if (library) throw new PastreamError("active", `libpastream is loaded already, from ${path}`);
  library = load(place);
  return path;
}

/** The names of the folders in native/ that may have a library for this platform, the likeliest first. */
function folders(): string[] {
  const { platform } = runtime;
  if (!platform.startsWith("linux")) return [platform];
  return runtime.usesMusl() ? [`${platform}-musl`, platform] : [platform, `${platform}-musl`];
}

/** The name of libpastream's file on this platform. */
function fileName(): string {
  const { platform } = runtime;
  if (platform.startsWith("windows")) return "pastream.dll";
  return platform.startsWith("macos") ? "libpastream.dylib" : "libpastream.so";
}

/**
 * The libraries of this package: in the npm package for this platform, or in native/ beside this module. Each is looked
 * for when those before it could not be used.
 */
function* ofThisPackage(): Generator<string> {
  // A checkout, whose table is empty, has no such packages.
  const packages = Object.keys(prebuilt).length === 0 ? [] : folders().map((f) => `@pastream/native-${f}`);
  for (const name of packages) {
    const path = runtime.packageFile(name, fileName());
    if (path !== undefined) yield path;
  }
  for (const folder of folders()) {
    const path = pathOf(new URL(`../native/${folder}/${fileName()}`, import.meta.url), runtime.platform);
    if (path !== undefined) yield path;
  }
}

/** The paths that may be opened without a question to the user, or the first one, if there is none. */
function* permitted(paths: Iterable<string>): Generator<string> {
  let first: string | undefined;
  let isAny = false;
  for (const path of paths) {
    first ??= path;
    if (!runtime.permitted(path)) continue;
    isAny = true;
    yield path;
  }
  if (!isAny && first !== undefined) yield first;
}

/** Files of the bundle that were fetched, by PS_LIBRARY_*. */
const fetchedBundle: Partial<Record<number, string>> = {};

/** The library that was published along with this module, if it came from the web or `url` says where that is. */
function published(url: string | undefined): string[] {
  const [folder] = folders();
  const base = url || runtime.environment("PASTREAM_LIB_URL") || new URL("../native/", import.meta.url).href;
  const entry = prebuilt[folder];
  const { download } = runtime;
  if (!download || !entry || base.startsWith("file:")) return [];
  const { bundle, ...itself } = entry;
  const address = `${base.replace(/\/?$/, "/")}${folder}/`;
  const path = download(address, itself);
  if (bundle) {
    fetchedBundle[PS_LIBRARY_PORTAUDIO] = download(address, bundle.portaudio);
    fetchedBundle[PS_LIBRARY_SNDFILE] = download(address, bundle.libsndfile);
  }
  return [path];
}

/**
 * Tells libpastream where PortAudio and libsndfile are. It also reads the environment itself, but `process.env` is not
 * the process's environment on every runtime.
 */
function placeLibraries({ functions }: Library, { portaudio, libsndfile }: LibraryPlace): void {
  const place = (which: number, origin: number, path: string | undefined) => {
    if (path) functions.ps_library_place(which, origin, cString(onDisk(path)));
  };
  place(PS_LIBRARY_PORTAUDIO, PS_ORIGIN_NAMED, portaudio ?? runtime.environment("PASTREAM_PORTAUDIO"));
  place(PS_LIBRARY_SNDFILE, PS_ORIGIN_NAMED, libsndfile ?? runtime.environment("PASTREAM_SNDFILE"));
  place(PS_LIBRARY_PORTAUDIO, PS_ORIGIN_BUNDLE, fetchedBundle[PS_LIBRARY_PORTAUDIO]);
  place(PS_LIBRARY_SNDFILE, PS_ORIGIN_BUNDLE, fetchedBundle[PS_LIBRARY_SNDFILE]);
}

/** A name without a folder is a file in the working folder: systems would look in folders of their own. */
const withFolder = (path: string) => /[\\/]/.test(path) ? path : `./${path}`;

/** What to do if the default library cannot be loaded. */
function advice(): string {
  const { platform } = runtime;
  const platforms = Object.keys(prebuilt);
  if (platforms.length === 0) {
    return "build it with `npm run build` (or `deno task build`) in pastream's folder, or set PASTREAM_LIB to its path";
  }
  if (!folders().some((folder) => folder in prebuilt)) {
    return `it comes built for ${platforms.join(", ")}, but not for ${platform}: ` +
      "build it from source, and set PASTREAM_LIB to its path";
  }
  return `install pastream again, with its optional dependency @pastream/native-${
    folders()[0]
  }, or, in a program that ` +
    "was packed into one file, leave pastream out of the pack or name the library by loadLibrary() or PASTREAM_LIB";
}

function load(place: LibraryPlace = {}): Library {
  const { path: chosen, url } = place;
  const named = chosen ?? runtime.environment("PASTREAM_LIB");
  const exact = named && onDisk(withFolder(named));
  const local = () => exact ? [exact] : ofThisPackage();
  const failures: string[] = [];
  // A scoped --allow-ffi names one file: if that exists, the user is not asked about the others.
  const opened = openFirst(permitted(local()), failures) ?? openFirst(exact ? [] : published(url), failures);
  if (opened) {
    placeLibraries(opened, place);
    return opened;
  }
  const searched = [...local()];
  const help = searched.length > 0 && !searched.some((path) => runtime.permitted(path))
    ? `allow it with --allow-ffi=${searched[0]}`
    : exact
    ? "another path may be given by loadLibrary() or PASTREAM_LIB"
    : advice();
  throw new LibraryNotFoundError(
    [`libpastream could not be loaded; ${help}.`, ...failures.map((failure) => `  tried ${failure}`)].join("\n"),
    searched,
  );
}

/** The first library that opens. */
function openFirst(paths: Iterable<string>, failures: string[]): Library | undefined {
  for (const candidate of paths) {
    try {
      const opened = runtime.open(candidate, symbols);
      checkAbi(opened, candidate);
      path = candidate;
      const { ps_shutdown } = opened.functions;
      if (runtime.isWorker()) opened.functions.ps_thread_owns();
      else runtime.onExit(() => ps_shutdown());
      return opened;
    } catch (error) {
      if (error instanceof PastreamError) throw error;
      checkOtherAbi(candidate);
      failures.push(`${candidate}: ${error instanceof Error ? error.message : error}`);
    }
  }
  return undefined;
}

function checkAbi(library: Library, path: string): void {
  const version = library.functions.ps_abi_version();
  if (version === PS_ABI_VERSION) return;
  throw new PastreamError(
    "abi-mismatch",
    `${path} has ABI version ${version}, but this version of pastream needs ${PS_ABI_VERSION}: ` +
      "take the one of this version (in a checkout, `npm run build` makes it), or name none in PASTREAM_LIB",
  );
}

/** A library of another ABI version may lack functions and fail to open for that reason: its version is checked. */
function checkOtherAbi(path: string): void {
  let library: Library;
  try {
    library = runtime.open(path, { ps_abi_version: symbols.ps_abi_version });
  } catch {
    return;
  }
  checkAbi(library, path);
}
