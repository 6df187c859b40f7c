// Runs the benchmarks, those of JavaScript on every runtime that is here, prints what they print, and writes their
// tables and plots into docs/benchmarks.md and docs/benchmarks.json, with the machine and the versions. Those that are
// not run keep what they printed last.
// Usage: deno task bench, or node bench/run.mjs; [--only NAME]..., or --page, which measures nothing and
// writes the page again from the JSON.
// What it compares with is looked for in build/bench/peers, where npm has installed the peers, in
// build/bench/portaudio, PortAudio's source, and in build/bench/python, that of pastream for Python.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem, type } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { readArguments } from "../scripts/lib/arguments.mjs";
import { fromNpm, root, which } from "../scripts/lib/tools.mjs";
import { plots } from "./lib/plots.mjs";
import { runtimes } from "./lib/runtimes.mjs";
import { joinTables, parseTables, writeTable } from "./lib/tables.mjs";

const MINUTES = 60_000;
const { values: options } = readArguments(import.meta, {
  options: { only: { type: "string", multiple: true }, page: { type: "boolean" } },
});

const [portaudio, python] = ["portaudio", "python"].map((name) => join(root, "build", "bench", name));
/** What is measured beside the callback and its ring, where its source is here. */
const sources = [
  { name: "PortAudio's ring", folder: portaudio, args: [portaudio] },
  { name: "the Python library's callback", folder: python, args: ["--python", python] },
];

/** What runs each: on every runtime with these arguments, on the first one, or by this Node. */
const benches = {
  callback: {
    script: "c/run.mjs",
    args: sources.flatMap(({ folder, args }) => existsSync(folder) ? args : []),
  },
  chunks: { each: ["200000", "5"] },
  latency: { each: [] },
  idle: { each: ["60", "12"] },
  playing: { each: [] },
  scale: { each: [] },
  robustness: { each: [] },
  files: { each: ["4", "5"] },
  convert: { each: ["4", "3"] },
  start: { each: [] },
  pulse: { first: ["3", "2"] },
  servers: { first: ["10", "10", "5"] },
  peers: { script: "peers/run.mjs", args: [] },
};
const page = join(root, "docs", "benchmarks.md");
const data = join(root, "docs", "benchmarks.json");
const images = join(root, "docs", "images");

/** The tables that a program prints; or why it prints none. */
function tablesOf(name, [program, ...args]) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 5 * MINUTES });
  const tables = parseTables(stdout ?? "");
  console.log(`\n${name}\n`);
  console.log(tables.flatMap((table) => [...writeTable(table), ""]).join("\n"));
  const failure = signal ? `stopped by ${signal}` : stderr?.trim().split("\n").at(-1) || `exit code ${status}`;
  if (status !== 0) console.log(`failed: ${failure}`);
  return status === 0 ? { tables } : { failure };
}

/** The tables of a benchmark, and why it has not run where it has not: { tables, failures }. */
function run(bench) {
  const { script, args, each, first } = benches[bench];
  const file = join(root, "bench", script ?? `${bench}.ts`);
  if (script) {
    const { tables = [], failure } = tablesOf(bench, [process.execPath, file, ...args]);
    const missing = bench === "callback" ? sources.filter(({ folder }) => !existsSync(folder)) : [];
    const noSource = missing.map(({ name, folder }) => `${name}: no source in ${relative(root, folder)}`);
    return { tables, failures: [failure, ...noSource].filter(Boolean) };
  }
  const here = first ? runtimes().slice(0, 1) : runtimes();
  const results = here.map(({ name, command }) => ({
    name,
    ...tablesOf(`${bench}, ${name}`, [...command, file, ...first ?? each]),
  }));
  const failures = results.filter(({ failure }) => failure).map(({ name, failure }) => `${name}: ${failure}`);
  const ran = results.filter(({ tables }) => tables);
  const names = ran[0]?.tables.map(({ name }) => name) ?? [];
  const tables = first
    ? ran[0]?.tables ?? []
    : names.map((_, t) => joinTables(Object.fromEntries(ran.map(({ name, tables }) => [name, tables[t]]))));
  return { tables, failures };
}

function machine() {
  const processors = cpus();
  return {
    system: `${type()} ${release()} ${arch()}`,
    processors: `${processors.length} x ${processors[0]?.model}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    load: Number(loadavg()[0].toFixed(1)),
  };
}

/** What stands in the page about a benchmark. */
function section(bench, { date, version, machine, tables, failures }) {
  const { system, processors, memory, load } = machine;
  const where = `pastream ${version}, ${date}: ${system}, ${processors}, ${memory}, load ${load} before`;
  const drawn = plots(bench, tables).map(({ name, title, svg }) => {
    writeFileSync(join(images, name), svg);
    return `![${title}](images/${name})`;
  });
  return [
    ...tables.flatMap((table) => ["", ...writeTable(table)]),
    ...drawn.flatMap((picture) => ["", picture]),
    ...failures.flatMap((failure) => ["", `Not run: ${failure}`]),
    "",
    `<sub>\`deno task bench --only ${bench}\`, ${where}</sub>`,
    "",
  ];
}

/** Writes the page and the data; after each benchmark, so that nothing is lost of a run that is stopped. */
function write(rows) {
  let text = readFileSync(page, "utf8");
  for (const [bench, row] of Object.entries(rows)) {
    const [begin, end] = [`<!-- bench ${bench} -->`, `<!-- end of ${bench} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${page} has no place for ${begin} and ${end}`);
    text = [text.slice(0, from) + begin, ...section(bench, row), text.slice(to)].join("\n");
  }
  writeFileSync(page, text);
  writeFileSync(data, `${JSON.stringify(rows, null, 2)}\n`);
  spawnSync(fromNpm.deno() ?? which("deno"), ["fmt", "--quiet", page, data, images]);
}

const unknown = options.only?.find((name) => !(name in benches));
if (unknown) {
  console.error(`there is no benchmark ${unknown}: ${Object.keys(benches).join(", ")}`);
  process.exit(2);
}
const { version } = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
const rows = existsSync(data) ? JSON.parse(readFileSync(data, "utf8")) : {};
write(rows);
for (const bench of options.page ? [] : options.only ?? Object.keys(benches)) {
  rows[bench] = { date: new Date().toISOString().slice(0, 10), version, machine: machine(), ...run(bench) };
  write(rows);
}
