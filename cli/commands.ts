/** All commands, and the report of an error. */
import { printHelp, printVersion } from "./about.ts";
import type { CommandLine } from "./options/settings.ts";

type Command = (line: CommandLine) => number | Promise<number>;

/** Writes a list to stdout: all of it, or an error. */
async function print(text: string): Promise<0> {
  (await import("./report/write.ts")).writeText(`${text.trimEnd()}\n`);
  return 0;
}

const commands: Readonly<Record<CommandLine["command"], Command>> = {
  help: printHelp,
  version: printVersion,
  completions: async ({ settings: { completions } }) => {
    const { completionScript, isShell } = await import("./manual/completions.ts");
    if (isShell(completions!)) return print(completionScript(completions));
    return print((await import("./listing.ts")).nameListing(completions!));
  },
  list: async ({ settings }) => print((await import("./listing.ts")).deviceListing(settings)),
  "list-formats": async ({ settings }) => print((await import("./listing.ts")).formatListing(settings)),
  "list-encodings": async ({ settings }) => print((await import("./listing.ts")).encodingListing(settings)),
  doctor: async (line) => (await import("./doctor/doctor.ts")).doctor(line),
  scope: async (line) => (await import("./scope/command.ts")).runScope(line),
  stream: async (line) => (await import("./stream/stream.ts")).runStream(line),
};

/** Commands that say nothing on standard error. */
const silent: readonly CommandLine["command"][] = ["help", "version", "completions"];

async function parse(args: readonly string[]): Promise<CommandLine> {
  const { parseCommandLine } = await import("./options/parse.ts");
  const hasFiles = args.some((word) => word.startsWith("@"));
  return parseCommandLine(hasFiles ? (await import("./options/arg-files.ts")).expandArgumentFiles(args) : args);
}

/** Runs the command that the words mean. Returns its exit code. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const line = await parse(args);
  const exitCode = await commands[line.command](line);
  if (!silent.includes(line.command)) await (await import("./report/stderr.ts")).finish();
  return exitCode;
}

/** Reports an error in one line, or in JSON for programs. That the reader of stdout went away is not an error. */
export async function report(error: unknown, json: boolean): Promise<number> {
  const { failureOf, failureText, isClosedPipe } = await import("./report/failure.ts");
  const stderr = await import("./report/stderr.ts");
  if (isClosedPipe(error)) return 0;
  await (await import("./options/suggest.ts")).addSuggestion(error);
  const { exitCode } = failureOf(error);
  if (json) {
    const { makeReporter } = await import("./report/reporter.ts");
    makeReporter({ json }).end({ exitCode, signal: undefined, error, stream: undefined, files: [] });
  } else {
    stderr.line(failureText(error));
  }
  await stderr.finish();
  return exitCode;
}
