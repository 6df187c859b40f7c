// InputStream, OutputStream and DuplexStream each declare all of their members, so that each page of the documentation
// lists them. What they have in common is written alike.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { DuplexStream, InputStream, OutputStream } from "../../mod.ts";

const classes = { InputStream, OutputStream, DuplexStream };
const files = { InputStream: "input-stream", OutputStream: "output-stream", DuplexStream: "duplex-stream" };
type Name = keyof typeof classes;
const names = Object.keys(classes) as Name[];

/** What lies between the braces of a declaration that begins and ends at the start of a line. */
function bodyOf(kind: "class" | "interface", name: Name): string {
  const text = readFileSync(new URL(`../../src/stream/${files[name]}.ts`, import.meta.url), "utf8");
  const [, body] = new RegExp(`^export ${kind} ${name}\\b[^{]*\\{\\n([\\s\\S]*?)^\\}`, "m").exec(text)!;
  return body;
}

/** The members of a class by name, each with its comment: blank lines stand between them. */
function membersOf(name: Name): Map<string, string> {
  const members = new Map<string, string>();
  for (const text of bodyOf("class", name).split("\n\n")) {
    const code = text.replace(/^\s*\/\*\*[\s\S]*?\*\/\n/, "");
    const [, member] = /^\s*(?:static )?(?:async )?(?:override )?((?:get |set )?\w+)/.exec(code)!;
    members.set(member, text.trim());
  }
  return members;
}

/** Of these a DuplexStream has a pair. */
const pairs = ["constructor", "open", "fromFile", "get device", "get channels", "get dtype", "get sampleSize"];
const different = new Set([...pairs, "get latency"]);

describe("the stream classes", () => {
  it("declare every member that they have", () => {
    for (const name of names) {
      const declared = new Set([...bodyOf("interface", name).matchAll(/^ {2}(?:get )?(\w+|\[Symbol\.\w+\])/gm)].map(
        ([, member]) => member,
      ));
      for (const member of membersOf(name).keys()) declared.add(member.replace(/^[gs]et /, ""));
      const inherited = Reflect.ownKeys(Object.getPrototypeOf(classes[name].prototype)).map((key) =>
        key === Symbol.asyncDispose ? "[Symbol.asyncDispose]" : String(key)
      );
      const wanted = inherited.filter((member) => !/^constructor$|inspect/i.test(member));
      assert.ok(wanted.length > 25);
      assert.deepEqual(wanted.filter((member) => !declared.has(member)), [], name);
    }
  });

  it("declare what they share with all streams alike", () => {
    for (const name of names) assert.equal(bodyOf("interface", name), bodyOf("interface", "InputStream"), name);
  });

  it("of one direction write their members as DuplexStream does", () => {
    const duplex = membersOf("DuplexStream");
    const alike = (text: string) => text.replace(/\s+/g, " ").replaceAll("<O>", "<D>").replaceAll(/, ?\)/g, ")");
    for (const name of ["InputStream", "OutputStream"] as const) {
      const members = [...membersOf(name)].filter(([member]) => !different.has(member));
      assert.ok(members.length > 8);
      for (const [member, text] of members) {
        assert.equal(alike(text), alike(duplex.get(member) ?? "nothing"), `${member} of ${name}`);
      }
    }
  });
});
