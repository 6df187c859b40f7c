// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";
import { readFile, writeFile } from "../../mod.ts";
import { commandFor } from "../helpers/runtime.ts";
import { ended, lacking, pastream, said, shell, shellCommand, startPastream, temporaryFolder } from "../helpers/cli.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;

const RATE = 48000;
const FRAMES = 40000;
const DELAY = 256;
const virtual = ["-D", "virtual", "-b", String(DELAY)];

const samples = Int16Array.from(
  { length: FRAMES * 2 },
  (_, index) => (Math.imul(index + 1, 2654435761) >>> 16) - 32768,
);
before(async () => {
  await writeFile(path("in.wav"), samples, { sampleRate: RATE, channels: 2 });
  await writeFile(path("in.flac"), samples, { sampleRate: RATE, channels: 2 });
  await writeFile(path("in.au"), samples, { sampleRate: RATE, channels: 2 });
});

/** The recording of a file that was played has silence first, then the file. */
async function expectRecording(file: string): Promise<void> {
  const { samples: recorded } = await readFile(file, { dtype: "int16" });
  assert.ok(recorded.length >= samples.length + DELAY * 2, `only ${recorded.length / 2} frames`);
  const wrong = samples.findIndex((sample, index) => recorded[index + DELAY * 2] !== sample);
  assert.equal(wrong, -1, `sample ${wrong} differs`);
}

const noSox = lacking("sox");
const noBash = lacking("bash");

