// Which columns of the benchmarks' tables are drawn, and how.
import { barChart } from "./plot.mjs";

const plain = (text) => text.replaceAll("`", "");

/** Rows of a table of one program: a bar for each of these columns. */
function ofColumns(table, columns, rows = table.rows) {
  const at = columns.map((column) => table.columns.indexOf(column));
  return {
    series: columns,
    groups: rows.map(({ name, cells }) => ({ name: plain(name), values: at.map((c) => cells[c]) })),
  };
}

/** Rows of a table of all runtimes, those of one value: a bar for each runtime. */
function ofRuntimes(table, value) {
  const runtimes = table.columns.map((name, c) => ({ name, c })).slice(1).filter(({ name }) => name !== "target");
  let name = "";
  const groups = [];
  for (const row of table.rows) {
    name = row.name || name;
    if (row.cells[0] === value) groups.push({ name: plain(name), values: runtimes.map(({ c }) => row.cells[c]) });
  }
  return { series: runtimes.map(({ name }) => name), groups };
}

/** Each plot: the benchmark, the number of the table, and what is drawn of it. */
const drawn = [
  {
    bench: "callback",
    name: "whole-callback",
    find: (table) => table.name.includes("whole callback"),
    title: "The whole audio callback",
    unit: "nanoseconds",
    of: (table) => ({ ...ofColumns(table, ["ns", "memcpy"]), series: ["all of it", "memcpy of the same bytes"] }),
  },
  {
    bench: "callback",
    name: "resampler",
    find: (table) => table.columns.includes("soxr HQ"),
    title: "Sample rate conversion",
    unit: "us of one core for a second of sound",
    of: (table) => ofColumns(table, table.columns.slice(0, -2)),
    log: true,
  },
  {
    bench: "chunks",
    title: "chunks() of a device without a clock",
    unit: "millions in a second",
    of: (table) => ofRuntimes(table, "millions in a second"),
  },
  {
    bench: "latency",
    title: "A chunk is in hand after the device's callback",
    unit: "ms, the median",
    of: (table) => ofRuntimes(table, "p50 ms"),
  },
  {
    bench: "files",
    title: "Sound files, against C over libsndfile",
    unit: "processor time, C = 1",
    of: (table) => ofRuntimes(table, "ratio of CPU"),
    line: { value: 1, name: "C" },
  },
  {
    bench: "convert",
    title: "From file to file, against sox",
    unit: "processor time, sox = 1",
    of: (table) => ofRuntimes(table, "ratio"),
    line: { value: 1, name: "sox" },
  },
  {
    bench: "start",
    title: "More than an empty script",
    unit: "milliseconds",
    of: (table) => ofRuntimes(table, "ms"),
  },
  {
    bench: "pulse",
    name: "pulse-playing",
    title: "Playing a file over PulseAudio",
    unit: "% of a processor",
    of: (table) => ofColumns(table, table.columns),
  },
  {
    bench: "pulse",
    name: "pulse-recording",
    find: (table) => table.name.startsWith("recording"),
    title: "Recording a file over PulseAudio",
    unit: "% of a processor",
    of: (table) => ofColumns(table, table.columns),
  },
];

/** The plots of a benchmark: { name of the file, title, svg }. */
export function plots(bench, tables) {
  return drawn.filter((plot) => plot.bench === bench).flatMap(({ name, find, of, ...rest }) => {
    const table = find ? tables.find(find) : tables[0];
    const svg = table && barChart({ ...rest, ...of(table) });
    return svg ? [{ name: `bench-${name ?? bench}.svg`, title: `${rest.title}: ${rest.unit}`, svg }] : [];
  });
}
