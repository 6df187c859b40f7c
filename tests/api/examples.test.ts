// Every example runs as it stands.
// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { describe, it } from "node:test";
import { info } from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";

/** Runs an example on the virtual device in a folder of its own; answers its lines. */
async function run(name: string, args: string[] = [], look = (_folder: string) => {}): Promise<string[]> {
  const folder = mkdtempSync(joinPath(tmpdir(), "pastream-"));
  try {
    const example = new URL(`../../examples/${name}.ts`, import.meta.url);
    const { code, signal, stdout, stderr } = await runTs(example, { args: ["virtual", ...args], cwd: folder });
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" }, stdout);
    look(folder);
    return stdout.trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("an example", () => {
  it("records a second, then plays it", async () => {
    const [, recorded, played] = await run("record-then-play", ["0.5"]);
    assert.match(recorded, /^Recorded 24000 frames/);
    assert.equal(played, "Played 24000 frames.");
  });

  it("plays and records a file, padded", async () => {
    const lines = await run("play-and-record", ["2.25"], (folder) => {
      const recording = joinPath(folder, "recorded-2.25s.wav");
      assert.ok(existsSync(recording));
      const { frames, channels, subtype } = info(recording);
      assert.deepEqual([frames, channels, subtype], [108000, 2, "FLOAT"]);
    });
    assert.equal(lines.at(-1), "Recorded 108000 frames with 0 glitches.");
  });

  it("shows the spectrum of the live input", async () => {
    const lines = await run("spectrum", ["0.5"]);
    const count = Math.floor((24000 - 1024) / 1024);
    assert.ok(Math.abs(lines.length - count) <= 1, `${lines.length} lines`);
    // 440 Hz lie in the bin of 445 Hz, or with its neighbours.
    for (const line of lines.slice(2)) assert.match(line, /[▁▂▃▄▅▆▇█].* (422|445|469) Hz$/);
  });

  it("plays a tone of a function", async () => {
    assert.deepEqual(await run("tone", ["0.5"]), ["Played 24000 frames of a tone with 0 glitches."]);
  });

  it("plays a tone of a worker while its own thread is busy", async () => {
    assert.deepEqual(await run("tone-in-worker", ["1"]), [
      "After being busy for 0.5 s: 0 glitches.",
      "Played 48000 frames of a tone with 0 glitches.",
    ]);
  });

  it("is the demo", async () => {
    const lines = await run("demo");
    assert.match(lines.join("\n"), /Played .*sample\.wav|Playing/);
  });
});
