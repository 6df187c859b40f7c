/**
 * The command line, from its words to the exit code. Modules are loaded when they are needed, because loading them is
 * most of the time that a command takes to start: most of them come with commands.ts.
 */
import { printHelp, printVersion } from "./about.ts";
import { host } from "./host.ts";

/** First words that decide alone. */
const alone: ReadonlyMap<string | undefined, () => Promise<number>> = new Map([
  ["-h", printHelp],
  ["--help", printHelp],
  ["--version", printVersion],
]);

/** Runs a command line. Returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const json = args.includes("--json"); // also where the words make no sense
  const report = async (error: unknown) => (await import("./commands.ts")).report(error, json);
  // An uncaught error is reported in one line, too. While that is being done, others may follow from it.
  let isReported = false;
  host.onUncaught(async (error) => {
    if (isReported) return;
    isReported = true;
    host.exit(await report(error));
  });
  try {
    const run = alone.get(args[0]) ?? (await import("./commands.ts")).runCommand;
    return await run(args);
  } catch (error) {
    return await report(error);
  }
}
