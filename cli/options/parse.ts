/** Parses the words of a command line. */
import { isPlaceholder } from "./lists.ts";
import { type Option, options, type SettingName, settingNames, spelling } from "./options.ts";
import type { CommandLine, Settings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

const byName = new Map(settingNames.map((setting) => [options[setting].name, setting]));
const longNames = [...byName.keys()].map((name) => `--${name}`);
const byLetter = new Map(settingNames.map((setting) => [options[setting].short, setting]));

/** The setting of a long option, whose name may be abbreviated, or written with _ for -. */
function settingOf(word: string): SettingName {
  const written = word.replaceAll("_", "-");
  const exact = byName.get(written.slice(2));
  if (exact !== undefined) return exact;
  const matches = longNames.filter((name) => name.startsWith(written));
  if (matches.length === 1) return byName.get(matches[0].slice(2))!;
  if (matches.length > 1) throw new UsageError(`${word} may be ${matches.join(" or ")}`);
  throw unknownOption(word, written);
}

function unknownOption(word: string, written = word): UsageError {
  return new UsageError(`unknown option ${word}`, { word: written, known: longNames });
}

/** Whether a word that would be taken as a value is another option instead. Negative numbers are values. */
function looksLikeOption(word: string): boolean {
  return /^-[^-\d.]/.test(word) || /^--[a-z]/i.test(word);
}

class Reader {
  readonly settings: Settings = {};
  readonly files: string[] = [];
  readonly #words: readonly string[];
  /** Index of the next word. */
  #next = 0;
  /** The option that ends the parsing as soon as it is found. */
  only: "help" | "version" | undefined;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  read(): void {
    while (this.#next < this.#words.length && !this.only) {
      const word = this.#words[this.#next++];
      if (word === "--") this.files.push(...this.#words.slice(this.#next, this.#next = this.#words.length));
      else if (word.startsWith("--")) this.#long(word);
      else if (word.startsWith("-") && word !== "-") this.#letters(word);
      else this.files.push(word);
    }
  }

  /** --name or --name=value. */
  #long(word: string): void {
    const [, name, value] = /^(-[^=]*)(?:=([^]*))?$/.exec(word)!;
    this.#option(settingOf(name), word, value);
  }

  /** -q, several as in -qJ, and as the last one -Dvalue, -D=value or -D. */
  #letters(word: string): void {
    for (let at = 1; at < word.length && !this.only; at++) {
      const setting = byLetter.get(word[at]);
      if (setting === undefined) throw unknownOption(`-${word[at]}`);
      if (options[setting].value === undefined) {
        this.#option(setting, word, undefined);
      } else {
        const rest = word.slice(at + 1).replace(/^=/, "");
        return this.#option(setting, word, at + 1 < word.length ? rest : undefined);
      }
    }
  }

  /** Reads one option of a word, with the value that the word has for it. */
  #option(setting: SettingName, word: string, value: string | undefined): void {
    const option = options[setting] as Option<unknown>;
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`${spelling(setting)} takes no value, but '${value}' was given`);
      if (setting === "help" || setting === "version") this.only = setting;
      return this.#set(setting, true);
    }
    if (value !== undefined) return this.#readWords(setting, [value], word);
    const words = this.#following(setting, option);
    this.#next += words.length;
    if (words.length > 0) this.#readWords(setting, words);
    else if (option.without !== undefined) this.#set(setting, option.without);
    else throw new UsageError(`${spelling(setting)} needs a value: ${option.value}`);
  }

  /** The words that follow an option and are its values. */
  #following(setting: SettingName, option: Option<unknown>): string[] {
    const words: string[] = [];
    for (const word of this.#words.slice(this.#next, this.#next + (option.words ?? 1))) {
      const isNeeded = words.length === 0 && option.without === undefined;
      if (isNeeded && option.words === undefined && looksLikeOption(word)) {
        throw new UsageError(`${spelling(setting)} needs a value: ${option.value}, but '${word}' follows`);
      }
      const accepted = isNeeded
        ? !looksLikeOption(word)
        : option.accepts!(word) || (option.words !== undefined && isPlaceholder(word) && this.files.length === 2);
      if (!accepted) break;
      words.push(word);
    }
    return words;
  }

  #readWords(setting: SettingName, words: string[], whole = ""): void {
    const option = options[setting] as Option<unknown>;
    for (const word of words) {
      let value: unknown;
      try {
        value = option.read!(word);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        const message = `${spelling(setting)}: ${error.message}`;
        if (byName.has(whole.slice(1))) throw new UsageError(`${message}; did you mean -${whole}?`);
        throw new UsageError(message, error.misspelling);
      }
      if (option.words === undefined) this.#set(setting, value);
      else this.#append(setting, value, option.words);
    }
  }

  #append(setting: SettingName, value: unknown, limit: number): void {
    const list = [...(this.settings[setting] as unknown[] | undefined ?? []), value];
    if (list.length > limit) {
      throw new UsageError(`${spelling(setting)} is for the playback and the recording: ${list.length} are too many`);
    }
    this.#set(setting, list);
  }

  #set(setting: SettingName, value: unknown): void {
    // The type of the table ties names to types of values; TypeScript cannot see that both are of one row.
    (this.settings as Record<SettingName, unknown>)[setting] = value;
  }
}

/** Parses a command line. Throws a UsageError that says what is wrong with it. */
export function parseCommandLine(words: readonly string[]): CommandLine {
  const reader = new Reader(words);
  reader.read();
  const { settings, files } = reader;
  const none = { settings, playback: null, recording: null };
  if (reader.only) return { command: reader.only, ...none };
  const listing = (["list", "listFormats", "listEncodings"] as const).find((name) => settings[name] !== undefined);
  if (listing && files.length > 0) {
    throw new UsageError(`${spelling(listing)} plays and records nothing, but '${files[0]}' was given`);
  }
  if (settings.list) return { command: "list", ...none };
  if (settings.listFormats) return { command: "list-formats", ...none };
  if (settings.listEncodings !== undefined) return { command: "list-encodings", ...none };
  if (settings.completions) return { command: "completions", ...none };
  if (files[0] === "doctor") {
    if (files.length > 1) {
      throw new UsageError(`doctor takes no files, but '${files[1]}' was given; play a file of that name as ./doctor`);
    }
    return { command: "doctor", ...none };
  }
  if (files[0] === "scope") {
    if (files.length > 2) {
      throw new UsageError(`scope plays one file, but '${files[2]}' was given, too; play a file scope as ./scope`);
    }
    return { command: "scope", settings, playback: files[1] ?? null, recording: null };
  }
  if (settings.terminal) throw new UsageError(`${spelling("terminal")} is for scope: pastream scope --terminal`);
  return { command: "stream", settings, ...readFiles(files) };
}

function readFiles(files: readonly string[]): { playback: string | null; recording: string | null } {
  if (files.length === 0) {
    throw new UsageError("nothing to play or to record: give INPUT [OUTPUT], or null OUTPUT; --help shows all");
  }
  if (files.length > 2) throw new UsageError(`'${files[2]}' is one file too many: give INPUT [OUTPUT], or null OUTPUT`);
  const [playback, recording = null] = files.map((file) => isPlaceholder(file) ? null : file);
  if (playback === null && recording === null) {
    throw new UsageError("nothing to play or to record: both files are null");
  }
  return { playback, recording };
}
