// Streams and the process that they run in.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runTs } from "../helpers/runtime.ts";

const program = new URL("../programs/keep-alive.ts", import.meta.url);

describe("a process", () => {
  const cases: [how: string, expected: string][] = [
    ["", "played"],
    ["unref", "cut short"],
    ["fail", "aborted"],
    ["worker", "cut short"],
  ];
  for (const [how, expected] of cases) {
    it(`with a running stream: ${how || "as it is"}`, async () => {
      const { code, signal, stdout, stderr } = await runTs(program, { args: [how] });
      assert.deepEqual({ code, signal, stdout: stdout.trim(), stderr }, {
        code: 0,
        signal: null,
        stdout: expected,
        stderr: "",
      });
    });
  }
});
