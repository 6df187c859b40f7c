// Makes one file of each entry of the npm package, with its source map: an import loads one module, not eighty.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import process from "node:process";
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

/**
 * Takes from Node's own modules what is used of them, and no more. An import makes Node evaluate all that the module
 * exports: the streams of node:fs, the terminals of node:process, for which it loads 30 other modules.
 */
const builtins = {
  name: "built-in modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "node" }));
    onLoad({ filter: /^/, namespace: "node" }, ({ path }) => {
      if (path === "node:process") return { contents: "export default globalThis.process;" };
      const names = Object.keys(process.getBuiltinModule(path)).filter((name) => /^\w+$/.test(name));
      const exported = names.map((name) => `export const ${name} = /* @__PURE__ */ take("${name}");`);
      return {
        contents: `const take = (name) => process.getBuiltinModule("${path}")[name];\n${exported.join("\n")}`,
      };
    });
  },
};

/** Source maps name sources as they lie in the repository. */
function nameSources(map, sources, out) {
  const parsed = JSON.parse(readFileSync(map, "utf8"));
  const name = (source) => relative(sources, join(dirname(map), source)).replaceAll("\\", "/");
  const depth = relative(dirname(map), out) || ".";
  parsed.sources = parsed.sources.map((source) => posix.join(depth, name(source)));
  writeFileSync(map, JSON.stringify(parsed));
}

/**
 * A class that names itself gets another name from esbuild: `var Stream=class _Stream`. Users see the names of
 * classes, and `keepNames` would set the names of a thousand functions at each start. What stands behind keeps its
 * column, which the source map has.
 */
function restoreClassNames(file) {
  const text = readFileSync(file, "utf8");
  const names = [...text.matchAll(/\b(\w+)=class _\1\b/g)].map(([, name]) => name);
  writeFileSync(file, names.reduce((text, name) => text.replace(new RegExp(`\\b_${name}\\b`, "g"), `${name} `), text));
}

/**
 * Bundles the sources in a folder into `out`: cli.js, and what it loads in lib/ beside mod.js, scope.js and
 * worker-main.js. Modules look for files beside them from one folder below the package's own, as they do in src/ and
 * ffi/.
 */
export async function bundleModules(sources, out) {
  const bundle = (folder, entryPoints, { others = {}, ...options } = {}) =>
    build({
      absWorkingDir: sources,
      outdir: join(out, folder),
      entryPoints,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      legalComments: "none",
      sourcemap: true,
      sourcesContent: false, // Deno reads the maps at each start: with the sources in them it takes 4 ms longer
      // Takes 2 ms of 10 from an import on Node. Names stay, for stack traces.
      minifyWhitespace: true,
      minifySyntax: true,
      lineLimit: 120, // Node prints the line that throws an error which nobody catches
      metafile: true,
      logLevel: "warning",
      plugins: [builtins, entriesOfTheirOwn(others)],
      ...options,
    });
  const results = await Promise.all([
    bundle("lib", { mod: "mod.ts", "worker-main": "src/endpoints/worker-main.ts", help: "cli/manual/help.ts" }),
    bundle("lib", { commands: "cli/commands.ts" }, {
      others: { "/mod.ts": "./mod.js", "/manual/help.ts": "./help.js", "/scope/command.ts": "./scope-command.js" },
    }),
    bundle("lib", { scope: "cli/scope/scope.ts", "scope-command": "cli/scope/command.ts" }, {
      others: { "/mod.ts": "./mod.js" },
      splitting: true, // what the two have in common
      chunkNames: "scope-[hash]",
    }),
    bundle("", { cli: "cli.ts" }, {
      others: { "/commands.ts": "./lib/commands.js", "/manual/help.ts": "./lib/help.js" },
      banner: { js: "#!/usr/bin/env node" }, // by which a shell finds Node
    }),
  ]);
  const files = results.flatMap(({ metafile }) => Object.keys(metafile.outputs)).map((file) => join(sources, file));
  for (const file of files) file.endsWith(".map") ? nameSources(file, sources, out) : restoreClassNames(file);
}
