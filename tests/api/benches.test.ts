// Every benchmark runs to its end, with counts that are too small to say anything. Those in C are built and run with
// the C tests. And the page has what they print.
// On one runtime: it starts many processes.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { describe, it } from "node:test";
import { barChart } from "../../bench/lib/plot.mjs";
import { joinTables, parseTables, writeTable } from "../../bench/lib/tables.mjs";
import { runTs } from "../helpers/runtime.ts";
import { pulseMissing } from "../helpers/servers.ts";

/** Each benchmark with its arguments, and the last row of what it prints. */
const benches: Record<string, readonly [args: readonly string[], row: RegExp]> = {
  "chunks.ts": [["50", "1"], /^\| `chunks\(\)`, `bufferSize` 2\^20( \| [^|]+){5} \|$/m],
  "convert.ts": [
    ["0.02", "1"],
    /^\| FLAC to FLAC, a stream of float32 \| \d+ \| (\d+ \| [\d.]+|no sox \| ) \| 0.75 \|$/m,
  ],
  "files.ts": [["0.02", "1"], /^\| WAV, `writeFile\(\)`( \| [\d.]+){4} \|$/m],
  "idle.ts": [["2", "1"], /^\| `chunks\(\)`( \| [^|]+){3} \|$/m],
  "latency.ts": [["10"], /^\| 30 % busy( \| [\d.]+){3} \|$/m],
  "playing.ts": [["0.2", "2"], /^\| on an open stream( \| [\d.]+){3} \|$/m],
  "pulse.ts": [["0.1", "1", "0.2"], /^\| parecord \| [\d.]+ \|$/m],
  "robustness.ts": [["10"], /^\| chunks are read \| \d+ \|$/m],
  "scale.ts": [["0.1"], /^\| 64( \| [\d.]+){4} \|$/m],
  "servers.ts": [["1", "1", "1"], /^\| `pacat --latency-msec=50` \| \d+ \| [01] of 1 \|$/m],
  "start.ts": [["1"], /^\| `import` of the npm package \| -?\d+ \| 8 \|$/m],
};
const needsPulse = ["pulse.ts", "servers.ts"];
const folder = new URL("../../bench/", import.meta.url);
const forLinux = process.platform === "linux" ? false : "it measures on Linux only";

describe("the benchmark", { skip: forLinux }, () => {
  it("has a line in this table", () => {
    assert.deepEqual(readdirSync(folder).filter((name) => name.endsWith(".ts")).sort(), Object.keys(benches));
  });

  for (const [name, [args, row]] of Object.entries(benches)) {
    it(`${name} runs`, { skip: needsPulse.includes(name) && pulseMissing }, async () => {
      const { code, stdout, stderr } = await runTs(new URL(name, folder), { args });
      assert.equal(code, 0, stderr + stdout);
      assert.match(stdout, row);
    });

    it(`${name} prints its help, and refuses what is no number`, async () => {
      const help = await runTs(new URL(name, folder), { args: ["--help"] });
      assert.deepEqual([help.code, help.stderr], [0, ""]);
      assert.match(help.stdout, new RegExp(`^Usage: deno run -A bench/${name},`, "m"));
      const wrong = await runTs(new URL(name, folder), { args: ["many"] });
      assert.equal(wrong.code, 2);
      assert.match(wrong.stderr, /^pastream: many is not one of \d numbers above 0\nUsage: /m);
    });
  }
});

describe("the tables of benchmarks", () => {
  const printed = (ms: string) =>
    `| sounds | ms | target |\n| --- | --: | --: |\n| \`a\` | ${ms} | 5 |\n| b | none | |\n`;

  it("are read, and joined over runtimes", () => {
    const [table] = parseTables(`words\n${printed("1.5")}\nmore words`);
    assert.deepEqual(table, {
      name: "sounds",
      columns: ["ms", "target"],
      rows: [{ name: "`a`", cells: ["1.5", "5"] }, { name: "b", cells: ["none", ""] }],
    });
    const joined = joinTables({ Deno: table, Node: parseTables(printed("2"))[0] });
    assert.deepEqual(writeTable(joined), [
      "| sounds |  | Deno | Node | target |",
      "| --- | --- | --- | --- | --: |",
      "| `a` | ms | 1.5 | 2 | 5 |",
      "| b | ms | none | none |  |",
    ]);
  });

  it("are drawn: a bar for each number, by its size, and words where there is none", () => {
    const groups = [{ name: "a <b>", values: ["1", "4"] }, { name: "c", values: ["failed", "2"] }];
    const svg = barChart({ title: "T", unit: "ms", series: ["x", "y"], groups }) ?? "";
    const bars = [...svg.matchAll(/<rect x="\d+" y="\d+" width="([\d.]+)" height="13"/g)].map(([, width]) =>
      Number(width)
    );
    assert.deepEqual(bars.map((width) => Math.round(100 * width / bars[1])), [25, 100, 50]);
    assert.match(svg, />failed<\/text>/);
    assert.match(svg, /a &#60;b&#62;/);
    assert.equal(
      barChart({ title: "T", unit: "ms", series: ["x"], groups: [{ name: "a", values: ["no"] }] }),
      undefined,
    );
  });

  it("stand in the page as in the JSON", () => {
    const docs = new URL("../../docs/", import.meta.url);
    const page = readFileSync(new URL("benchmarks.md", docs), "utf8");
    const data: Record<string, { tables: unknown }> = JSON.parse(
      readFileSync(new URL("benchmarks.json", docs), "utf8"),
    );
    for (const [name, { tables }] of Object.entries(data)) {
      const [from, to] = [`<!-- bench ${name} -->`, `<!-- end of ${name} -->`].map((mark) => page.indexOf(mark));
      assert.ok(from >= 0 && to > from, name);
      assert.deepEqual(parseTables(page.slice(from, to)), tables, name);
    }
  });
});
