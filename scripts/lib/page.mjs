// The page of the live view as a module, cli/scope/assets.ts: text that is in the program wherever that comes from.
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { root } from "./tools.mjs";

export const assetsFile = join(root, "cli", "scope", "assets.ts");

const types = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

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
    const text = JSON.stringify(readFileSync(path, "utf8"));
    return `  ${JSON.stringify(name)}: { type: ${JSON.stringify(types[extname(name)])}, text: ${text} },`;
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
