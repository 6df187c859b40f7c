// Generates cli/scope/assets.ts, which holds the files of the live view's page as text.
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

/** Splits a text into lines, and long lines into pieces, so that the module has no line over 120 columns. */
function pieces(text) {
  return text.split(/(?<=\n)/).flatMap((line) => line.match(new RegExp(`[^]{1,${LONGEST_PIECE}}`, "gu")));
}

/** Removes the types from TypeScript. Loaded here: before the set-up there are no packages. esbuild comes with tsx. */
function withoutTypes(text) {
  const { transformSync } = createRequire(createRequire(import.meta.url).resolve("tsx"))("esbuild");
  return transformSync(text, { loader: "ts" }).code;
}

/** Reads a file as the browser gets it. */
function read(path) {
  const text = readFileSync(path, "utf8");
  return path.endsWith(".ts") ? withoutTypes(text) : text;
}

/** Returns the text of the module. */
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
  return `// Generated from page/ and uPlot by scripts/build-page.mjs.
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
