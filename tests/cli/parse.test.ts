import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { expandArgumentFiles, splitWords } from "../../cli/options/arg-files.ts";
import { options, settingNames } from "../../cli/options/options.ts";
import { parseCommandLine } from "../../cli/options/parse.ts";
import type { CommandLine, Settings } from "../../cli/options/settings.ts";
import { addSuggestion } from "../../cli/options/suggest.ts";
import { UsageError } from "../../cli/options/usage-error.ts";

const full = process.env.PASTREAM_TEST_FULL === "1";
const both = <T>(value: T) => ({ playback: value, recording: value, single: true });

function expectLine(words: string, settings: Settings, playback: string | null, recording: string | null = null): void {
  const line = parseCommandLine(words.split(" ").map((word) => word === "''" ? "" : word));
  assert.deepEqual(line, { command: "stream", settings, playback, recording }, words);
}

/** The error of a line that cannot be parsed. */
function errorOf(words: string): UsageError {
  try {
    parseCommandLine(words === "" ? [] : words.split(" "));
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error;
  }
  throw new Error(`no error: ${words}`);
}

function expectError(words: string, message: RegExp): void {
  const error = errorOf(words);
  assert.match(error.message, message);
  assert.ok(!error.message.includes("\n"));
}

describe("the command line", () => {
  it("takes the lines of the original's documentation", () => {
    assert.equal(parseCommandLine(["-h"]).command, "help");
    assert.equal(parseCommandLine(["-l"]).command, "list");
    assert.equal(parseCommandLine(["--version"]).command, "version");
    expectLine("input.wav output.wav", {}, "input.wav", "output.wav");
    expectLine("- output.wav", {}, "-", "output.wav");
    const raw = { channels: both(1), rate: 48000, encoding: both("PCM_16") };
    expectLine("-c1 -r48k -e=pcm_16 output.raw", raw, "output.raw");
    expectLine("null output.wav -r48k -d10:00", { rate: 48000, duration: { seconds: 600 } }, null, "output.wav");
  });

  it("takes null, ^ and the empty word for no file", () => {
    for (const none of ["null", "NULL", "^", "''"]) {
      expectLine(`${none} out.wav`, {}, null, "out.wav");
      expectLine(`in.wav ${none}`, {}, "in.wav", null);
      expectError(`${none === "''" ? "^" : none}`, /nothing to play or to record/);
    }
    expectLine("- -", {}, "-", "-");
  });

  it("takes values attached, after =, or as the next word, in any place", () => {
    const settings = { channels: both(2), rate: 44100 };
    for (
      const words of [
        "-c2 -r44.1k x",
        "-c 2 -r 44.1k x",
        "-c=2 -r=44.1k x",
        "x -c2 --rate=44100",
        "--channels 2 x --rate 44100",
      ]
    ) {
      expectLine(words, settings, "x");
    }
    expectLine("-qc2 x -r 44100", { quiet: true, ...settings }, "x");
    expectLine("-- -c2", {}, "-c2");
  });

  it("takes negative numbers for values", () => {
    const duration = { frames: -1 };
    for (const words of ["-d -1 x", "-d-1 x", "-d=-1 x", "--duration -1 x", "--duration=-1 x", "-qd -1 x"]) {
      expectLine(words, words.startsWith("-q") ? { quiet: true, duration } : { duration }, "x");
    }
    expectLine("-p -1 x", { pad: duration }, "x");
    expectLine("--volume -6dB x", { volume: 10 ** (-6 / 20) }, "x");
  });

  it("takes abbreviations and underscores in long options", () => {
    expectLine("--dur 3 x", { duration: { seconds: 3 } }, "x");
    expectLine("--dur=3 x", { duration: { seconds: 3 } }, "x");
    expectLine("--file_type au x", { fileType: both("AU") }, "x");
    expectLine("--file-type=au x", { fileType: both("AU") }, "x");
    expectLine("--fatal x", { fatalXruns: true }, "x");
    expectError("--li x", /--list or --list-formats or --list-encodings/);
  });

  it("gives --pad the next word only if that is a time", () => {
    const endless = { pad: { frames: -1 } };
    expectLine("-p in.wav out.wav", endless, "in.wav", "out.wav");
    expectLine("-p 1:30 in.wav", { pad: { seconds: 90 } }, "in.wav");
    expectLine("-p --loop in.wav", { ...endless, loop: true }, "in.wav");
    expectLine("in.wav -p", endless, "in.wav");
    expectLine("-p -- 5", endless, "5");
    expectLine("-p1Ks in.wav", { pad: { frames: 1024 } }, "in.wav");
    expectLine("-qp in.wav", { quiet: true, ...endless }, "in.wav");
    expectLine("--pad -d 3 in.wav", { ...endless, duration: { seconds: 3 } }, "in.wav");
    expectLine("-p -p -p 1 in.wav", { pad: { seconds: 1 } }, "in.wav");
    expectError("-pfoo in.wav", /-p\/--pad: 'foo' is not a time/);
  });

  it("gives --map and --channel-select following words only if they are maps or channels", () => {
    expectLine("-m 2,1 in.wav", { map: [[[2, 1], [1, 2]]] }, "in.wav");
    expectLine("-m 2,1 1:2 in.wav out.wav", { map: [[[2, 1], [1, 2]], [[1, 2]]] }, "in.wav", "out.wav");
    expectLine("-m 2,1 null out.wav", { map: [[[2, 1], [1, 2]]] }, null, "out.wav");
    expectLine("in.wav out.wav -m 1:2 null", { map: [[[1, 2]], null] }, "in.wav", "out.wav");
    expectLine("in.wav out.wav -m ^ 1:2", { map: [null, [[1, 2]]] }, "in.wav", "out.wav");
    expectLine("-m 1:2 -m 2:1 in.wav", { map: [[[1, 2]], [[2, 1]]] }, "in.wav");
    expectLine("-m=1:2 in.wav", { map: [[[1, 2]]] }, "in.wav");
    expectLine("-s 3,4 in.wav", { channelSelect: [[3, 4]] }, "in.wav");
    expectLine("-s 3,4 1 in.wav out.wav", { channelSelect: [[3, 4], [1]] }, "in.wav", "out.wav");
    expectLine("-s 1 -q in.wav", { channelSelect: [[1]], quiet: true }, "in.wav");
    expectError("-m in.wav", /-m\/--map: 'in.wav' is not a channel map/);
    expectError("-m --loop in.wav", /-m\/--map needs a value/);
    expectError("in.wav -m", /-m\/--map needs a value/);
    expectError("-m 1 2 -m 1 in.wav", /3 are too many/);
  });

  it("takes pairs, and a device as it is written", () => {
    expectLine("-t ,au - -", { fileType: { playback: undefined, recording: "AU", single: false } }, "-", "-");
    for (const device of ["1,virtual", "hw:0,0", "Bob's", "a,b,c"]) expectLine(`-D ${device} x`, { device }, "x");
    expectLine("--latency low,50ms x y", { latency: { playback: "low", recording: 0.05, single: false } }, "x", "y");
    expectLine(
      "-f int16,float32 x y",
      { format: { playback: "int16", recording: "float32", single: false } },
      "x",
      "y",
    );
  });

  it("knows the commands that need no files", () => {
    const command = (...words: string[]) => parseCommandLine(words).command;
    assert.equal(command("--list-formats"), "list-formats");
    assert.equal(command("--list-encodings"), "list-encodings");
    assert.equal(parseCommandLine(["--list-encodings", "flac"]).settings.listEncodings, "FLAC");
    assert.equal(parseCommandLine(["--list-encodings", "--json"]).settings.listEncodings, "");
    assert.equal(command("--completions", "zsh"), "completions");
    assert.equal(command("doctor"), "doctor");
    assert.equal(command("-D", "virtual", "doctor"), "doctor");
    assert.equal(command("./doctor"), "stream");
    assert.equal(command("-q", "--help", "--nonsense"), "help");
    assert.equal(command("-d", "1", "--version", "-d", "nonsense"), "version");
  });

  it("says what was probably meant by a misspelt word", async () => {
    const cases = [
      ["--lop x", "unknown option --lop; did you mean --loop?"],
      ["--duratoin 3 x", "unknown option --duratoin; did you mean --duration?"],
      ["--xyzzy x", "unknown option --xyzzy"],
      [
        "-f int17 x",
        "-f/--format: 'int17' is not a sample format: float32, int32, int24, int16, int8, uint8; did you mean int16?",
      ],
      [
        "--on-overflow dorp x",
        "--on-overflow: 'dorp' is not a policy: abort, drop; did you mean drop?",
      ],
    ];
    for (const [words, message] of cases) {
      const error = errorOf(words);
      await addSuggestion(error);
      assert.equal(error.message, message);
    }
  });

  it("says what is wrong", () => {
    expectError("", /nothing to play or to record/);
    expectError("a b c", /'c' is one file too many/);
    expectError("doctor x", /doctor takes no files/);
    expectError("--lop x", /^unknown option --lop$/);
    expectError("--xyzzy x", /^unknown option --xyzzy$/);
    expectError("-z x", /^unknown option -z$/);
    expectError("-duration 3 x", /did you mean --duration\?/);
    expectError("-l usb", /-l\/--list plays and records nothing, but 'usb' was given/);
    expectError("in.wav out.wav --list-formats", /--list-formats plays and records nothing, but 'in.wav'/);
    expectError("--list-encodings flac x", /--list-encodings plays and records nothing, but 'x'/);
    expectError("--list=3", /-l\/--list takes no value/);
    expectError("x -d", /-d\/--duration needs a value: TIME/);
    expectError("-d --loop x", /-d\/--duration needs a value: TIME, but '--loop' follows/);
    expectError("-d x y", /-d\/--duration: 'x' is not a time/);
    expectError("-d 1:75 x", /is not a time: write h:m:s/);
    expectError("-f int17 x", /-f\/--format: 'int17' is not a sample format: float32, /);
    expectError("-c 0 x", /-c\/--channels: '0' is not a number of channels/);
    expectError("--buffersize 1000 x", /--buffersize: '1000' is not a power of 2/);
    expectError("--on-overflow dorp x", /--on-overflow: 'dorp' is not /);
    expectError("--completions tcsh", /--completions: 'tcsh' is not a shell: bash, zsh, fish/);
    expectError("-t a,b,c x", /-t\/--file-type: 'a,b,c' has 3 values/);
    expectError("-o -1 x", /-o\/--offset: '-1' is negative/);
  });

  it("reads each option by each of its names", () => {
    const samples: Record<string, string> = {
      "list-encodings": "FLAC",
      completions: "bash",
      duration: "1",
      offset: "1",
      pad: "1",
      volume: "1",
      buffersize: "1K",
      "on-overflow": "drop",
      rotate: "1",
      device: "1",
      "host-api": "ALSA",
      channels: "1",
      rate: "1",
      "device-rate": "1",
      format: "int8",
      blocksize: "0",
      latency: "low",
      map: "1",
      "channel-select": "1",
      "file-type": "wav",
      encoding: "float",
      endian: "big",
    };
    for (const setting of settingNames) {
      const { name, short, value } = options[setting];
      const words = [["--" + name, samples[name]], ["--" + name + "=" + samples[name]]];
      if (short) words.push(["-" + short, samples[name]], ["-" + short + samples[name]]);
      for (const list of value === undefined ? [["--" + name], ...(short ? [["-" + short]] : [])] : words) {
        const files = setting.startsWith("list") ? [] : [setting === "terminal" ? "scope" : "in.wav"];
        const line = parseCommandLine([...list, ...files]);
        if (line.command === "help" || line.command === "version") assert.equal(line.command, setting);
        else assert.notEqual(line.settings[setting], undefined, list.join(" "));
      }
    }
  });
});

