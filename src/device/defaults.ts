import type { StreamOptions } from "./stream-options.ts";

/**
 * Default options of all streams that are opened from now on.
 *
 * @example
 * ```ts
 * import { defaults } from "@pastream/pastream";
 *
 * defaults.sampleRate = 44100;
 * defaults.device = ["USB Audio", "HDMI"]; // input, output
 * ```
 */
export const defaults: Omit<StreamOptions, "signal"> = {};
