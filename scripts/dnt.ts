// Declarations of all modules, by dnt: deno run -A scripts/dnt.ts MODULE SOURCES OUT
// MODULE is dnt's address; SOURCES is a folder as build-package.mjs lays it out. The result lies in OUT/esm.
import { join } from "node:path";
import process from "node:process";

const [dnt, sources, outDir] = process.argv.slice(2);
const { build } = await import(dnt);

await build({
  entryPoints: [
    join(sources, "mod.ts"),
    { kind: "export", name: "./cli", path: join(sources, "cli.ts") },
    { kind: "export", name: "./scope", path: join(sources, "cli", "scope", "scope.ts") },
  ],
  outDir,
  package: { name: "pastream", version: "0.0.0" }, // build-npm.mjs writes the real one
  shims: {},
  scriptModule: false,
  declaration: "inline",
  // Its TypeScript is older than Deno's, which has checked them.
  typeCheck: false,
  test: false,
  skipNpmInstall: true,
  skipSourceOutput: true,
  // Newer than anything that dnt would add a polyfill for.
  compilerOptions: { target: "ES2022", lib: ["ES2022", "ESNext.Disposable", "DOM"] },
});
