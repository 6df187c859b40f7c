// The loader behind typescript.mjs: the output of tsx's esbuild is cached in build/, by the hash of its input.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";

const requireFromTsx = createRequire(createRequire(import.meta.url).resolve("tsx"));
const { version } = requireFromTsx("esbuild/package.json");
const folder = new URL("../../build/typescript/", import.meta.url);

/** Caches a file by one move, because other processes may be reading. Failures are ignored. */
function keep(file, text) {
  const temporary = new URL(`${file}.${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(temporary, text);
    renameSync(temporary, file);
  } catch {
    // It will be created again.
  }
}

async function javaScript(url) {
  const text = readFileSync(new URL(url), "utf8");
  const hash = createHash("sha256").update(`${version} ${url}\n${text}`).digest("hex");
  const kept = new URL(`${hash}.js`, folder);
  try {
    return readFileSync(kept, "utf8");
  } catch {
    const { code } = await requireFromTsx("esbuild").transform(text, {
      loader: "ts",
      format: "esm",
      target: "node20",
      sourcefile: fileURLToPath(url),
      sourcemap: "inline",
      // Nothing but types is taken away, as newer Nodes do it.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    keep(kept, code);
    return code;
  }
}

export async function load(url, context, nextLoad) {
  if (!/^file:.*\.m?ts$/.test(url)) return await nextLoad(url, context);
  return { format: "module", source: await javaScript(url), shortCircuit: true };
}
