/** The text of --help. */
import { description, examples, groups, synopses, TITLE } from "./manual.ts";
import { type Option, options, settingNames } from "../options/options.ts";

/** `-d, --duration TIME`: how an option is written. */
export function usageOf(option: Option<never>): string {
  const { short, name, value, without, words } = option;
  const placeholder = value === undefined
    ? ""
    : without !== undefined
    ? ` [${value}]`
    : words
    ? ` ${value} [${value}]`
    : ` ${value}`;
  return `${short ? `-${short}, ` : "    "}--${name}${placeholder}`;
}

/** Fills lines of up to `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line += (line === "" ? "" : " ") + word;
  }
  lines.push(line);
  return lines;
}

const WIDTH = 80;
const HELP_COLUMN = 26;

function optionLines(option: Option<never>): string[] {
  const usage = `  ${usageOf(option)}`;
  const help = wrap(option.help, WIDTH - HELP_COLUMN).map((line) => " ".repeat(HELP_COLUMN) + line);
  if (usage.length > HELP_COLUMN - 2) return [usage, ...help];
  return [usage.padEnd(HELP_COLUMN) + help[0].trimStart(), ...help.slice(1)];
}

export function helpText(): string {
  const lines = [
    `pastream: ${TITLE}`,
    "",
    ...synopses.map((synopsis, index) => (index === 0 ? "Usage: " : "       ") + synopsis),
    "",
    ...wrap(description, WIDTH),
  ];
  for (const { group, heading, intro } of groups) {
    lines.push("", `${heading}:`);
    if (intro) lines.push(...wrap(intro, WIDTH - 2).map((line) => `  ${line}`));
    for (const name of settingNames) {
      if (options[name].group === group) lines.push(...optionLines(options[name] as Option<never>));
    }
  }
  lines.push("", "Examples:", ...examples.map(([command]) => `  ${command}`));
  return lines.join("\n");
}
