// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { options, settingNames } from "../../cli/options/options.ts";
import { writeFile } from "../../mod.ts";
import { pastream, temporaryFolder } from "../helpers/cli.ts";
import { full, seedOf } from "../helpers/sounds.ts";

const folder = temporaryFolder();
after(() => folder.remove());

/** What runtimes say of a slip in the program, which would come out as an error of one line. */
const slip =
  /Cannot (read|set|access|destructure|convert)|is not (a function|a constructor|iterable|defined|an object)/;

describe("random command lines, as processes", () => {
  it("end in time, with a known exit code and without a stack trace", async () => {
    await writeFile(folder.path("in.wav"), new Int16Array(9600), { sampleRate: 48000, channels: 2 });
    // What each kind of value may look like: an option that is given any word at all is mostly a plain error of usage.
    const fitting: Record<string, readonly string[]> = {
      TIME: ["0", "0.01", "300s", "-1"],
      GAIN: ["0.5", "50%", "-6dB"],
      SIZE: ["0", "64", "1K"],
      WHAT: ["drop", "abort"],
      "N[,N]": ["1", "2", "2,1", ",3"],
      HZ: ["48k", "8000"],
      "FORMAT[,FORMAT]": ["int16", "float32", "uint8,int24"],
      "TIME[,TIME]": ["low", "10ms", "high,0.02"],
      MAP: ["1:2", "2,1", "0", "3"],
      CHANNELS: ["1", "2,1"],
      "TYPE[,TYPE]": ["wav", ",flac", "au,raw"],
      "ENCODING[,ENCODING]": ["pcm_16", ",float", "vorbis"],
      "ORDER[,ORDER]": ["file", ",big", "cpu"],
      SHELL: ["bash"],
      TYPE: ["flac"],
    };
    const choices = settingNames.map((setting) => options[setting])
      // The virtual device is all there is to play on, and a duration is given, to end what would run for ever.
      .filter(({ name }) => !["device", "host-api", "duration"].includes(name));
    const flags = choices.flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
    const good = fc.oneof(
      ...choices.map(({ name, value }) =>
        value === undefined
          ? fc.constant([`--${name}`])
          : fc.constantFrom(...fitting[value]).map((word) => [`--${name}`, word])
      ),
    );
    const odd = ["x", "", "é", "--", "=", "-é", ",", "'", "null", "^", "1Ks", "-1", "@none"];
    const files = ["in.wav", "out.wav", "out.flac", "out.raw", "%S.wav", "missing.wav", "-", "null", "no/folder/x.wav"];
    const words = fc.array(
      fc.oneof(
        { weight: 6, arbitrary: good },
        { weight: 2, arbitrary: fc.constantFrom(...files).map((file) => [file]) },
        { weight: 1, arbitrary: fc.constantFrom(...flags, ...odd).map((word) => [word]) },
      ),
      { maxLength: 5 },
    ).map((parts) => parts.flat());
    const lists = fc.sample(words, { numRuns: full ? 200 : 24, seed: seedOf("random command lines") | 0 });
    for (const list of lists) {
      const args = ["-D", "virtual", "-d", "0.1", "in.wav", ...list];
      const { code, stderr, signal } = await pastream(args, { cwd: folder.path(".") });
      const said = `${JSON.stringify(args)}: ${stderr}`;
      assert.equal(signal, null, said);
      assert.ok(code !== null && [0, 1, 2, 3].includes(code), `${code}: ${said}`);
      assert.doesNotMatch(stderr, /\n +at |Error:|undefined|\[object|NaN/, said);
      assert.doesNotMatch(stderr, slip, said);
      assert.equal(stderr === "" && code !== 0, false, said);
    }
  });
});
