// Dependencies point one way: from the command to the public API, from there into src/, ffi/ and c/, and within src/
// and c/ from the upper rooms to the lower ones.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

/** The rooms, from the top. A file may use files of its own room and of those below it. ARCHITECTURE.md shows them. */
const order = [
  ["cli.ts", "cli"],
  ["mod.ts"],
  ["src/stream"],
  ["src/chunks"],
  ["src/endpoints"],
  ["src/run"],
  ["src/sound-file"],
  ["src/device"],
  ["src/ring"],
  ["src/samples"],
  ["src/library"],
  ["src/base"],
  ["ffi"],
];

const root = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const filesIn = (folder: string, extension: RegExp) =>
  (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => extension.test(name)).map((name) => `${folder}/${name.replaceAll(sep, "/")}`);

/** What each file refers to, by the paths of both. */
type Uses = ReadonlyMap<string, readonly string[]>;

const tsFiles = ["cli.ts", "mod.ts", ...["cli", "src", "ffi"].flatMap((folder) => filesIn(folder, /\.ts$/))];
/** Static imports and exports, and import() of a literal; worker-main.ts is started by its address. */
const imports: Uses = new Map(tsFiles.map((file) => {
  const text = read(file).replace(/^\s*(\*|\/\/).*$/gm, "");
  const specifiers = [...text.matchAll(/\b(?:from\s+|import\s*\(\s*|import\s+)"(\.[^"]+)"/g)].map((match) => match[1]);
  return [
    file,
    specifiers.map((specifier) => relative(root, join(root, dirname(file), specifier)).replaceAll(sep, "/")),
  ];
}));
const cFiles = filesIn("c", /\.[ch]$/);
const includes: Uses = new Map(cFiles.map((file) => {
  const names = [...read(file).matchAll(/^#include "([^"]+)"/gm)].map((match) => match[1]);
  return [
    file,
    names.map((name) => [`c/${name}`, `${dirname(file)}/${name}`].find((path) => cFiles.includes(path)) ?? `c/${name}`),
  ];
}));

const floorOf = (file: string) =>
  order.findIndex((rooms) => rooms.some((room) => file === room || file.startsWith(`${room}/`)));

/** A circle among the files, as the path that leads back to its start. */
function circle(uses: Uses): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    if (done.has(file)) return undefined;
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    path.push(file);
    for (const next of uses.get(file) ?? []) {
      const found = visit(next);
      if (found) return found;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of uses.keys()) {
    const found = visit(file);
    if (found) return found;
  }
  return undefined;
}

/** What is imported before anything runs: the files that are loaded with these, themselves too, and the modules. */
function loadedWith(...files: string[]): Set<string> {
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    if (!file.endsWith(".ts")) return;
    for (const [, specifier] of read(file).matchAll(/^(?:import|export) (?!type )(?:[^;"]*? from )?"([^"]+)";/gm)) {
      load(
        specifier.startsWith(".")
          ? relative(root, join(root, dirname(file), specifier)).replaceAll(sep, "/")
          : specifier,
      );
    }
  };
  files.forEach(load);
  return loaded;
}

describe("imports", () => {
  it("are found, and lead to files that exist", () => {
    assert.ok(imports.get("mod.ts")!.length > 20);
    assert.ok(imports.get("cli/doctor/doctor.ts")!.includes("mod.ts"));
    for (const [file, used] of imports) {
      for (const path of used) assert.ok(imports.has(path), `${file} imports ${path}, which does not exist`);
    }
  });

  it("never climb", () => {
    for (const [file, used] of imports) {
      assert.ok(floorOf(file) >= 0, `${file} is in no room of this test`);
      for (const path of used) {
        assert.ok(floorOf(path) >= floorOf(file), `${file} imports ${path}, which is in a room above it`);
      }
    }
  });

  it("of the command are of mod.ts and of itself only", () => {
    const foreign = [...imports].filter(([file]) => file.startsWith("cli")).flatMap(([file, used]) =>
      used.filter((path) => path !== "mod.ts" && !path.startsWith("cli/")).map((path) => `${file} imports ${path}`)
    );
    assert.deepEqual(foreign, []);
  });

  it("of --help and of the parser do not load the library, which takes longer than both", () => {
    const loaded = loadedWith("cli/main.ts", "cli/commands.ts", "cli/manual/help.ts", "cli/options/parse.ts");
    assert.ok(loaded.has("cli/options/options.ts") && loaded.has("cli/about.ts"));
    assert.deepEqual([...loaded].filter((file) => !/^(cli\/|node:)/.test(file)), []);
  });

  it("of playing are no built-in modules, which take Deno and Bun 5 to 15 ms each", () => {
    const loaded = loadedWith("cli/main.ts", "cli/commands.ts", "cli/options/parse.ts", "cli/stream/stream.ts");
    assert.deepEqual([...loaded].filter((file) => !file.endsWith(".ts")), []);
  });

  it("of the library are no built-in modules, with which a program on Deno takes 8 ms longer to start", () => {
    const loaded = loadedWith("mod.ts");
    assert.ok(loaded.has("src/base/poller.ts") && loaded.has("ffi/load.ts"));
    assert.deepEqual([...loaded].filter((file) => !file.endsWith(".ts")), []);
  });

  it("form no circle", () => {
    assert.deepEqual(circle(imports), undefined);
    assert.deepEqual(circle(new Map([["a", ["b"]], ["b", ["c"]], ["c", ["b"]]])), ["b", "c", "b"]);
  });
});

describe("#includes of C", () => {
  it("are found, and lead to files that exist", () => {
    assert.ok(includes.get("c/stream/stream.c")!.includes("c/stream/state.h"));
    for (const [file, used] of includes) {
      for (const path of used) assert.ok(cFiles.includes(path), `${file} includes ${path}, which does not exist`);
    }
  });

  it("form no circle", () => assert.deepEqual(circle(includes), undefined));
});
