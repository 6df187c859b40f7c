/** Arguments from files: a word `@NAME` stands for the words in that file. */
import { readFileSync } from "node:fs";
import { UsageError } from "./usage-error.ts";

const DEEPEST = 10;

/**
 * The words of a text as a shell would see them: white space between, quotes and backslashes around, # for comments. A
 * backslash stands for itself before any character that it need not protect, so that a path of Windows is what it was.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let index = 0; index < text.length; index++) {
    let character = text[index];
    if (character === quote) {
      quote = "";
      continue;
    }
    if (quote === "" && (character === "'" || character === '"')) {
      quote = character;
      word ??= "";
      continue;
    }
    if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (character === "#" && quote === "" && word === undefined) {
      index = text.indexOf("\n", index);
      if (index < 0) break;
      continue;
    }
    const next = text[index + 1];
    if (character === "\\" && quote !== "'" && next !== undefined && /[\s\\'"#@]/.test(next)) character = text[++index];
    word = (word ?? "") + character;
  }
  if (quote !== "") throw new UsageError(`a closing ${quote} is missing`);
  if (word !== undefined) words.push(word);
  return words;
}

/** Puts the words of the named files in place of each `@NAME` before a `--`. */
export function expandArgumentFiles(words: readonly string[], depth = 0): string[] {
  const end = words.indexOf("--");
  const last = end < 0 ? words.length : end;
  return words.flatMap((word, index) => {
    if (index >= last || !word.startsWith("@") || word.length === 1) return [word];
    const name = word.slice(1);
    if (depth === DEEPEST) {
      throw new UsageError(`${word}: argument files that name argument files, more than ${DEEPEST} deep`);
    }
    let text: string;
    try {
      text = readFileSync(name, "utf8");
    } catch (error) {
      const code = (error as { code?: string }).code;
      throw new UsageError(
        `${word}: cannot read the argument file${
          code === "ENOENT" ? ": there is no such file" : ` (${code ?? (error as Error).message})`
        }`,
      );
    }
    try {
      return expandArgumentFiles(splitWords(text), depth + 1);
    } catch (error) {
      if (error instanceof UsageError && !error.message.startsWith("@")) {
        throw new UsageError(`${word}: ${error.message}`);
      }
      throw error;
    }
  });
}
