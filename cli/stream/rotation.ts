/** Names of the files of a rotated recording. */
import { strftime } from "./strftime.ts";

/** Puts a number before the extension: `a/rec.wav` becomes `a/rec-007.wav`. */
function numbered(name: string, count: number): string {
  const dot = name.lastIndexOf(".");
  const inName = dot > Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1;
  const end = inName ? dot : name.length;
  return `${name.slice(0, end)}-${String(count).padStart(3, "0")}${name.slice(end)}`;
}

export class RotationNames {
  readonly #pattern: string;
  readonly #used: Set<string> = new Set();
  readonly #taken: (name: string) => boolean;

  /** @param taken whether a name must not be used, because there is such a file */
  constructor(pattern: string, taken: (name: string) => boolean = () => false) {
    this.#pattern = pattern;
    this.#taken = taken;
  }

  /** A name for a file that begins at `date`, different from all before. */
  next(date: Date): string {
    const name = strftime(this.#pattern, date);
    let unique = name;
    // Without a conversion the name tells no time: then all files are numbered, the first one too.
    const plain = name === this.#pattern;
    for (let count = 1; (plain && unique === name) || this.#used.has(unique) || this.#taken(unique); count++) {
      unique = numbered(name, count);
    }
    this.#used.add(unique);
    return unique;
  }
}
