/** The reference part of docs/cli.md. */
import { usageOf } from "./help.ts";
import * as manual from "./manual.ts";
import { type Option, options, settingNames } from "../options/options.ts";

/** Escapes text for a cell of a table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replaceAll("*", "\\*").replaceAll("_", "\\_");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function reference(): string {
  const parts: string[] = [];
  for (const { group, heading, intro } of manual.groups) {
    parts.push(`### ${heading}`);
    if (intro) parts.push(intro);
    const rows = settingNames.filter((name) => options[name].group === group).map((name) => {
      const option = options[name] as Option<never>;
      return [`\`${usageOf(option).trim()}\``, cell(option.more ? `${option.help} ${option.more}` : option.help)];
    });
    parts.push(table(["Option", "Meaning"], rows));
  }
  parts.push(
    "### Exit codes",
    table(["Code", "Meaning"], manual.exitCodes.map(([code, meaning]) => [code, cell(meaning)])),
  );
  parts.push(
    "### Environment",
    table(["Variable", "Meaning"], manual.environment.map(([name, meaning]) => [`\`${name}\``, cell(meaning)])),
  );
  return parts.join("\n\n");
}

const BEGIN = "<!-- deno-fmt-ignore-start -->";
const END = "<!-- deno-fmt-ignore-end -->";

/** Returns the text with its reference part replaced. */
export function withReference(text: string): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`there is no place between '${BEGIN}' and '${END}'`);
  return `${text.slice(0, from)}${BEGIN}\n\n${reference()}\n\n${text.slice(to)}`;
}
