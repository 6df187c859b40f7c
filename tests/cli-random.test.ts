import assert from "node:assert/strict";
import process from "node:process";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { options, settingNames } from "../src/cli/options.ts";
import { writeFile } from "../mod.ts";
import { pastream, temporaryFolder } from "./helpers/cli.ts";

const folder = temporaryFolder();
after(() => folder.remove());

describe("random command lines, as processes", () => {
  it("end in time, with a known exit code and without a stack trace", async () => {
    await writeFile(folder.path("in.wav"), new Int16Array(960), { sampleRate: 48000, channels: 2 });
    const flags = settingNames.map((setting) => options[setting])
      .filter(({ name }) => name !== "device" && name !== "host-api") // the virtual device is all there is to play on
      .flatMap(({ name, short }) => [`--${name}`, ...(short ? [`-${short}`] : [])]);
    const values = fc.constantFrom(
      "0",
      "1",
      "2",
      "-1",
      "0.01",
      "64",
      "1Ks",
      "48k",
      "8000",
      "int16",
      "float32",
      "wav",
      "au,flac",
      "pcm_16",
      ",big",
      "1:2",
      "2,1",
      "low",
      "10ms",
      "50%",
      "drop",
      "bash",
      "null",
      "^",
      ",",
      "'",
      "x",
      "",
      "é",
      "--",
      "=",
      "-é",
    );
    const files = fc.constantFrom(
      "in.wav",
      "out.wav",
      "out.flac",
      "out.raw",
      "missing.wav",
      "-",
      "null",
      "no/folder/x.wav",
    );
    const words = fc.array(fc.oneof(fc.constantFrom(...flags), values, files), { maxLength: 7 });
    const lists = fc.sample(words, {
      numRuns: process.env.PASTREAM_TEST_FULL === "1" ? 200 : 24,
      seed: Date.now() & 0xffff,
    });
    for (const list of lists) {
      // What would run for ever is ended by the limit; what reads its input finds none.
      const args = ["-D", "virtual", "-d", "0.02", "in.wav", ...list];
      const { code, stderr, signal } = await pastream(args, { cwd: folder.path("."), timeout: 20 });
      const said = `${JSON.stringify(args)}: ${stderr}`;
      assert.equal(signal, null, said);
      assert.ok(code !== null && [0, 1, 2, 3].includes(code), `${code}: ${said}`);
      assert.doesNotMatch(stderr, /\n +at |Error:|undefined|\[object|NaN/, said);
      assert.equal(stderr === "" && code !== 0, false, said);
    }
  });
});
