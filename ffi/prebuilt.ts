/** A library as it was built for one platform. */
export interface Prebuilt {
  /** Its name in the platform's folder. */
  readonly file: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/**
 * The libraries that are published with this source, by the names of their folders in native/. A checkout has none, for
 * it builds its own: `npm run build:package` fills the table in the copy that it makes.
 */
export const prebuilt: Readonly<Record<string, Prebuilt>> = {};
