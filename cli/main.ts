/**
 * The command line, from its words to the exit code. Modules are loaded when they are needed, because loading them is
 * most of the time that a command takes to start.
 */
import process from "node:process";
import type { CommandLine } from "./options/settings.ts";

type Command = (line: CommandLine) => number | Promise<number>;

/** Prints a text with nothing else to load. */
function say(text: string): 0 {
  console.log(text);
  return 0;
}

/** Writes a list to stdout: all of it, or an error. */
async function print(text: string): Promise<0> {
  (await import("./report/write.ts")).writeText(`${text.trimEnd()}\n`);
  return 0;
}

const commands: Readonly<Record<CommandLine["command"], Command>> = {
  help: async () => say((await import("./manual/help.ts")).helpText()),
  version: async () => say(`pastream ${(await import("./version.ts")).VERSION}`),
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

/** Parses the words; the parser is not loaded if the first word decides. */
async function commandLine(args: readonly string[]): Promise<CommandLine> {
  const known = { "-h": "help", "--help": "help", "--version": "version" } as const;
  if (Object.hasOwn(known, args[0])) {
    return { command: known[args[0] as keyof typeof known], settings: {}, playback: null, recording: null };
  }
  const { parseCommandLine } = await import("./options/parse.ts");
  const hasFiles = args.some((word) => word.startsWith("@"));
  return parseCommandLine(hasFiles ? (await import("./options/arg-files.ts")).expandArgumentFiles(args) : args);
}

/** Reports an error in one line, or in JSON for programs. That the reader of stdout went away is not an error. */
async function report(error: unknown, json: boolean): Promise<number> {
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

/** Runs a command line. Returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const json = args.includes("--json"); // also where the words make no sense
  // An uncaught error is reported in one line, too. While that is being done, others may follow from it.
  let isReported = false;
  process.on("uncaughtException", async (error) => {
    if (isReported) return;
    isReported = true;
    process.exit(await report(error, json));
  });
  try {
    const line = await commandLine(args);
    const exitCode = await commands[line.command](line);
    if (!silent.includes(line.command)) await (await import("./report/stderr.ts")).finish();
    return exitCode;
  } catch (error) {
    return await report(error, json);
  }
}
