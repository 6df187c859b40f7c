// The suite, in the rooms of tests/, on each runtime. Each file is a process of its own, so that a crash or a hang
// fails that file only.
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { countJunit, noCounts } from "./counts.mjs";
import { capture, Failure, output } from "./run.mjs";
import { fromNpm, nodeFlags, root, which } from "./tools.mjs";

/** A runtime: { name, command(file, report) → [program, ...arguments], env }. */
function nodeRuntime(path) {
  const version = output(path, ["--version"]);
  const reports = (report) => [
    "--test-reporter=junit",
    `--test-reporter-destination=${report}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
  ];
  return {
    name: `node ${version.replace(/^v(\d+).*/, "$1")}`,
    command: (file, report) => [path, ...nodeFlags(version), ...reports(report), file],
    // Compile cache of a newer Node: the suite starts hundreds of processes with the same files.
    env: { NODE_COMPILE_CACHE: join(root, "build", "node-cache") },
  };
}

/** The runtimes to test on: Deno and Bun as pinned, this machine's Node and the pinned newer one. */
export function runtimes() {
  const deno = fromNpm.deno();
  const bun = fromNpm.bun();
  const nodes = [which("node"), fromNpm.node()].filter(Boolean).map(nodeRuntime);
  if (!deno || !bun || nodes.length === 0) throw new Failure("Deno, Bun or Node is missing: run `npm ci`");
  return [
    {
      name: "deno",
      // Types are checked once for all files, not again with each.
      command: (file, report) => [deno, "test", "-A", "--no-check", "--quiet", `--junit-path=${report}`, file],
    },
    {
      name: "bun",
      // Bun's own limit is 5 seconds a test; the runner has one for each file.
      command: (
        file,
        report,
      ) => [bun, "test", "--timeout=3600000", "--reporter=junit", `--reporter-outfile=${report}`, `./${file}`],
    },
    ...nodes.filter((node, i) => nodes.findIndex(({ name }) => name === node.name) === i),
  ];
}

/** The rooms of the suite; tests/packaging starts every runtime itself, so it is not among them. */
export const rooms = ["api", "cli", "ring", "sound-file", "stream"].map((room) => `tests/${room}`);

/** The test files of a folder whose path below tests/ holds one of the filters. */
export function testFiles(folder, filters) {
  return readdirSync(join(root, folder)).filter((name) => name.endsWith(".test.ts")).sort()
    .map((name) => `${folder}/${name}`)
    .filter((path) => filters.length === 0 || filters.some((filter) => path.slice("tests/".length).includes(filter)));
}

/**
 * Runs one file on one runtime. A file that fails without a failed test (it did not load, crashed, hung) counts as one.
 */
export async function runFile(runtime, file, { timeout, env }) {
  const report = join(root, "build", "reports", runtime.name.replace(" ", "-"), `${file}.xml`);
  mkdirSync(dirname(report), { recursive: true });
  rmSync(report, { force: true });
  const [program, ...args] = runtime.command(file, report);
  const run = await capture(program, args, { timeout, env: { ...env, ...runtime.env } });
  let counts = noCounts();
  try {
    counts = countJunit(readFileSync(report, "utf8"));
  } catch {
    // No report: it did not get that far, which the exit code below tells.
  }
  let { output: text } = run;
  const fail = (why) => {
    counts.failed++;
    text += `\n${why}\n`;
  };
  const ending = `ended with ${run.signal ?? `exit code ${run.code}`}`;
  if (run.timedOut) fail("something keeps the process alive, or it hangs");
  else if (counts.passed + counts.failed + counts.skipped === 0) fail(`no test ran: ${ending}`);
  else if (run.code !== 0 && counts.failed === 0) fail(ending);
  return { ...counts, text, seconds: run.seconds };
}
