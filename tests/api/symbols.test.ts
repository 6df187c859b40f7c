// The C header is the truth about the door to libpastream; what ffi/ says of it must be the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import * as constants from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { symbols } from "../../ffi/symbols.ts";
import { VERSION } from "../../src/library/version.ts";
import { versions } from "../../src/library/versions.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const header = read("c/pastream.h").replace(/\/\*[\s\S]*?\*\//g, "");

/** Every declaration of the header, on one line each. */
const declarations = [...header.matchAll(/^PS_API\s+([^;]+);/gm)].map(([, text]) => text.replace(/\s+/g, " "));

/** i32, f64 or buffer, for a C type (with or without the parameter's name). */
function kindOf(type: string): string {
  if (type.includes("*")) return "buffer";
  if (/^int32_t\b/.test(type)) return "i32";
  if (/^double\b/.test(type)) return "f64";
  throw new Error(`a type that must not pass the door: ${type}`);
}

describe("the symbol table", () => {
  it("has every function of the header, and no other", () => {
    const names = declarations.map((text) => /(\w+)\(/.exec(text)![1]);
    assert.ok(names.length > 70, `${names.length} declarations were found`);
    assert.deepEqual(Object.keys(symbols), names);
  });

  it("has the header's types", () => {
    for (const declaration of declarations) {
      const [, result, name, list] = /^(\w+) (\w+)\((.*)\)$/.exec(declaration)!;
      const parameters = list === "void" ? [] : list.split(", ").map(kindOf);
      assert.deepEqual(symbols[name as keyof typeof symbols], { parameters, result: kindOf(result) }, declaration);
    }
  });

  it("says each C declaration above its entry", () => {
    const comments = [...read("ffi/symbols.ts").matchAll(/^((?: {2}\/\/ .*\n)+) {2}(\w+): \{/gm)]
      .map(([, lines, name]) => ({ text: lines.replace(/\n? {2}\/\/ +/g, " ").trim(), name }));
    assert.deepEqual(comments.map(({ text }) => text), declarations);
    for (const { text, name } of comments) assert.ok(text.includes(` ${name}(`), `${text} stands above ${name}`);
  });

  it("is what the library has", () => {
    const functions = native();
    for (const name of Object.keys(symbols)) assert.equal(typeof functions[name as keyof typeof symbols], "function");
  });
});

describe("the constants", () => {
  it("are the header's, all of them", () => {
    const defines = [...header.matchAll(/^#define (PS_\w+) (\S+)/gm)].filter(([, name]) => name !== "PS_API");
    assert.ok(defines.length > 100, `${defines.length} constants were found`);
    const expected = Object.fromEntries(defines.map(([, name, value]) => [name, Number(value)]));
    assert.deepEqual({ ...constants }, expected);
  });
});

describe("the version", () => {
  it("is the same everywhere", () => {
    assert.equal(JSON.parse(read("deno.json")).version, VERSION);
    assert.equal(versions().native, VERSION);
    assert.equal(versions().pastream, VERSION);
    assert.equal(JSON.parse(read("package.json")).version ?? VERSION, VERSION);
  });
});
