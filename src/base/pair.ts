import { show } from "./validate.ts";

/** One value for both directions, or a pair of them. */
export type Pair<T> = T | readonly [input: T, output: T];

/** Both values of an option. */
export function pairOf<T>(name: string, value: Pair<T>): readonly [input: T, output: T] {
  if (!Array.isArray(value)) return [value as T, value as T];
  if (value.length !== 2) throw new TypeError(`${name} must be one value or [input, output], not ${show(value)}`);
  return [value[0], value[1]];
}
