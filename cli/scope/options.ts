import type { StreamOptions } from "../../mod.ts";

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
