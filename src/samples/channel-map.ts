import { countOf } from "../base/count.ts";
import { requireInteger, show } from "../base/validate.ts";

/** The identity: every channel is fed from the channel of the same number. */
export function identityMapping(channels: number): readonly number[] {
  return Object.freeze(Array.from({ length: channels }, (_, i) => i + 1));
}

/**
 * Checks a mapping to `channels` channels from as many, or from `from`: an array, a Map from -> to that mutes the
 * channels that it does not list, or null (identity). What is returned is what a stream shows, and frozen: a change of
 * an entry would be an error instead of having no effect.
 */
export function requireMapping(
  name: string,
  mapping: unknown,
  channels: number,
  from: number = channels,
): readonly number[] {
  if (mapping === null) return identityMapping(channels);
  if (mapping instanceof Map) {
    const sources = new Array<number | undefined>(channels).fill(undefined);
    for (const [source, to] of mapping) {
      requireInteger(`${name}: a channel`, source, 0, from);
      const index = requireInteger(`${name}: a channel`, to, 1, channels) - 1;
      if (sources[index] !== undefined) {
        throw new RangeError(`${name} must not map two channels, ${sources[index]} and ${source}, to channel ${to}`);
      }
      sources[index] = source;
    }
    return Object.freeze(sources.map((source) => source ?? 0));
  }
  if (!Array.isArray(mapping) && !ArrayBuffer.isView(mapping)) {
    throw new TypeError(`${name} must be an array, a Map or null, not ${show(mapping)}`);
  }
  const entries = Array.from(mapping as ArrayLike<unknown>);
  if (entries.length !== channels) {
    throw new RangeError(
      `${name} must have ${countOf(channels, "entry", "entries")}, one for each channel, not ${entries.length}`,
    );
  }
  return Object.freeze(entries.map((entry, i) => requireInteger(`${name}[${i}]`, entry, 0, from)));
}
