/** Parses the words of a command line. parseArgs of node:util is the tokenizer. */
import { parseArgs } from "node:util";
import { isPlaceholder } from "./lists.ts";
import { type Option, options, type SettingName, settingNames, spelling } from "./options.ts";
import type { CommandLine, Settings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

const byName = new Map(settingNames.map((setting) => [options[setting].name, setting]));
const longNames = [...byName.keys()].map((name) => `--${name}`);
const tokenizerOptions = Object.fromEntries(settingNames.map((setting) => {
  const { name, short, value } = options[setting];
  return [name, { type: value === undefined ? "boolean" as const : "string" as const, ...(short && { short }) }];
}));

interface OptionToken {
  index: number;
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

/** The full name of a long option that is abbreviated, or written with _ for -. */
function fullName(rawName: string): string {
  const written = rawName.replaceAll("_", "-");
  if (byName.has(written.slice(2))) return written;
  const matches = rawName.startsWith("--") ? longNames.filter((name) => name.startsWith(written)) : [];
  if (matches.length === 1) return matches[0];
  if (matches.length > 1) throw new UsageError(`${rawName} may be ${matches.join(" or ")}`);
  throw new UsageError(`unknown option ${rawName}`, { word: written, known: longNames });
}

/** Whether a word that would be taken as a value is another option instead. Negative numbers are values. */
function looksLikeOption(word: string): boolean {
  return /^-[^-\d.]/.test(word) || /^--[a-z]/i.test(word);
}

class Reader {
  readonly settings: Settings = {};
  readonly files: string[] = [];
  #rest: string[];
  /** The option that ends the parsing as soon as it is found. */
  only: "help" | "version" | undefined;

  constructor(words: readonly string[]) {
    this.#rest = [...words];
  }

  read(): void {
    // The tokenizer does not support optional values or lists of words. Where it took a word too many or too few, the
    // remaining words are parsed again.
    while (this.#rest.length > 0 && !this.only && this.#pass());
  }

  /** Parses to the end, or up to where the remaining words must be parsed again. */
  #pass(): boolean {
    const { tokens } = parseArgs({
      args: this.#rest,
      options: tokenizerOptions,
      strict: false,
      allowPositionals: true,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind === "positional") this.files.push(token.value);
      if (token.kind !== "option") continue;
      const setting = byName.get(token.name);
      if (setting === undefined) {
        const word = this.#rest[token.index];
        const name = fullName(token.rawName);
        return this.#goOn(token.index + 1, name + word.slice(token.rawName.length));
      }
      const after = this.#option(setting, token);
      if (this.only) return false;
      if (after !== undefined) return this.#goOn(after);
    }
    return false;
  }

  #goOn(index: number, ...first: string[]): true {
    this.#rest = [...first, ...this.#rest.slice(index)];
    return true;
  }

  /** Reads one option. Returns the index of the word to continue with if the tokenizer is wrong about it. */
  #option(setting: SettingName, token: OptionToken): number | undefined {
    const option = options[setting] as Option<unknown>;
    let { value } = token;
    if (option.value === undefined) {
      if (value !== undefined) throw new UsageError(`${spelling(setting)} takes no value, but '${value}' was given`);
      if (setting === "help" || setting === "version") this.only = setting;
      this.#set(setting, true);
      return undefined;
    }
    if (token.inlineValue) {
      // In -e=pcm_16 the tokenizer counts the = to the value.
      if (!token.rawName.startsWith("--") && value?.startsWith("=")) value = value.slice(1);
      this.#readWords(setting, [value ?? ""], this.#rest[token.index]);
      return undefined;
    }
    const next = token.index + 1;
    if (option.words === undefined && option.without === undefined) {
      if (value === undefined) throw new UsageError(`${spelling(setting)} needs a value: ${option.value}`);
      if (looksLikeOption(value)) {
        throw new UsageError(`${spelling(setting)} needs a value: ${option.value}, but '${value}' follows`);
      }
      this.#readWords(setting, [value]);
      return undefined;
    }
    const words = this.#following(option, next);
    if (words.length > 0) this.#readWords(setting, words);
    else if (option.without !== undefined) this.#set(setting, option.without);
    else throw new UsageError(`${spelling(setting)} needs a value: ${option.value}`);
    return next + words.length;
  }

  /** The words from `index` on that are values of an option whose value is optional, or that takes several. */
  #following(option: Option<unknown>, index: number): string[] {
    const words: string[] = [];
    for (const word of this.#rest.slice(index, index + (option.words ?? 1))) {
      const first = words.length === 0 && option.words !== undefined;
      const accepted = first
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
