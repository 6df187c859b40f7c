import { loadFrom } from "../../ffi/load.ts";
import { show } from "../base/validate.ts";

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
}

/**
 * Loads the C library from a place of your own choice, before anything else is done with this package, and answers the
 * path of its file. Without this call it is loaded when it is first needed.
 *
 * @example In an executable that brings the library along
 * ```ts ignore
 * import { loadLibrary } from "@pastream/pastream";
 * import library from "./libpastream.so" with { type: "file" };
 *
 * loadLibrary({ path: library });
 * ```
 */
export function loadLibrary(options: LibraryOptions = {}): string {
  const { path, url } = options;
  if (path !== undefined && (typeof path !== "string" || path === "")) {
    throw new TypeError(`path must be the path of a file, not ${show(path)}`);
  }
  if (url !== undefined && !URL.canParse(`${url}`)) throw new TypeError(`url must be an address, not ${show(url)}`);
  return loadFrom({ path, url: url && `${url}` });
}
