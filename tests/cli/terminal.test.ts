// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { writeFile } from "../../mod.ts";
import { lacking, pastream, shellCommand, temporaryFolder } from "../helpers/cli.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;
const virtual = ["-D", "virtual"];

before(async () => {
  const samples = new Float32Array(48000 * 2 * 1.5).fill(0.5);
  await writeFile(path("half.wav"), samples, { sampleRate: 48000, channels: 2, subtype: "FLOAT" });
});

/** What the command writes to a terminal of this width. */
function onTerminal(columns: number, ...args: string[]): string {
  const command = `stty cols ${columns}; ${shellCommand([...virtual, ...args])}`;
  const { status } = spawnSync("script", ["-q", "-e", "-c", command, path("typescript")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  assert.equal(status, 0);
  return readFileSync(path("typescript"), "utf8");
}

describe("on a terminal", { skip: lacking("script") }, () => {
  it("a status line is written over and over, at most 10 times a second, cut to the width", () => {
    for (const columns of [100, 30]) {
      const begun = performance.now();
      const text = onTerminal(columns, path("half.wav"), path("out.wav"));
      const seconds = (performance.now() - begun) / 1000;
      // deno-lint-ignore no-control-regex
      const lines = [...text.matchAll(/\r([^\r\n]*)\x1b\[K/g)].map((match) => match[1]).filter((line) => line !== "");
      // On a busy machine they are fewer.
      assert.ok(lines.length >= 2 && lines.length <= 10 * seconds + 2, `${lines.length} status lines in ${seconds} s`);
      for (const line of lines) assert.ok(line.length < columns, line);
      assert.match(lines.at(-1)!, /^00:00:01\.5 \/ 00:00:01\.5 {2}0 xr/);
      if (columns === 100) {
        const whole = /0 xruns {2}\d+\.\d% load {2}\[=+\|? *\] +-6\.0 \[=+\|? *\] +-6\.0 dB$/;
        assert.ok(lines.some((line) => whole.test(line)), lines.join("\n"));
      }
      assert.match(text, /\n72000 frames, 1\.500 s, 0 xruns\r?\n/);
    }
  });

  it("--quiet and --json write no status line", () => {
    assert.doesNotMatch(onTerminal(80, "-q", path("half.wav"), "-d", "0.3"), /xruns/);
    const json = onTerminal(80, "--json", path("half.wav"), "-d", "0.3");
    assert.ok(!json.includes("\x1b"));
    assert.match(json, /\{"type":"end"/);
  });

  it("is no place to record to, nor to play from", () => {
    const refused = (message: RegExp, ...args: string[]) => {
      const { status } = spawnSync("script", ["-q", "-e", "-c", shellCommand(args), path("typescript")], {
        stdio: ["ignore", "ignore", "inherit"],
      });
      const text = readFileSync(path("typescript"), "utf8");
      assert.match(text, message);
      assert.equal(status, 2, text);
    };
    refused(/standard output is a terminal/, ...virtual, "-q", "null", "-", "-d", "0.1");
    refused(/standard input is a terminal/, ...virtual, "-q", "-", "-d", "0.1");
  });

  it("without one there is none", async () => {
    const { stderr } = await pastream([...virtual, path("half.wav")]);
    assert.ok(!stderr.includes("\r") && !stderr.includes("\x1b"), JSON.stringify(stderr));
  });
});
