// Makes one file of each entry of the npm package, with its source map: an import loads one module, not eighty.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { build } from "esbuild";

/** Leaves these modules, named by the ends of their paths, to another entry. */
const entriesOfTheirOwn = (table) => ({
  name: "entries of their own",
  setup({ onResolve }) {
    onResolve({ filter: /\.ts$/ }, ({ path, kind }) => {
      const end = kind === "entry-point" ? undefined : Object.keys(table).find((end) => path.endsWith(end));
      return end && { path: table[end], external: true };
    });
  },
});

/** Source maps name sources as they lie in the repository. */
function nameSources(map, sources, out) {
  const parsed = JSON.parse(readFileSync(map, "utf8"));
  const name = (source) => relative(sources, join(dirname(map), source)).replaceAll("\\", "/");
  const depth = relative(dirname(map), out) || ".";
  parsed.sources = parsed.sources.map((source) => posix.join(depth, name(source)));
  writeFileSync(map, JSON.stringify(parsed));
}

/**
 * A class that names itself gets another name from esbuild: `var Stream = class _Stream`. Users see the names of
 * classes, and `keepNames` would set the names of a thousand functions at each start.
 */
function restoreClassNames(file) {
  const text = readFileSync(file, "utf8");
  const names = [...text.matchAll(/^var (\w+) = class _\1\b/gm)].map(([, name]) => name);
  writeFileSync(file, names.reduce((text, name) => text.replace(new RegExp(`\\b_${name}\\b`, "g"), name), text));
}

/**
 * Bundles the sources in a folder into `out`: cli.js, and in lib/ mod.js, scope.js and worker-main.js. Modules look for
 * files beside them from one folder below the package's own, as they do in src/ and ffi/.
 */
export async function bundleModules(sources, out) {
  const common = {
    absWorkingDir: sources,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    legalComments: "none",
    sourcemap: true,
    sourcesContent: false, // Deno reads the maps at each start: with the sources in them it takes 4 ms longer
    metafile: true,
    logLevel: "warning",
  };
  const lib = join(out, "lib");
  const results = await Promise.all([
    build({ ...common, outdir: lib, entryPoints: { mod: "mod.ts", "worker-main": "src/endpoints/worker-main.ts" } }),
    build({
      ...common,
      outdir: lib,
      splitting: true, // what the two have in common
      chunkNames: "scope-[hash]",
      entryPoints: { scope: "cli/scope/scope.ts", "scope-command": "cli/scope/command.ts" },
      plugins: [entriesOfTheirOwn({ "/mod.ts": "./mod.js" })],
    }),
    build({
      ...common,
      outdir: out,
      banner: { js: "#!/usr/bin/env node" }, // by which a shell finds Node
      entryPoints: { cli: "cli.ts" },
      plugins: [entriesOfTheirOwn({ "/mod.ts": "./lib/mod.js", "/scope/command.ts": "./lib/scope-command.js" })],
    }),
  ]);
  const files = results.flatMap(({ metafile }) => Object.keys(metafile.outputs)).map((file) => join(sources, file));
  for (const file of files) file.endsWith(".map") ? nameSources(file, sources, out) : restoreClassNames(file);
}
