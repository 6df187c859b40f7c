import { native } from "../../ffi/load.ts";
import { cString, readText } from "../../ffi/text.ts";
import { unwrap } from "../library/native-error.ts";
import { requireOptions, show } from "../base/validate.ts";

/** Text tags by name, with libsndfile's number. */
const tags: Readonly<Record<string, number>> = {
  title: 1,
  copyright: 2,
  software: 3,
  artist: 4,
  comment: 5,
  date: 6,
  album: 7,
  license: 8,
  tracknumber: 9,
  genre: 16,
};

/** Sets the tags that are given, if all of them are tags. */
export function setTags(file: Record<string, string | undefined>, given: Record<string, string | undefined>): void {
  for (const name of Object.keys(requireOptions("metadata", given))) {
    if (Object.hasOwn(tags, name)) continue;
    throw new TypeError(`metadata must have names among ${Object.keys(tags).join(", ")}, not ${show(name)}`);
  }
  Object.assign(file, given);
}

/** An object whose properties are the tags of a file, read and written as they are used. */
export function fileTags(handle: () => number): Record<string, string | undefined> {
  const properties = Object.entries(tags).map(([name, tag]) => {
    const get = (): string | undefined => {
      const file = handle();
      return readText((text, size) => unwrap(native().ps_file_get_string(file, tag, text, size))) || undefined;
    };
    const set = (text: unknown): void => {
      if (text === undefined) return;
      if (typeof text !== "string") throw new TypeError(`${name} must be a string, not ${show(text)}`);
      unwrap(native().ps_file_set_string(handle(), tag, cString(text)));
    };
    return [name, { get, set, enumerable: true }] as const;
  });
  return Object.preventExtensions(Object.defineProperties({}, Object.fromEntries(properties)));
}