describe("argument files", () => {
  const folder = mkdtempSync(join(tmpdir(), "pastream-"));
  after(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return "@" + join(folder, name);
  };

  it("are split as a shell would", () => {
    assert.deepEqual(splitWords(" -c1\n\t-r 48k \r\n"), ["-c1", "-r", "48k"]);
    assert.deepEqual(splitWords(`"my file.wav" it\\'s 'a "b"' '' x""y`), ["my file.wav", "it's", 'a "b"', "", "xy"]);
    assert.deepEqual(splitWords("# all of this\n-q # and this\n'#' \\# a#b #"), ["-q", "#", "#", "a#b"]);
    assert.deepEqual(splitWords(String.raw`C:\Users\me\x.wav "D:\my files\y.wav" my\ file`), [
      String.raw`C:\Users\me\x.wav`,
      String.raw`D:\my files\y.wav`,
      "my file",
    ]);
    assert.throws(() => splitWords("'open"), UsageError);
  });

  it("stand for their words", () => {
    const inner = file("inner", "-c1\n-r48k");
    const outer = file("outer", `${inner} "a b.wav"`);
    assert.deepEqual(expandArgumentFiles(["-q", outer, "out.wav"]), ["-q", "-c1", "-r48k", "a b.wav", "out.wav"]);
    assert.deepEqual(expandArgumentFiles(["--", outer]), ["--", outer]);
    assert.deepEqual(expandArgumentFiles(["@"]), ["@"]);
  });

  it("that cannot be read are errors of one line", () => {
    const loop = file("loop", "@" + join(folder, "loop"));
    const open = file("open", "'x");
    const cases = [[loop, /more than 10 deep/], [open, /closing ' is missing/], ["@/no/such", /no such file/], [
      "@" + folder,
      /EISDIR/,
    ]] as const;
    for (const [word, message] of cases) assert.throws(() => expandArgumentFiles([word]), message);
  });
});

