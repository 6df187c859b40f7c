// Programs in the documents that are marked "ts run" run as they were copied, in a project where `pastream` is the only
// package. (That the others have the right types is one of the checks.)
// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { readFile, writeFile } from "../../mod.ts";
import { emptyProject } from "../helpers/project.ts";
import { commandFor } from "../helpers/runtime.ts";
import { webSocketServer } from "../helpers/websocket.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const project = emptyProject();

/** The programs of a document, in order. */
function programsOf(name: string): string[] {
  const text = readFileSync(join(root, name), "utf8");
  return [...text.matchAll(/^```ts run\n(.*?)^```/gms)].map(([, program]) => program);
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let count = 0;

/** Runs a program, to its end or until `enough` of what it prints is there, when it is interrupted. */
async function run(program: string, enough?: (stdout: string) => boolean): Promise<Ended> {
  const file = join(project, `program-${count++}.mjs`);
  writeFileSync(file, program);
  const [command, ...args] = commandFor(file);
  const child = spawn(command, args, {
    cwd: project,
    env: { ...process.env, PASTREAM_DEVICE: "virtual", NO_COLOR: "1" },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (part) => {
    stdout += part;
    if (enough?.(stdout)) child.kill("SIGINT");
  });
  child.stderr.setEncoding("utf8").on("data", (part) => void (stderr += part));
  const killer = setTimeout(() => child.kill("SIGKILL"), 200_000);
  const [code] = await once(child, "close");
  clearTimeout(killer);
  return { code, stdout, stderr };
}

/** Runs a program that has to end well. */
async function runWell(program: string): Promise<string> {
  const { code, stdout, stderr } = await run(program);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, program);
  return stdout;
}

describe("the README's program", () => {
  const [recordThenPlay, padded, spectrum, tone, toWebSocket, ...others] = programsOf("README.md");

  const sweep = Float32Array.from({ length: 24000 }, (_, i) => 0.5 * Math.sin(i * i / 60000));
  let paddedRun: Promise<Ended>; // the others run while this one waits for its ten seconds
  before(async () => {
    await writeFile(join(project, "sweep.wav"), sweep, { sampleRate: 24000, channels: 1, subtype: "FLOAT" });
    paddedRun = run(padded);
  });

  it("are these five", () => assert.ok(toWebSocket && others.length === 0));

  it("records and plays", async () => void await runWell(recordThenPlay));

  it("shows the loudest frequency", async () => {
    const lines = 5;
    const { stdout } = await run(spectrum, (text) => text.split("\n").length > lines);
    assert.match(stdout, /^(\d+(\.\d+)? Hz\n){5}/);
  });

  it("plays a tone", async () => void await runWell(tone));

  it(
    "sends the input to a WebSocket",
    { skip: typeof WebSocket === "undefined" ? "this runtime has no WebSocket" : false },
    async () => {
      const server = await webSocketServer();
      try {
        const program = toWebSocket.replace("ws://localhost:8080", server.url) +
          "\nsocket.close();\n";
        const bounded = program.replace("chunkSize: 320", "chunkSize: 320, frames: 3200");
        assert.notEqual(bounded, program);
        await runWell(bounded);
        assert.deepEqual((await server.messages).map(({ length }) => length), Array(10).fill(640));
      } finally {
        server.close();
      }
    },
  );

  it("plays a file padded to ten seconds, and records it", async () => {
    assert.deepEqual(await paddedRun, { code: 0, stdout: "240000 frames, 0 xruns\n", stderr: "" });
    const { samples, sampleRate, channels } = await readFile(join(project, "room.wav"));
    assert.deepEqual([samples.length / channels, sampleRate], [240_000, 24000]);
    const heard = samples.filter((_, i) => i % channels === 0);
    const start = heard.findIndex((sample) => sample !== 0) - 1; // the sweep begins with a zero
    const expected = new Float32Array(240_000);
    expected.set(sweep, start);
    assert.deepEqual(heard, expected);
  });
});

// There, `using` is a syntax error before Node 24.
describe("the first programs that a user meets", () => {
  for (const name of ["README.md", "docs/first-steps.md"]) {
    it(`run on every Node: ${name}`, () => {
      const blocks = [...readFileSync(join(root, name), "utf8").matchAll(/^```ts.*?\n(.*?)^```/gms)];
      assert.ok(blocks.length >= 4);
      for (const [, program] of blocks) assert.doesNotMatch(program, /\busing \w+ =/, program);
    });
  }
});

describe("the programs of the guide", () => {
  for (const name of readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))) {
    for (const [i, program] of programsOf(`docs/${name}`).entries()) {
      it(`${name}, ${i + 1}`, async () => {
        const stdout = await runWell(program);
        const said = /\/\/ => (.+)$/m.exec(program)?.[1];
        if (said !== undefined) assert.equal(stdout.trim(), said);
      });
    }
  }
});
