import { requireKnown } from "../base/validate.ts";
import { streamOptionNames, type StreamOptions } from "./stream-options.ts";

/** A default signal would abort the streams of everyone, so there is none. */
const { signal: _, ...names } = streamOptionNames;

/**
 * Default options of all streams that are opened from now on. Setting one that does not exist throws a TypeError.
 *
 * @example
 * ```ts
 * import { defaults } from "@pastream/pastream";
 *
 * defaults.sampleRate = 44100;
 * defaults.device = ["USB Audio", "HDMI"]; // input, output
 * ```
 */
export const defaults: Omit<StreamOptions, "signal"> = new Proxy({}, {
  // What assigns a property ends here, too.
  defineProperty(options, name, descriptor) {
    requireKnown("defaults", String(name), names);
    return Reflect.defineProperty(options, name, descriptor);
  },
});
