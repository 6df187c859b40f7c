const MOST_EDITS = 3;
const LONGEST_WORD = 40;

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
function distance(a: string, b: string): number {
  let older: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        best = Math.min(best, older[column - 2] + 1);
      }
      current.push(best);
    }
    older = previous;
    previous = current;
  }
  return previous[b.length];
}

/**
 * The name that a misspelt word most likely means, regardless of case; undefined if none is similar: more than a third
 * of the letters are wrong, or more than three. Error messages use it to name the option, format or device that was
 * probably meant.
 *
 * @example
 * ```ts
 * import { availableFormats, nearestName } from "@pastream/pastream";
 *
 * console.log(nearestName("flak", Object.keys(availableFormats()))); // FLAC
 * ```
 */
export function nearestName(word: string, names: Iterable<string>): string | undefined {
  if (typeof word !== "string") throw new TypeError(`word must be a string, not ${typeof word}`);
  const wanted = word.slice(0, LONGEST_WORD).toLowerCase();
  let best: string | undefined;
  let leastEdits = Math.min(MOST_EDITS, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const edits = distance(wanted, name.toLowerCase());
    if (edits < leastEdits) {
      best = name;
      leastEdits = edits;
    }
  }
  return best;
}
