/** The manual page, in troff's man macros. */
import { wrap } from "./help.ts";
import * as manual from "./manual.ts";
import { type Option, options, settingNames } from "../options/options.ts";

/** Escapes text for troff. */
function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...").replace(/^(['.])/gm, "\\&$1");
}

function paragraph(text: string): string {
  return roff(wrap(text, 72).join("\n"));
}

/** A paragraph with a tag before it. */
function tagged(tag: string, text: string): string {
  return `.TP\n${tag}\n${paragraph(text)}`;
}

function optionEntry(option: Option<never>): string {
  const { short, name, value, without, words } = option;
  const placeholder = value === undefined
    ? ""
    : without !== undefined
    ? ` [\\fI${roff(value)}\\fR]`
    : ` \\fI${roff(value)}\\fR` + (words ? ` [\\fI${roff(value)}\\fR]` : "");
  const tag = (short ? `\\fB\\-${short}\\fR, ` : "") + `\\fB\\-\\-${roff(name)}\\fR${placeholder}`;
  return tagged(tag, option.more ? `${option.help} ${option.more}` : option.help);
}

export function manPage(): string {
  const sections = [
    ".TH PASTREAM 1",
    `.SH NAME\npastream \\- ${roff(manual.TITLE)}`,
    `.SH SYNOPSIS\n${manual.synopses.map((synopsis) => `.B ${roff(synopsis)}`).join("\n.br\n")}`,
    `.SH DESCRIPTION\n${paragraph(manual.description)}`,
    ".SH OPTIONS",
  ];
  for (const { group, heading, intro } of manual.groups) {
    sections.push(`.SS ${roff(heading)}`);
    if (intro) sections.push(paragraph(intro));
    for (const name of settingNames) {
      if (options[name].group === group) sections.push(optionEntry(options[name] as Option<never>));
    }
  }
  sections.push(
    ".SH EXIT STATUS",
    ...manual.exitCodes.map(([code, meaning]) => tagged(`\\fB${code}\\fR`, `${meaning}.`)),
  );
  sections.push(
    ".SH ENVIRONMENT",
    ...manual.environment.map(([name, meaning]) => tagged(`\\fB${name}\\fR`, `${meaning}.`)),
  );
  sections.push(
    ".SH EXAMPLES",
    ...manual.examples.map(([command, what]) => tagged(`\\fB${roff(command)}\\fR`, `${what}.`)),
  );
  sections.push(`.SH SEE ALSO\n.BR sox (1),\n.BR arecord (1)`);
  return sections.join("\n") + "\n";
}