describe("pipes", { skip: noBash }, () => {
  it("plays what sox writes, bit for bit", { skip: noSox }, async () => {
    const line = `sox ${path("in.wav")} -t au - | ${
      shellCommand([...virtual, "-q", "-", path("from-sox.wav"), "-p", "0.1"])
    }`;
    const { code, stderr } = await shell(line);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    await expectRecording(path("from-sox.wav"));
  });

  it("writes what sox reads, bit for bit", { skip: noSox }, async () => {
    for (const type of ["au", "flac", "wav"]) {
      const command = shellCommand([...virtual, "-q", path("in.wav"), "-", "-t", `,${type}`, "-p", "0.1"]);
      const { code, stderr } = await shell(`${command} | sox -t ${type} - ${path(`to-sox-${type}.wav`)}`);
      assert.equal(code, 0, stderr);
      await expectRecording(path(`to-sox-${type}.wav`));
    }
  });

  it("takes from sox and gives to sox at once", { skip: noSox }, async () => {
    const command = shellCommand([...virtual, "-q", "-", "-", "-p", "0.1"]);
    const { code, stderr } = await shell(
      `sox ${path("in.wav")} -t au - | ${command} | sox -t au - ${path("through.wav")}`,
    );
    assert.equal(code, 0, stderr);
    await expectRecording(path("through.wav"));
  });

  it("puts nothing but audio on standard output", async () => {
    const { code, stdout, stderr } = await shell(`${shellCommand([...virtual, path("in.au"), "-"])} | cat`);
    assert.equal(code, 0);
    const view = new DataView(stdout.buffer, stdout.byteOffset);
    assert.equal(new TextDecoder().decode(stdout.subarray(0, 4)), ".snd");
    assert.equal(stdout.length - view.getUint32(4), FRAMES * 4);
    assert.match(stderr, /<- .*\n-- .*\n-> - \(AU, PCM_16\)\n40000 frames/);
  });

  it("chooses a file type that a pipe can take", async () => {
    const head = async (...args: string[]) => {
      const { code, stdout, stderr } = await shell(`${shellCommand([...virtual, ...args])} | cat`);
      assert.equal(code, 0, stderr);
      return { magic: new TextDecoder().decode(stdout.subarray(0, 4)), stderr };
    };
    const fallen = await head(path("in.wav"), "-");
    assert.equal(fallen.magic, ".snd");
    assert.match(fallen.stderr, /pastream: the recording is AU: a WAV file begins with its length/);
    const flac = await head(path("in.flac"), "-");
    assert.equal(flac.magic, "fLaC");
    assert.doesNotMatch(flac.stderr, /the recording is/);
    assert.equal((await head("null", "-", "-d", "0.01")).magic, ".snd");
    assert.equal((await head("null", "-", "-d", "0.01", "-t", "wav")).magic, "RIFF");
    const toFile = await shell(`${shellCommand([...virtual, "-q", path("in.wav"), "-"])} > ${path("redirected")}`);
    assert.equal(toFile.code, 0, toFile.stderr);
    assert.equal(readFileSync(path("redirected")).toString("latin1", 0, 4), "RIFF");
    const { code, stderr, stdout } = await pastream([...virtual, "-q", path("in.wav"), "-", "-t", ",aiff"]);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^pastream: -t\/--file-type: AIFF files cannot be written to a pipe, but AU, .* can\n$/);
  });

  it("ends quietly when its output is no longer read", async () => {
    for (const args of [["null", "-", "-t", "au"], [path("in.au"), "-", "--loop"]]) {
      const { code, stderr } = await shell(`${shellCommand([...virtual, "-q", ...args])} | head -c 5000 > /dev/null`);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    }
    for (const args of [["--help"], ["--list-encodings"], ["--version"]]) {
      const { code, stderr } = await shell(`${shellCommand(args)} | true`);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    }
  });

  it("takes the end of a pipe before --duration for an end", async () => {
    const line = `cat ${path("in.au")} | ${shellCommand([...virtual, "-q", "-", path("short.wav"), "-d", "10"])}`;
    const { code, stderr } = await shell(line);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const { samples: recorded } = await readFile(path("short.wav"), { dtype: "int16" });
    assert.equal(recorded.length, samples.length);
  });

  it("says what is wrong with what comes in", async () => {
    const { code, stderr } = await shell(`echo nonsense | ${shellCommand([...virtual, "-q", "-"])}`);
    assert.equal(code, 1);
    assert.match(stderr, /^pastream: standard input: .*\n$/);
    const empty = await shell(`true | ${shellCommand([...virtual, "-q", "-"])}`);
    assert.equal(empty.code, 1);
    assert.match(empty.stderr, /^pastream: standard input: .*\n$/);
  });

  it("counts gaps of a slow pipe, which --fatal-xruns does not forgive", async () => {
    const input = readFileSync(path("in.au"));
    const slowly = async (...args: string[]) => {
      const fixed = [...virtual, "-", path("gap.wav"), "-p", "0.1", "--buffersize", "16K"];
      const child = startPastream([...fixed, ...args], ["pipe", "ignore", "pipe"]);
      const end = ended(child);
      child.stdin!.on("error", () => {}); // it may have ended before all is written
      child.stdin!.write(input.subarray(0, 80_000));
      await said(child, /"type":"start"|DuplexStream/);
      await sleep(1000);
      child.stdin!.end(input.subarray(80_000));
      const { code, stderr } = await end;
      return { code, stderr, last: stderr.trim().split("\n").at(-1)! };
    };
    const tolerant = await slowly("--json");
    assert.equal(tolerant.code, 0, tolerant.stderr);
    const { xruns, xrunCounts, glitches, error } = JSON.parse(tolerant.last);
    assert.deepEqual([xruns, xrunCounts.sourceUnderflows, error, glitches.length], [1, 1, null, 1]);
    assert.equal(glitches[0].kind, "sourceUnderflow");
    // All that had come by then was played, except for less than one small read.
    const arrived = Math.floor((80_000 - (input.length - FRAMES * 4)) / 4);
    assert.ok(glitches[0].frame > arrived - 64 && glitches[0].frame <= arrived, `gap at ${glitches[0].frame}`);
    const { samples: recorded } = await readFile(path("gap.wav"), { dtype: "int16" });
    const gap = glitches[0].frames * 2;
    const first = glitches[0].frame * 2;
    const played = samples.every((sample, i) => recorded[i + DELAY * 2 + (i < first ? 0 : gap)] === sample);
    assert.ok(played, "all of the pipe was played, around the gap");
    const strict = await slowly("--fatal-xruns");
    assert.equal(strict.code, 3, strict.stderr);
    assert.match(strict.last, /^pastream: .*xrun/);
    const summary = await slowly();
    assert.equal(summary.code, 0, summary.stderr);
    assert.match(
      summary.stderr,
      /frames, .* 1 xrun: 1 gap in the playback\n {2}00:00:00\.\d {2}gap in the playback, \d+ frames\n/,
    );
  });

  it("drops what a stalled reader leaves no room for, if it is told so", async () => {
    const fixed = [...virtual, "null", "-", "-t", "au", "--buffersize", "4K", "-d", "1.5", "--json"];
    const stall = async (...args: string[]) => {
      const child = startPastream([...fixed, ...args], ["ignore", "pipe", "pipe"]);
      const end = ended(child);
      child.stdout!.pause();
      await said(child, /"type":"start"/);
      await sleep(1400);
      child.stdout!.resume();
      const { code, stderr } = await end;
      return { code, ...JSON.parse(stderr.trim().split("\n").at(-1)!) };
    };
    const drop = await stall("--on-overflow", "drop");
    assert.deepEqual([drop.code, drop.error, drop.frames], [0, null, 72000]);
    assert.ok(
      drop.glitches.some(({ kind }: { kind: string }) => kind === "sinkOverflow"),
      JSON.stringify(drop.glitches),
    );
    const abort = await stall();
    assert.deepEqual([abort.code, abort.error.code], [1, "buffer-full"]);
  });

  /** Fills standard error until a write blocks, as a program does that starts another one and reads nothing of it. */
  const fill = "timeout 1 dd if=/dev/zero bs=4096 1>&2 2>/dev/null;";
  const recording = (name: string) => ["null", path(name), "-d", "0.5", "--json"];

  it("is not stopped by a full pipe that is not read", async () => {
    const command = shellCommand([...virtual, ...recording("unread.wav")]);
    const done = `'${path("unread.done")}'`;
    const { stdout } = await shell(
      `{ { ${fill} timeout -k 1 120 ${command}; echo $? >${done}; } 2>&1 >/dev/null |
        while [ ! -s ${done} ]; do sleep 0.05; done; }; cat ${done}`,
    );
    assert.equal(new TextDecoder().decode(stdout), "0\n");
    assert.equal((await readFile(path("unread.wav"))).samples.length, RATE);
  });

  it("is not stopped by a full socket that is not read, nor are signals", async () => {
    for (const [name, signal, code] of [["unread-2.wav", undefined, 0], ["unread-3.wav", "SIGINT", 130]] as const) {
      const command = shellCommand([...virtual, ...recording(name), ...(signal ? ["-d", "60"] : [])]);
      // Where the runtime makes sockets for this, it is one, else a pipe.
      const child = spawn("bash", ["-c", `${fill} exec ${command}`], { stdio: ["ignore", "ignore", "pipe"] });
      const timer = setTimeout(() => child.kill("SIGKILL"), 120_000);
      const end = new Promise<number | null>((resolve) => child.on("exit", resolve));
      if (signal) {
        while (!existsSync(path(name)) || statSync(path(name)).size < 400_000) await sleep(20);
        process.kill(child.pid!, signal);
      }
      assert.equal(await end, code, name);
      clearTimeout(timer);
      child.stderr!.destroy();
      const { length } = (await readFile(path(name))).samples;
      assert.ok(signal ? length > 0 : length === RATE, `${length} samples`);
    }
  });

  for (const way of ["worker", "own"]) {
    it(`keeps no more than a little of the messages that nobody reads: ${way}`, async () => {
      const [program, ...args] = commandFor(new URL("../programs/unread.ts", import.meta.url), [way]);
      const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      // What was kept is written when there is room.
      let bytes = 0;
      child.stderr.on("data", (data: Uint8Array) => bytes += data.length);
      child.stdin.end();
      await new Promise((resolve) => child.on("close", resolve));
      assert.ok(bytes > 0 && bytes < 1 << 20, `${bytes} bytes`);
    });
  }

  it("gives a slow reader all messages", async () => {
    const command = shellCommand([...virtual, ...recording("slow.wav"), "-m", "1:1"]);
    const { stdout } = await shell(`${command} 2>&1 >/dev/null | (sleep 2; cat)`);
    const lines = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line).type);
    assert.deepEqual(lines, ["note", "start", "end"]);
  });
});