describe("random command lines", () => {
  const fragments = fc.constantFrom(
    ...settingNames.flatMap((setting) => {
      const { name, short, choices } = options[setting];
      return [`--${name}`, `--${name}=`, ...(short ? [`-${short}`, `-${short}=`] : []), ...(choices ?? [])];
    }),
    "",
    "-",
    "--",
    "null",
    "^",
    "1",
    "-1",
    "1:2",
    "2,1",
    "10:00",
    "1Ks",
    "48k",
    ",",
    "'",
    '"',
    "\\",
    "@",
    "in.wav",
    "out.wav",
    "virtual",
    "doctor",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "é",
    "\u{1f600}",
    "\u0000",
    "-=",
    "--=",
  );
  const word = fc.oneof(
    fragments,
    fc.tuple(fragments, fragments).map(([a, b]) => a + b),
    fc.string({ unit: "binary", maxLength: 8 }),
  );

  it("are read or refused with a UsageError, without changing the words", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (words) => {
        const before = [...words];
        let line: CommandLine | undefined;
        try {
          line = parseCommandLine(words);
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
          assert.ok(error.message.length > 0);
        }
        assert.deepEqual(words, before);
        if (line?.command === "stream") assert.ok(line.playback !== null || line.recording !== null);
      }),
      { numRuns: full ? 100_000 : 10_000 },
    );
  });

  it("mean the same wherever the options stand among the files", () => {
    const option = fc.constantFrom(["-c1"], ["-q"], ["--loop"], ["-d", "3"], ["-r", "48k"], ["-p", "2"], ["--json"], [
      "-t=au",
    ]);
    fc.assert(fc.property(fc.uniqueArray(option, { selector: ([name]) => name }), fc.nat(), (chosen, where) => {
      const before = chosen.slice(0, where % (chosen.length + 1));
      const rest = chosen.slice(before.length);
      const first = parseCommandLine([...before.flat(), "in", ...rest.flat(), "out"]);
      const last = parseCommandLine(["in", "out", ...chosen.flat()]);
      assert.deepEqual(first, last);
    }));
  });
});
