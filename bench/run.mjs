// Runs the benchmarks of JavaScript on every runtime that is here, prints what they print, and writes it into
// docs/benchmarks.md and docs/benchmarks.json, with the machine and the versions. Those that are not run keep what they
// printed last.
// Usage: deno task bench, or node bench/run.mjs; [part of a benchmark's name]...
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fromNpm, nodeFlags, root, which } from "../scripts/lib/tools.mjs";

/** Each with its arguments. */
const benches = {
  chunks: [],
  latency: [],
  playing: [],
  scale: [],
  robustness: [],
  idle: ["60", "20"],
};
const page = join(root, "docs", "benchmarks.md");
const data = join(root, "docs", "benchmarks.json");
const BEGIN = "<!-- what `deno task bench` prints -->";
const END = "<!-- the end of that -->";

/** { name, command: [program, ...arguments] } of each. */
function runtimes() {
  const said = (path) => spawnSync(path, ["--version"], { encoding: "utf8" }).stdout.trim().split("\n")[0];
  const nodes = [which("node"), fromNpm.node()].filter(Boolean).map((path) => {
    const version = said(path);
    return { name: `Node ${version.slice(1)}`, command: [path, ...nodeFlags(version)] };
  });
  const deno = fromNpm.deno();
  const bun = fromNpm.bun();
  return [
    { name: `Deno ${said(deno).split(" ")[1]}`, command: [deno, "run", "-A"] },
    { name: `Bun ${said(bun)}`, command: [bun] },
    ...nodes.filter(({ name }, i) => nodes.findIndex((node) => node.name === name) === i),
  ];
}

/** The lines that a benchmark prints on a runtime; or why it did not. */
function linesOf(bench, { command: [program, ...args] }) {
  const file = join(root, "bench", `${bench}.ts`);
  const { status, stdout, stderr } = spawnSync(program, [...args, file, ...benches[bench]], {
    encoding: "utf8",
    timeout: 300_000,
  });
  return status === 0 ? stdout.trimEnd().split("\n") : [`failed: ${stderr.trim().split("\n").at(-1)}`];
}

/** What the machine is, and how busy it is now. */
function machine() {
  const processors = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const load = `load ${loadavg()[0].toFixed(1)}`;
  return [`${type()} ${release()} ${arch()}`, `${processors.length} x ${processors[0]?.model}`, memory, load].join(
    ", ",
  );
}

function section(rows) {
  return Object.keys(benches).filter((bench) => bench in rows).flatMap((bench) => {
    const { date, machine, runtimes } = rows[bench];
    const lines = Object.entries(runtimes).flatMap(([name, lines]) => [name, ...lines.map((line) => `  ${line}`)]);
    return ["", `\`bench/${bench}.ts\`, ${date}, ${machine}:`, "", "```text", ...lines, "```"];
  });
}

const wanted = process.argv.slice(2);
const chosen = Object.keys(benches).filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const { version } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
const rows = existsSync(data) ? JSON.parse(readFileSync(data, "utf8")).rows : {};
for (const bench of chosen) {
  const row = rows[bench] = { date: new Date().toISOString().slice(0, 10), machine: machine(), version, runtimes: {} };
  console.log(`\n${bench}`);
  for (const runtime of runtimes()) {
    const lines = row.runtimes[runtime.name] = linesOf(bench, runtime);
    console.log([runtime.name, ...lines.map((line) => `  ${line}`)].join("\n"));
  }
}

const text = readFileSync(page, "utf8");
const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`${page} has no place for the rows: ${BEGIN} and ${END}`);
writeFileSync(page, [text.slice(0, begin) + BEGIN, ...section(rows), "", text.slice(end)].join("\n"));
writeFileSync(data, `${JSON.stringify({ rows }, null, 2)}\n`);
