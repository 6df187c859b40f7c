import { loadFrom } from "../../ffi/load.ts";
import { type OptionNames, requireOptions, show } from "../base/validate.ts";

/** Where `loadLibrary()` takes the C library from. */
export interface LibraryOptions {
  /** Its file. Default: `PASTREAM_LIB`, else the one that lies in this package. */
  path?: string;
  /**
   * Where it is downloaded from when this package was loaded from the web: the address of the folder that has a folder
   * for each platform. Default: `PASTREAM_LIB_URL`, else the package's own `native/`. A file from anywhere else than
   * from a release of this very version is refused.
   */
  url?: string | URL;
  /**
   * The file of PortAudio. Default: `PASTREAM_PORTAUDIO`, else on Linux the system's, and the one that comes with this
   * package where the system has none; on Windows and macOS the other way round.
   */
  portaudio?: string;
  /** The file of libsndfile. Default: `PASTREAM_SNDFILE`, else as for PortAudio. */
  libsndfile?: string;
}

const libraryOptionNames: OptionNames<LibraryOptions> = { path: true, url: true, portaudio: true, libsndfile: true };

/**
 * Loads the C library from a place of your own choice, before anything else is done with this package, and returns the
 * path of its file. Without this call it is loaded when it is first needed. Throws a LibraryNotFoundError where it
 * cannot be loaded, and a PastreamError with the code "active" where it is loaded already.
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
  if (url !== undefined && !URL.canParse(`${url}`)) throw new TypeError(`url must be an address, not ${show(url)}`);
  return loadFrom({ ...files, url: url && `${url}` });
}
