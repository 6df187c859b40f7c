/** Whatever a terminal would obey instead of showing it; \n and \t are layout. */
// deno-lint-ignore no-control-regex
const unseen = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * A text without control characters, which may come with names of files and devices and with tags: they are written as
 * \u001b. Inside a JSON text, where they can only be in strings, that means the same as before.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
