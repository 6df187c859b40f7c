// On one runtime: the messages are made by the same code.
import assert from "node:assert/strict";
import process from "node:process";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { readFile, writeFile } from "../../mod.ts";
import { ended, fail, noise, pastream, RATE, run, startPastream, temporaryFolder, virtual } from "../helpers/cli.ts";
import { runTs } from "../helpers/runtime.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;

async function makeFile(name: string, frames: number): Promise<string> {
  await writeFile(path(name), noise(frames), { sampleRate: RATE, channels: 2 });
  return path(name);
}

describe("what it says", () => {
  it("tells programs in JSON, a line each", async () => {
    const input = await makeFile("json.wav", RATE * 1.2);
    const { stderr } = await run(input, path("json-out.wav"), "--json", "-m", "1:1");
    const lines = stderr.trim().split("\n").map((line) => JSON.parse(line));
    assert.match(lines.map(({ type }) => type).join(" "), /^note start progress( progress)? end$/);
    const [note, start, progress] = lines;
    const end = lines.at(-1);
    assert.match(note.message, /muted/);
    assert.deepEqual(start.playback, { file: input, format: "WAV", encoding: "PCM_16" });
    assert.equal(start.totalFrames, RATE * 1.2);
    assert.ok(progress.elapsed > 0 && progress.elapsed <= 1.2 && progress.total === 1.2, JSON.stringify(progress));
    assert.equal(progress.levels.input.length, 2);
    assert.ok(
      progress.levels.input[0].peak > 0.9 && progress.levels.input[1].rms > 0.1,
      JSON.stringify(progress.levels),
    );
    assert.deepEqual([end.exitCode, end.signal, end.error, end.frames, end.xruns], [0, null, null, RATE * 1.2, 0]);
    assert.deepEqual(end.files, [{ file: path("json-out.wav"), frame: 0 }]);
    assert.ok(end.callbacks.count > 200 && Array.isArray(end.glitches));
    const quiet = await run(input, "-d", "0.01", "--json", "-q");
    assert.deepEqual(quiet.stderr.trim().split("\n").map((line) => JSON.parse(line).type), ["end"]);
    for (
      const [code, kind, message, ...words] of [
        [1, "soundfile", /none\.wav/, path("none.wav")],
        [2, "usage", /did you mean --loop/, "--lop", input],
      ] as const
    ) {
      const failed = await pastream([...virtual, ...words, "--json"]);
      const { type, exitCode, error } = JSON.parse(failed.stderr);
      assert.deepEqual([failed.code, exitCode, type, error.code], [code, code, "end", kind]);
      assert.match(error.message, message);
    }
  });

  it("reports errors in one line, without a stack trace", async () => {
    const input = await makeFile("errors.wav", 100);
    await fail(1, /^pastream: .*missing\.wav.*No such file/, ...virtual, "-q", path("missing.wav"));
    await fail(1, /^pastream: docter: .*Did you mean the command: pastream doctor\?$/m, ...virtual, "docter");
    await fail(1, /^pastream: help: .*Did you mean the command: pastream --help\?$/m, ...virtual, "help");
    await fail(1, /^pastream: scpoe: .*Did you mean the command: pastream scope\?$/m, ...virtual, "scpoe");
    await fail(1, /^pastream: docter: No such file or directory\.$/m, ...virtual, "docter", path("x.wav"));
    await fail(2, /'.*x\.m4a' has no extension of a supported .*convert the file/, ...virtual, "null", path("x.m4a"));
    writeFileSync(path("text.wav"), "this is no sound file");
    await fail(
      1,
      /^pastream: .*text\.wav: this is not a sound file of a .* opened as RAW/,
      ...virtual,
      "-q",
      path("text.wav"),
    );
    await fail(
      1,
      /^pastream: .*no[\\/]such[\\/]folder/,
      ...virtual,
      "-q",
      "null",
      path("no/such/folder/x.wav"),
      "-d1s",
    );
    await fail(2, /^pastream: unknown option --lop; did you mean --loop\?$/m, "--lop", input);
    await fail(2, /^pastream: nothing to play or to record/);
    await fail(2, /is on the web, not a file: curl -sL /, ...virtual, "https://example.org/a.mp3");
    await fail(
      2,
      /-o\/--offset: 48000 frames are more than the 100/,
      ...virtual,
      "-q",
      input,
      path("o.wav"),
      "-o",
      "1",
    );
    await fail(
      2,
      /-s\/--channel-select: the playback has 2 channels, but the list names 1/,
      ...virtual,
      input,
      "-s",
      "1",
    );
    await fail(1, /-s\/--channel-select: .*virtual device/, ...virtual, input, path("s.wav"), "-s", "1,2", "1");
    await fail(2, /--rotate: the recording goes to standard output/, ...virtual, "null", "-", "--rotate", "1");
    await fail(1, /^pastream: -D\/--device: .*no-such-device/, "-q", "-D", "no-such-device", input);
    const script = new URL("../programs/slip.ts", import.meta.url);
    const slip = await runTs(script, { args: [...virtual, "-q", "null", path("slip.wav")] });
    assert.deepEqual([slip.code, slip.stderr], [1, "pastream: nobody catches this\n"]);
    assert.ok((await readFile(path("slip.wav"))).samples.length > 0);
    const { stderr } = await pastream([...virtual, path("missing.wav")], { env: { PASTREAM_DEBUG: "1" } });
    assert.match(stderr, /\n +at /);
  });

  it("needs no library for what can be said without", async () => {
    const env = { PASTREAM_LIB: "/no/such/library" };
    for (
      const [args, code, text] of [
        [["--version"], 0, /^pastream \d+\.\d+\.\d+\n$/],
        [["--help"], 0, /^pastream: play and record sound files\n\nUsage: pastream /],
        [["-q", "-h"], 0, /--duration/],
        [["--completions", "bash"], 0, /complete -F/],
        [["--nonsense"], 2, /^$/],
        [["-d", "x", "y"], 2, /^$/],
      ] as const
    ) {
      const result = await pastream(args, { env });
      assert.equal(result.code, code, result.stderr);
      assert.match(result.stdout, text);
      assert.equal(result.stderr === "", code === 0);
    }
    const { code, stderr } = await pastream([...virtual, "x.wav"], { env });
    assert.equal(code, 1);
    assert.match(stderr, /^pastream: libpastream could not be loaded.*\n$/);
  });

  it("says which library is missing, and what its absence means", async () => {
    const env = { PASTREAM_PORTAUDIO: "/no/such/library", PASTREAM_SNDFILE: "/no/such/library" };
    const list = await pastream(["-l"], { env });
    assert.deepEqual([list.code, list.stdout.trim().split("\n").length], [0, 1]);
    assert.match(list.stderr, /^pastream: PortAudio was not found, so its devices are missing; install it: .*\n$/);
    assert.equal((await pastream(["-l", "-q"], { env })).stderr, "");
    const device = await pastream(["-D", "7", "null", "-"], { env: { PASTREAM_PORTAUDIO: "/no/such/library" } });
    assert.match(device.stderr, /^pastream: -D\/--device: there is no device 7: PortAudio was not found; .*\n$/);
    const file = await pastream([...virtual, await makeFile("there.wav", 100)], { env });
    assert.equal(file.code, 1);
    assert.match(file.stderr, /^pastream: libsndfile was not found; .*\n$/);
  });

  it("fails when a list cannot be written", { skip: process.platform !== "linux" && "no /dev/full" }, async () => {
    const full = openSync("/dev/full", "w");
    for (
      const args of [["-l"], ["--list-formats"], ["--completions", "bash"], ["doctor", "-D", "virtual", "-d", "0.1"]]
    ) {
      const { code, stderr } = await ended(startPastream(args, ["ignore", full, "pipe"]));
      assert.equal(code, 1, `${args}: ${stderr}`);
      assert.match(stderr, /^pastream: .*no space left.*\n$/i);
    }
    closeSync(full);
  });

  it("lists devices, formats and encodings", async () => {
    const list = async (...args: string[]) => {
      const { code, stdout, stderr } = await pastream(args);
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      return stdout;
    };
    assert.match(await list("-l"), /^[ ><*] +\d+ .*, Virtual \(\d+ in, \d+ out\)$/m);
    const { devices, hostApis } = JSON.parse(await list("-l", "--json", "--host-api", "virtual"));
    assert.deepEqual([devices.length, devices[0].hostApi, hostApis.length, hostApis[0].name], [
      1,
      "Virtual",
      1,
      "Virtual",
    ]);
    assert.equal((await list("-l", "--host-api", "Virtual")).trim().split("\n").length, 1);
    assert.match(await list("--list-formats"), /^WAV +WAV \(Microsoft\)$/m);
    assert.match(await list("--list-encodings"), /^VORBIS /m);
    const flac = await list("--list-encodings", "flac");
    assert.match(flac, /^PCM_24 /m);
    assert.doesNotMatch(flac, /FLOAT/);
    assert.ok("PCM_24" in JSON.parse(await list("--list-encodings", "flac", "--json")));
    await fail(2, /--list-encodings: 'FLACK' is none of .*did you mean FLAC\?/, "--list-encodings", "flack");
    await fail(2, /--host-api: 'nonsense' is none of .*Virtual/, "-l", "--host-api", "nonsense");
  });

  it("chooses devices by host API, and names with commas whole", async () => {
    const input = await makeFile("device.wav", 100);
    const plays = async (...args: string[]) => {
      const { code, stderr } = await pastream([input, ...args]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /'virtual'/);
    };
    await plays("--host-api", "Virtual");
    await plays("--host-api", "virt", "-D", "virtual");
    await plays("-D", "virtual,virtual");
    await plays("-D", '"virtual",^');
    await fail(1, /-D\/--device: no device is called 'hw:99,0', and no .*"hw:99";/, "-q", input, "-D", "hw:99,0");
    await fail(2, /-D\/--device: no device is called 'a,b,c', nor is it a pair/, "-q", input, "-D", "a,b,c");
    await fail(2, /-D\/--device: no device is called 'Bob's', nor is it a pair/, "-q", input, "-D", "Bob's");
  });

  const noControls = process.platform === "win32" && "names of files have none on Windows";
  it("shows control characters in names of files, and never sends them", { skip: noControls }, async () => {
    const name = "a\u001b]0;title\u0007\u009b31m\u202eb.wav";
    const input = await makeFile(name, 100);
    const shown = "a\\u001b]0;title\\u0007\\u009b31m\\u202eb.wav";
    const { stderr } = await run(input);
    assert.ok(stderr.includes(`${shown} (WAV`), stderr);
    const missing = await pastream([...virtual, `${input}x`]);
    assert.ok(missing.stderr.includes(`${shown}x: `), missing.stderr);
    const json = await run("--json", input);
    for (const text of [stderr, missing.stderr, json.stderr]) {
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(text, /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
    }
    assert.equal(JSON.parse(json.stderr.split("\n")[0]).playback.file, input);
    const option = await pastream(["--\u001b[2J", "x"]);
    assert.match(option.stderr, /unknown option --\\u001b\[2J/);
  });
});
