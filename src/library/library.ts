import { loadFrom } from "../../ffi/load.ts";
import { type OptionNames, requireOptions, show } from "../base/validate.ts";

/** Where `loadLibrary()` finds the libraries. */
export interface LibraryOptions {
  /** The file of the C library. Default: `PASTREAM_LIB`, else the file in this package. */
  path?: string;
  /**
   * Where it is downloaded from if this package was loaded from the web: the address of the folder that has a folder
   * for each platform. Default: `PASTREAM_LIB_URL`, else the package's own `native/`. A file that is not the one of the
   * release of exactly this version is refused.
   */
  url?: string | URL;
  /**
   * The file of PortAudio. Default: `PASTREAM_PORTAUDIO`. Without that: on Linux the system's, or the one that comes
   * with this package if the system has none; on Windows and macOS the package's first.
   */
  portaudio?: string;
  /** The file of libsndfile. Default: `PASTREAM_SNDFILE`; without that as for PortAudio. */
  libsndfile?: string;
}

const libraryOptionNames: OptionNames<LibraryOptions> = { path: true, url: true, portaudio: true, libsndfile: true };

/**
 * Loads the C library from the given place and returns the path of its file. Call it before anything else of this
 * package; without this call the library is loaded when it is first needed. Throws a LibraryNotFoundError if it cannot
 * be loaded, and a PastreamError with the code "active" if it is loaded already.
 *
 * @example In an executable that brings the library along
 * ```ts ignore
 * import { loadLibrary } from "@pastream/pastream";
 * import library from "./libpastream.so" with { type: "file" };
 *
 * loadLibrary({ path: library });
 * ```
 */
export function loadLibrary(options?: LibraryOptions): string {
  const { url, ...files } = requireOptions("options", options, libraryOptionNames);
  for (const name of ["path", "portaudio", "libsndfile"] as const) {
    const file = files[name];
    if (file !== undefined && (typeof file !== "string" || file === "")) {
      throw new TypeError(`${name} must be the path of a file, not ${show(file)}`);
    }
  }
  const isAddress = url instanceof URL || typeof url === "string" && URL.canParse(url);
  if (url !== undefined && !isAddress) throw new TypeError(`url must be an address, not ${show(url)}`);
  return loadFrom({ ...files, url: url && `${url}` });
}
