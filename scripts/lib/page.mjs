// The page of the live view as a module, cli/scope/assets.ts: text that is in the program wherever that comes from.
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { root } from "./tools.mjs";

export const assetsFile = join(root, "cli", "scope", "assets.ts");

const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".ts": "text/javascript; charset=utf-8",
};

const LONGEST_PIECE = 90;

/** A text as strings of a line, or less where a line is long: no line of the module is longer than one of our own. */
function pieces(text) {
  return text.split(/(?<=\n)/).flatMap((line) => line.match(new RegExp(`[^]{1,${LONGEST_PIECE}}`, "gu")));
}

// tsx brings esbuild.
const { transformSync } = createRequire(createRequire(import.meta.url).resolve("tsx"))("esbuild");

/** What the browser gets: JavaScript, also of what the program itself uses. */
function read(path) {
  const text = readFileSync(path, "utf8");
  return path.endsWith(".ts") ? transformSync(text, { loader: "ts" }).code : text;
}

/** The text of the module. */
export function pageModule() {
  const page = join(root, "cli", "scope", "page");
  const plot = join(root, "node_modules", "uplot", "dist");
  const files = [
    ...readdirSync(page).sort().map((name) => [name, join(page, name)]),
    ["uplot.css", join(plot, "uPlot.min.css")],
    ["uplot.js", join(plot, "uPlot.iife.min.js")],
  ];
  const entries = files.map(([name, path]) => {
    const lines = pieces(read(path)).map((piece) => `      ${JSON.stringify(piece)},`);
    const type = JSON.stringify(types[extname(name)]);
    return `  ${JSON.stringify(name)}: {\n    type: ${type},\n    text: [\n${lines.join("\n")}\n    ].join(""),\n  },`;
  });
  return `// Made of page/ and of uPlot by scripts/build-page.mjs.
/** A file of the page. */
export interface Asset {
  readonly type: string;
  readonly text: string;
}

export const assets: Readonly<Record<string, Asset>> = {
${entries.join("\n")}
};
`;
}
