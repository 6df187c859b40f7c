/** What takes two columns of a terminal: East Asian scripts, full-width forms and emoji. */
const scripts = ["Han", "Hiragana", "Katakana", "Hangul", "Bopomofo"].map((name) => `\\p{Script=${name}}`).join("");
const WIDE = new RegExp(`^[${scripts}\\p{Emoji_Presentation}\\u3000-\\u303e\\uff01-\\uff60\\uffe0-\\uffe6]`, "u");
/** What takes none: marks on the character before, joiners and selectors. */
const NONE = /^[\p{Mn}\p{Me}\u200b-\u200d\ufe00-\ufe0f]/u;

const columnsOf = (character: string): number => NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;

/** Cuts or pads a text to exactly `width` columns of a terminal. */
export function fit(text: string, width: number): string {
  let [fitting, columns] = ["", 0];
  for (const character of text) {
    const more = columnsOf(character);
    if (columns + more > width) break;
    fitting += character;
    columns += more;
  }
  return fitting + " ".repeat(Math.max(0, width - columns));
}
