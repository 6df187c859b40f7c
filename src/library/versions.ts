import {
  PS_LIBRARY_PATH,
  PS_LIBRARY_PORTAUDIO,
  PS_LIBRARY_SNDFILE,
  PS_LIBRARY_VERSION,
  PS_ORIGIN_BUNDLE,
  PS_ORIGIN_NAMED,
  PS_ORIGIN_SYSTEM,
} from "../../ffi/constants.ts";
import { native, nativePath } from "../../ffi/load.ts";
import { readText } from "../../ffi/text.ts";
import { VERSION } from "./version.ts";

/**
 * Where a library comes from: from a file that was named explicitly, from the system, or from this package.
 */
export type LibraryOrigin = "named" | "system" | "bundle";

/** What `versions()` returns; null for a library that is not installed. */
export interface Versions {
  /** This package. */
  readonly pastream: string;
  /** Its C library. */
  readonly native: string;
  /** PortAudio, as it names itself. */
  readonly portaudio: string | null;
  /** libsndfile, as it names itself. */
  readonly libsndfile: string | null;
  /** The files that they were loaded from. */
  readonly paths: { readonly native: string; readonly portaudio: string | null; readonly libsndfile: string | null };
  /** Where each library comes from. */
  readonly origins: { readonly portaudio: LibraryOrigin | null; readonly libsndfile: LibraryOrigin | null };
}

const origins: Readonly<Record<number, LibraryOrigin>> = {
  [PS_ORIGIN_NAMED]: "named",
  [PS_ORIGIN_SYSTEM]: "system",
  [PS_ORIGIN_BUNDLE]: "bundle",
};

/**
 * Versions of this package, its C library, PortAudio and libsndfile, with the paths and origins of the files. Loads the
 * libraries that are not loaded yet.
 */
export function versions(): Versions {
  const { ps_version, ps_library_load, ps_library_text, ps_library_origin } = native();
  const text = (library: number, what: number): string | null =>
    ps_library_load(library, null) < 0 ? null : readText((text, size) => ps_library_text(library, what, text, size));
  const origin = (library: number) => origins[ps_library_origin(library)] ?? null;
  return {
    pastream: VERSION,
    native: readText(ps_version),
    portaudio: text(PS_LIBRARY_PORTAUDIO, PS_LIBRARY_VERSION),
    libsndfile: text(PS_LIBRARY_SNDFILE, PS_LIBRARY_VERSION),
    paths: {
      native: nativePath(),
      portaudio: text(PS_LIBRARY_PORTAUDIO, PS_LIBRARY_PATH),
      libsndfile: text(PS_LIBRARY_SNDFILE, PS_LIBRARY_PATH),
    },
    origins: { portaudio: origin(PS_LIBRARY_PORTAUDIO), libsndfile: origin(PS_LIBRARY_SNDFILE) },
  };
}
