import type { StreamOptions } from "./stream-options.ts";

/**
 * Defaults for every stream that is opened later.
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
