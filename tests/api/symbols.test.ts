// The C header is the truth about the door to libpastream; what ffi/ says of it must be the same.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
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

const NO_HANDLE = -5;

/** The arguments of a call, whose list begins at `from`. */
function argumentsAt(text: string, from: number): string[] {
  const args = [""];
  for (let at = from, depth = 0; depth > 0 || text[at] !== ")"; at++) {
    if ("([{".includes(text[at])) depth++;
    if (")]}".includes(text[at])) depth--;
    if (text[at] === "," && depth === 0) args.push("");
    else args[args.length - 1] += text[at];
  }
  return args.map((argument) => argument.trim());
}

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

describe("what passes the door", () => {
  it("is never a number that is both result and status: a function of doubles returns NaN without its object", () => {
    const functions = native() as unknown as Record<string, (...args: unknown[]) => number>;
    const doubles = Object.entries(symbols).filter(([, { result }]) => result === "f64");
    assert.ok(doubles.length > 5);
    for (const [name, { parameters }] of doubles) {
      const args = parameters.map((kind, i) => kind === "buffer" ? null : i === 0 ? NO_HANDLE : 0);
      assert.ok(Number.isNaN(functions[name](...args)), name);
      assert.equal(functions.ps_error_number(constants.PS_ERROR_STATUS), constants.PS_ERR_HANDLE, name);
    }
  });

  it("has a name: no call in src/ passes a bare number for what a number stands for", () => {
    const named = /\b(what|which|end|whence|kind|direction|tag|origin|command|mode)$/;
    const parameters = new Map(declarations.map((text) => {
      const [, name, list] = /(\w+)\((.*)\)/.exec(text)!;
      return [name, list.split(", ")];
    }));
    const folder = new URL("../../src/", import.meta.url);
    const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith(".ts"));
    const wrong: string[] = [];
    let calls = 0;
    for (const file of files) {
      const text = readFileSync(new URL(file, folder), "utf8");
      for (const [at, name] of [...text.matchAll(/\b(ps_\w+)\(/g)].map((match) => [match.index, match[1]] as const)) {
        const args = argumentsAt(text, at + name.length + 1);
        parameters.get(name)!.forEach((parameter, i) => {
          if (!named.test(parameter) || args[i] === undefined) return;
          calls++;
          if (/^-?\d/.test(args[i])) wrong.push(`${file}: ${name}(… ${args[i]} …) for ${parameter}`);
        });
      }
    }
    assert.ok(calls > 20, `${calls} arguments were looked at`);
    assert.deepEqual(wrong, []);
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
