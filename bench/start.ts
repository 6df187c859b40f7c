// How much longer than an empty script the command of the npm package takes from its start to its end, and a script
// that imports the package: medians of rounds in which each takes turns with the empty script.
// Usage: deno run -A bench/start.ts, bun bench/start.ts, or node bench/start.ts; [rounds]
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { writeFile } from "../mod.ts";
import { runtimeName } from "../tests/helpers/runtime.ts";
import { median, printTable, readNumbers } from "./lib/measure.ts";
import { makePackage } from "./lib/package.mjs";

const [rounds] = readNumbers(import.meta, 15);
const { folder, remove } = await makePackage();
const path = (name: string) => join(folder, name);
const commandFor = (...words: string[]) => [process.execPath, ...runtimeName === "deno" ? ["run", "-A"] : [], ...words];

function script(name: string, text: string): string {
  writeFileSync(path(name), text);
  return path(name);
}

/** Milliseconds from the start of a script to its end. */
function timeOf([program, ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (data) => errors += data);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(performance.now() - begun);
      else reject(new Error(`${args.join(" ")}: ${code} ${errors}`));
    });
  });
}

try {
  await writeFile(path("tiny.wav"), new Int16Array(20), { sampleRate: 48000, channels: 2 }); // ten frames
  const empty = commandFor(script("empty.js", ""));
  const cli = (...args: string[]) => commandFor(path("cli.js"), ...args);
  const rows: [name: string, target: number, command: string[], times: number[]][] = [
    ["`pastream --version`", 40, cli("--version"), []],
    ["`pastream --help`", 40, cli("--help"), []],
    ["`pastream -D virtual`, ten frames", 40, cli("-q", "-D", "virtual", path("tiny.wav")), []],
    ["`import` of the npm package", 8, commandFor(script("import.js", 'import "./lib/mod.js";')), []],
  ];
  for (const [, , command] of rows) await timeOf(command); // fills the compile caches of the runtimes
  for (let round = 0; round < rounds; round++) {
    for (const [, , command, times] of rows) times.push(await timeOf(command) - await timeOf(empty));
  }
  printTable(
    "milliseconds more than an empty script",
    ["ms", "target"],
    rows.map(([name, target, , times]) => [name, median(times).toFixed(0), target]),
  );
} finally {
  remove();
}
