import { PS_LIBRARY_PATH, PS_LIBRARY_PORTAUDIO, PS_LIBRARY_SNDFILE, PS_LIBRARY_VERSION } from "../../ffi/constants.ts";
import { native, nativePath } from "../../ffi/load.ts";
import { readText } from "../../ffi/text.ts";
import { VERSION } from "./version.ts";

/** What `versions()` answers; null stands for a library that is not installed. */
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
}

/** Versions of this package, its C library, PortAudio and libsndfile, with the paths they were loaded from. */
export function versions(): Versions {
  const { ps_version, ps_library_load, ps_library_text } = native();
  const text = (library: number, what: number): string | null =>
    ps_library_load(library, null) < 0 ? null : readText((text, size) => ps_library_text(library, what, text, size));
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
  };
}
