// The live view in a terminal: what stands on its screen, and how it is left.
// On one Node: it plays for several seconds.
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { after, describe, it } from "node:test";
import { Dots } from "../../cli/scope/terminal/dots.ts";
import { pictureOf, type Scene } from "../../cli/scope/terminal/picture.ts";
import { resolutionOf } from "../../cli/scope/reducer.ts";
import { writeFile } from "../../mod.ts";
import { cliFile, ended, fail, lacking, shellCommand, temporaryFolder } from "../helpers/cli.ts";
import { commandFor } from "../helpers/runtime.ts";

const RATE = 48000;
const { path, remove } = temporaryFolder();
after(remove);
const tone = path("tone.wav");
const samples = Float32Array.from({ length: RATE }, (_, i) => 0.25 * Math.sin(2 * Math.PI * 1000 * i / RATE));
await writeFile(tone, samples, { sampleRate: RATE, channels: 1, subtype: "FLOAT" });
const args = ["scope", "--terminal", "-D", "virtual", "-c1", "--loop", tone];

// deno-lint-ignore no-control-regex
const SEQUENCE = /^\x1b\[(\??)([\d;]*)([A-Za-z])/;

/** What a terminal would show of this, as far as the view uses one. */
function screenOf(text: string): { lines: string[]; isOther: boolean; hasCursor: boolean; isColoured: boolean } {
  let cells = new Map<number, string[]>();
  let [line, column] = [1, 1];
  let [isOther, hasCursor, isColoured] = [false, true, false];
  for (let at = 0; at < text.length;) {
    const [whole, isPrivate, value, command] = SEQUENCE.exec(text.slice(at, at + 20)) ?? [text[at], "", "", ""];
    at += whole.length;
    if (isPrivate && value === "1049") isOther = command === "h";
    else if (isPrivate && value === "25") hasCursor = command === "h";
    else if (command === "H") [line, column] = value.split(";").map(Number);
    else if (command === "J") cells = new Map();
    else if (command === "m") isColoured ||= true;
    else {
      const row = cells.get(line) ?? cells.set(line, []).get(line)!;
      row[column++ - 1] = whole;
    }
  }
  const lines = Array.from({ length: Math.max(0, ...cells.keys()) }, (_, i) => (cells.get(i + 1) ?? []).join(""));
  return { lines, isOther, hasCursor, isColoured };
}

/** The command on a terminal of its own. */
class Terminal {
  text = "";
  readonly ended: ReturnType<typeof ended>;
  readonly #child: ChildProcess;

  constructor(columns: number, rows: number, env: Record<string, string> = {}) {
    const command = `stty cols ${columns} rows ${rows}; tty; echo $$; exec ${shellCommand(args)}`;
    this.#child = spawn("script", ["-q", "-e", "-f", "-c", command, "/dev/null"], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TERM: "xterm", NO_COLOR: "", ...env },
    });
    this.#child.stdout!.setEncoding("utf8").on("data", (part) => void (this.text += part));
    this.ended = ended(this.#child);
  }

  /** What follows the two lines with the terminal's name and the process's number. */
  get shown(): ReturnType<typeof screenOf> {
    return screenOf(this.text.slice(this.text.indexOf("\x1b")));
  }

  async until(condition: (screen: ReturnType<typeof screenOf>) => boolean): Promise<void> {
    for (let waited = 0; !condition(this.shown); waited += 50) {
      assert.ok(waited < 20_000, this.shown.lines.join("\n"));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  resize(columns: number, rows: number): void {
    const [name] = this.text.split(/\r?\n/);
    assert.equal(spawnSync("stty", ["-F", name, "cols", `${columns}`, "rows", `${rows}`]).status, 0);
  }

  async end(signal: "SIGINT" | "SIGTERM"): Promise<number | null> {
    process.kill(Number(this.text.split(/\r?\n/)[1]), signal);
    return (await this.ended).code;
  }
}

/** The column of the axis, from 0 on, under which the highest dots stand. */
function highestColumn(lines: readonly string[]): number {
  const line = lines.slice(1).find((line) => /[⠁-⣿]/.test(line))!;
  return line.search(/[⠁-⣿]/);
}

const hasTone = ({ lines }: ReturnType<typeof screenOf>) =>
  /^Peak (99\d|100\d)\.\d Hz, −1[12]\.\d dB/.test(lines.at(-1) ?? "");

describe("the live view in a terminal", { skip: lacking("script") }, () => {
  it("shows spectrum, meters and readings, follows the size, and leaves the screen as it was", async () => {
    const terminal = new Terminal(80, 24);
    await terminal.until(hasTone);
    for (const [columns, rows] of [[80, 24], [61, 15], [100, 30]]) {
      terminal.resize(columns, rows);
      await terminal.until(({ lines }) => lines.length === rows && lines[0].length === columns);
      await terminal.until(hasTone);
      const { lines, isOther, hasCursor, isColoured } = terminal.shown;
      assert.deepEqual([isOther, hasCursor, isColoured], [true, false, true]);
      for (const line of lines) assert.ok(line.length <= columns, `${line.length} columns: ${line}`);
      assert.match(lines[0], /^pastream scope {2}virtual, 48 kHz; plays tone\.wav +\d+:\d\d\.\d$/);
      const axis = lines.findIndex((line) => /^ +20 +.*1k/.test(line));
      assert.ok(Math.abs(highestColumn(lines) - lines[axis].indexOf("1k")) <= 1, lines.join("\n"));
      assert.match(lines[axis + 1], /^In 1 +█+.* −12\.0 dB/);
      assert.match(lines[axis + 2], /^Out 1 +█+.* −12\.0 dB/);
      assert.equal(axis + 4, rows);
    }
    assert.equal(await terminal.end("SIGINT"), 130);
    const { isOther, hasCursor } = terminal.shown;
    assert.deepEqual([isOther, hasCursor], [false, true]);
    assert.ok(terminal.text.endsWith("\x1b[?25h\x1b[?1049l"));
  });

  it("has no colours where they are not wanted", async () => {
    for (const [name, value] of [["NO_COLOR", "1"], ["TERM", "dumb"]]) {
      const terminal = new Terminal(80, 24, { [name]: value });
      await terminal.until(hasTone);
      assert.equal(terminal.shown.isColoured, false);
      assert.equal(await terminal.end("SIGTERM"), 143);
    }
  });

  it("is a line per second where there is no terminal", async () => {
    const [program, ...words] = commandFor(cliFile, args);
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    child.stdout!.setEncoding("utf8").on("data", (part) => void (text += part));
    const end = ended(child);
    while (text.split("\n").length < 4) await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill(child.pid!, "SIGINT");
    assert.deepEqual(await end, { code: 130, signal: null, stderr: "" });
    const lines = text.trimEnd().split("\n").slice(1);
    for (const line of lines) {
      const [time, ...parts] = line.split("  ");
      assert.match(time, /^0:\d\d\.\d$/);
      assert.deepEqual([parts[0], parts[1], parts[3]], ["In 1 −12.0 dB", "Out 1 −12.0 dB", "xruns 0"]);
      assert.match(parts[2], /^peak (99\d|100\d)\.\d Hz, −1[12]\.\d dB$/);
    }
  });

  it("belongs to scope", async () => {
    await fail(2, /--terminal is for scope/, "--terminal", "a.wav");
  });
});

describe("the picture of the view", () => {
  const scene: Scene = {
    state: {
      phase: "running",
      error: null,
      device: "Virtual: virtual",
      name: "virtual",
      sampleRate: RATE,
      channels: 2,
      latency: 0.01,
      resolution: resolutionOf(RATE),
      choice: { channel: 0, fftSize: 512 },
      playback: null,
      recording: null,
      recordings: [],
    },
    status: undefined,
    levels: { input: [{ peak: 1, rms: 0.5 }, { peak: 0, rms: 0 }], output: [] },
    row: new Float32Array(256).fill(255),
    held: new Float32Array(256).fill(255),
  };

  it("fits every size", () => {
    for (let columns = 1; columns <= 130; columns += 3) {
      for (let rows = 1; rows <= 40; rows++) {
        const lines = pictureOf(scene, { columns, rows }, false);
        assert.ok(lines.length <= rows, `${columns} x ${rows}`);
        for (const line of lines) assert.ok([...line].length <= columns, `${columns} x ${rows}: ${line}`);
      }
    }
  });

  it("shows names that a terminal would obey", () => {
    const state = { ...scene.state, name: "\x1b[2Jmic\n", playback: "\x07.wav" };
    const [head] = pictureOf({ ...scene, state }, { columns: 80, rows: 24 }, false);
    assert.match(head, /^pastream scope {2}\\u001b\[2Jmic , 48 kHz; plays \\u0007\.wav /);
  });

  it("counts two columns for wide characters, and none for marks", () => {
    const state = { ...scene.state, name: "内蔵マイク e\u0301" };
    for (const [columns, cut] of [[80, "内蔵マイク e\u0301, 48 kHz"], [32, "内蔵マイ "]] as const) {
      const [head] = pictureOf({ ...scene, state }, { columns, rows: 24 }, false);
      assert.ok(head.startsWith(`pastream scope  ${cut}`), head);
      assert.equal([...head].length, columns - (columns === 80 ? 5 - 1 : 4));
    }
  });

  it("marks full scale", () => {
    const lines = pictureOf(scene, { columns: 80, rows: 24 }, false);
    assert.match(lines.find((line) => line.startsWith("In 1"))!, /0\.0 dB CLIP$/);
    assert.match(lines.find((line) => line.startsWith("In 2"))!, /−∞ dB +$/);
  });

  it("is the same without its colours", () => {
    const size = { columns: 80, rows: 24 };
    // deno-lint-ignore no-control-regex
    const bare = pictureOf(scene, size, true).map((line) => line.replace(/\x1b\[\d+m/g, ""));
    assert.deepEqual(bare, pictureOf(scene, size, false));
  });

  it("draws dots with braille", () => {
    const dots = new Dots(2, 1);
    dots.set(0, 0);
    dots.set(3, 3);
    assert.equal(dots.line(0), "⠁⢀");
    for (let x = 0; x < 4; x++) for (let y = 0; y < 4; y++) dots.set(x, y);
    assert.equal(dots.line(0), "⣿⣿");
    assert.equal(new Dots(2, 1).line(0), "  ");
  });
});
