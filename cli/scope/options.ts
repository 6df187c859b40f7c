import { nearestName, type StreamOptions } from "../../mod.ts";

/** Options of scope(): those of a stream, and the following. */
export interface ScopeOptions extends Omit<StreamOptions<"float32">, "dtype" | "signal"> {
  /** A sound file to play during the view. The stream takes its rate unless `sampleRate` is given. */
  playback?: string | URL;
  /** Repeat the file. Default false. */
  loop?: boolean;
  /** Folder for recordings. Default: the current folder. */
  folder?: string;
  /** Port of the page. 0 (default) selects a free port. */
  port?: number;
  /** Loopback address that the page is served on. Default "127.0.0.1". */
  host?: string;
}

/** The options of scope() itself. InputStream refuses names that are neither in this list nor options of a stream. */
const ownNames = ["playback", "loop", "folder", "port", "host"];

/** Throws a TypeError for a misspelt option of scope() itself. */
export function requireKnownOptions(options: ScopeOptions): void {
  for (const name of Object.keys(options)) {
    const nearest = ownNames.includes(name) ? undefined : nearestName(name, ownNames);
    if (nearest === undefined) continue;
    throw new TypeError(`options: there is no option "${name}"; did you mean ${nearest}?`);
  }
}
