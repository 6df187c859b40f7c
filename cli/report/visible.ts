/** Characters that control a terminal, except \n and \t, which are layout. */
// deno-lint-ignore no-control-regex
const unseen = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Writes control characters, which may be in names of files and devices and in tags, as \u001b. In JSON, where they can
 * only be in strings, the text keeps its meaning.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
