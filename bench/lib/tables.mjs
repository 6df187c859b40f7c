// Tables in Markdown: read from what a benchmark prints, joined over runtimes, written.

/** A cell that says nothing. */
export const NONE = "";

/** The number in a cell, or NaN. */
export const numberIn = (cell) => Number.parseFloat(String(cell ?? NONE).replace(/^[+<]/, ""));

/** The tables in a text: { name, columns, rows: [{ name, cells }] }. */
export function parseTables(text) {
  const tables = [];
  let table;
  for (const line of text.split("\n")) {
    if (!line.startsWith("|")) {
      table = undefined;
      continue;
    }
    const [name, ...cells] = line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll(/\s+/g, " "));
    if (/^:?-+:?$/.test(name)) continue;
    if (table) table.rows.push({ name, cells });
    else tables.push(table = { name, columns: cells, rows: [] });
  }
  return tables;
}

/**
 * Tables of the same name, one of each runtime, as one: { runtime: table } becomes a table with a column for each
 * runtime and a row for each row and column of them.
 */
export function joinTables(tables) {
  const [first] = Object.values(tables);
  const values = first.columns.filter((column) => column !== "target");
  const targetAt = first.columns.indexOf("target");
  const rows = first.rows.flatMap((row, r) =>
    values.map((value, v) => {
      const at = first.columns.indexOf(value);
      const cells = Object.values(tables).map((table) => table.rows[r]?.cells[at] ?? NONE);
      const target = targetAt >= 0 && v === targetAt - 1 ? row.cells[targetAt] : NONE;
      return { name: v === 0 ? row.name : NONE, cells: [value, ...cells, ...(targetAt >= 0 ? [target] : [])] };
    })
  );
  return { name: first.name, columns: [NONE, ...Object.keys(tables), ...(targetAt >= 0 ? ["target"] : [])], rows };
}

/** A table as lines. Columns of words stay at the left. */
export function writeTable({ name, columns, rows }) {
  const rules = columns.map((_, c) =>
    rows.every(({ cells }) => /^[+<]?[\d.]*$/.test(cells[c] ?? NONE)) ? "--:" : "---"
  );
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll("|", "/")).join(" | ")} |`;
  return [line([name, ...columns]), line(["---", ...rules]), ...rows.map((row) => line([row.name, ...row.cells]))];
}
