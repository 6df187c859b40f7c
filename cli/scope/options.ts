import type { StreamOptions } from "../../mod.ts";

/** What to view, and where to show it. */
export interface ScopeOptions extends Omit<StreamOptions<"float32">, "dtype" | "signal"> {
  /** A sound file that is played meanwhile; with its rate, unless `sampleRate` is given. */
  playback?: string | URL;
  /** Plays the file over and over. Default false. */
  loop?: boolean;
  /** Folder that recordings are written to. Default: the current one. */
  folder?: string;
  /** Port of the page; 0 (default): any that is free. */
  port?: number;
  /** Address of this machine that the page is served on; only loopback addresses are allowed. Default "127.0.0.1". */
  host?: string;
}
