const MOST_EDITS = 3;

/** The number of letters to insert, delete or replace to turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const above = row;
    row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      row.push(Math.min(above[j] + (letter === b[j] ? 0 : 1), above[j + 1] + 1, row[j] + 1));
    }
  }
  return row[b.length];
}

/** The known word that a misspelt one most likely means, regardless of case; undefined if none is similar. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const distances = known.map((candidate) => editDistance(word.toLowerCase(), candidate.toLowerCase()));
  const least = Math.min(...distances);
  return least <= Math.min(MOST_EDITS, word.length / 3) ? known[distances.indexOf(least)] : undefined;
}
