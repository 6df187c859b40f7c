import {
  PS_TAG_ALBUM,
  PS_TAG_ARTIST,
  PS_TAG_COMMENT,
  PS_TAG_COPYRIGHT,
  PS_TAG_DATE,
  PS_TAG_GENRE,
  PS_TAG_LICENSE,
  PS_TAG_SOFTWARE,
  PS_TAG_TITLE,
  PS_TAG_TRACK_NUMBER,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { cString, readText } from "../../ffi/text.ts";
import { unwrap } from "../library/native-error.ts";
import { requireObject, requireString, show } from "../base/validate.ts";

/** Text tags by name, with libsndfile's number. */
const tags: Readonly<Record<string, number>> = {
  title: PS_TAG_TITLE,
  copyright: PS_TAG_COPYRIGHT,
  software: PS_TAG_SOFTWARE,
  artist: PS_TAG_ARTIST,
  comment: PS_TAG_COMMENT,
  date: PS_TAG_DATE,
  album: PS_TAG_ALBUM,
  license: PS_TAG_LICENSE,
  tracknumber: PS_TAG_TRACK_NUMBER,
  genre: PS_TAG_GENRE,
};

/** Sets the tags that are given, if all of them are tags. */
export function setTags(file: Record<string, string | undefined>, given: Record<string, string | undefined>): void {
  for (const name of Object.keys(requireObject("metadata", given))) {
    if (Object.hasOwn(tags, name)) continue;
    throw new TypeError(`metadata must have names among ${Object.keys(tags).join(", ")}, not ${show(name)}`);
  }
  Object.assign(file, given);
}

/** What tags need to know of the file that has them. */
interface TaggedFile {
  /** The handle; throws for a closed file. */
  open(): number;
  /** Throws for a file that was opened for something else. */
  requireMode(purpose: "writing"): void;
}

/** An object whose properties are the tags of a file, read and written as they are used. */
export function fileTags(file: TaggedFile): Record<string, string | undefined> {
  const properties = Object.entries(tags).map(([name, tag]) => {
    const get = (): string | undefined => {
      const handle = file.open();
      return readText((text, size) => unwrap(native().ps_file_get_string(handle, tag, text, size))) || undefined;
    };
    const set = (text: unknown): void => {
      if (text === undefined) return;
      const bytes = cString(requireString(name, text));
      const handle = file.open();
      file.requireMode("writing");
      unwrap(native().ps_file_set_string(handle, tag, bytes));
    };
    return [name, { get, set, enumerable: true }] as const;
  });
  return Object.preventExtensions(Object.defineProperties({}, Object.fromEntries(properties)));
}
