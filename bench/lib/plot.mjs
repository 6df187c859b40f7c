// A bar chart as SVG, readable on light and dark pages: it brings its own background.
import { numberIn } from "./tables.mjs";

const [WIDTH, BAR, GAP, HEAD] = [760, 15, 12, 62];
const colours = ["#2f6fdb", "#d9730d", "#1a936f", "#8e4ec6", "#b8336a", "#5f6b7a"];

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

function text(x, y, words, { anchor = "start", kind = "" } = {}) {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escape(words)}</text>`;
}

/**
 * Bars, as SVG; undefined if there is no number. `values` are cells of tables, one of each series; of what is no number
 * the words stand there. `log` is for values that differ by more than a few times; `line` is a value that is marked.
 *
 * @param {{ title: string, unit: string, series: string[], groups: { name: string, values: string[] }[],
 *   log?: boolean, line?: { value: number, name: string } }} chart
 */
export function barChart({ title, unit, series, groups, log = false, line }) {
  const numbers = groups.flatMap(({ values }) => values.map(numberIn)).filter((value) => value > 0);
  if (numbers.length === 0) return undefined;
  const most = Math.max(...numbers, line?.value ?? 0);
  const least = log ? 10 ** Math.floor(Math.log10(Math.min(...numbers)) - 0.01) : 0;
  const label = Math.max(...groups.map(({ name }) => 30 + 7 * name.length));
  const room = WIDTH - label - 70;
  const share = (value) => log ? Math.log(value / least) / Math.log(most / least) : value / most;
  const widthOf = (value) => value > 0 ? Math.max(1, room * share(value)) : 1;
  const parts = [];
  let y = HEAD;
  for (const { name, values } of groups) {
    const shown = values.map((value, s) => ({ value, s })).filter(({ value }) => value);
    const height = shown.length * BAR;
    parts.push(text(label - 10, y + height / 2 + 4, name, { anchor: "end" }));
    shown.forEach(({ value, s }, row) => {
      const [top, number] = [y + row * BAR, numberIn(value)];
      if (!Number.isFinite(number)) {
        parts.push(text(label + 5, top + 11.5, value.slice(0, 60), { kind: "small" }));
        return;
      }
      const width = widthOf(number).toFixed(1);
      const fill = colours[s % colours.length];
      parts.push(
        `<rect x="${label}" y="${top + 1}" width="${width}" height="${BAR - 2}" rx="2" fill="${fill}"/>`,
        text(label + Number(width) + 5, top + 11.5, value, { kind: "small" }),
      );
    });
    y += height + GAP;
  }
  if (line) {
    const x = (label + widthOf(line.value)).toFixed(1);
    parts.push(
      `<path d="M${x} ${HEAD - 6}V${y - GAP + 4}" class="line"/>`,
      text(x, HEAD - 10, line.name, { anchor: "middle", kind: "small" }),
    );
  }
  let x = 16;
  const legend = series.length < 2 ? [] : series.map((name, s) => {
    const part = `<rect x="${x}" y="32" width="11" height="11" rx="2" fill="${colours[s % colours.length]}"/>` +
      text(x + 16, 42, name, { kind: "small" });
    x += 34 + 6.6 * name.length;
    return part;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 4}" role="img" aria-label="${escape(title)}">`,
    "<style>",
    ".page{fill:#fff;stroke:#d0d7de}text{font:13px system-ui,sans-serif;fill:#1f2328}.small{font-size:11.5px}",
    ".head{font-weight:600}.line{stroke:#1f2328;stroke-dasharray:4 3;fill:none}",
    "@media(prefers-color-scheme:dark){.page{fill:#161b22;stroke:#3d444d}text{fill:#e6edf3}.line{stroke:#e6edf3}}",
    "</style>",
    `<rect class="page" x=".5" y=".5" width="${WIDTH - 1}" height="${y + 3}" rx="8"/>`,
    text(16, 22, `${title}: ${unit}${log ? ", on a logarithmic scale" : ""}`, { kind: "head" }),
    ...legend,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
