/** A library as it was built for one platform. */
export interface PrebuiltFile {
  /** Its name. */
  readonly file: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** The size of the compressed file (with .gz after its name) that is published instead, if any. */
  readonly gzipped?: number;
}

/** libpastream for one platform, with PortAudio and libsndfile. */
export interface Prebuilt extends PrebuiltFile {
  readonly bundle?: { readonly portaudio: PrebuiltFile; readonly libsndfile: PrebuiltFile };
}

/**
 * The libraries that are published with this source, by the names of their folders in native/. A checkout has none, for
 * it builds its own: `npm run build:package` fills the table in the copy that it makes.
 */
export const prebuilt: Readonly<Record<string, Prebuilt>> = {};
