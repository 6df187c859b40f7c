// What a newcomer passes in the wrong place or form: the error says what to write instead.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DuplexStream, InputStream, play, playrec, queryDevice, readFile, record, writeFile } from "../../mod.ts";
import { virtual } from "../helpers/streams.ts";

const samples = new Float32Array(8);
const shape = { sampleRate: 48000, channels: 1 };
const options = virtual("freewheel", { channels: 1 });
const sample = new URL("../../examples/sample.wav", import.meta.url);
const withStream = async (use: (stream: DuplexStream) => unknown) => {
  await using stream = new DuplexStream(options);
  return await use(stream);
};

/** A function of the library, called as its types forbid. */
const untyped = (call: unknown) => call as (...args: unknown[]) => unknown;

const calls: Record<string, readonly [call: () => unknown, hint: RegExp]> = {
  "writeFile() with its arguments reversed": [
    () => untyped(writeFile)(samples, "a.wav", shape),
    /^the file comes first: writeFile\("a\.wav", samples, \{ sampleRate, channels \}\)$/,
  ],
  "the same without options": [() => untyped(writeFile)(samples, "a.wav"), /^the file comes first/],
  "playrec() with `out`": [
    () => untyped(playrec)(samples, { ...options, out: "take.wav" }),
    /await stream\.playrec\(source, \{ out: "take\.wav" \}\)$/,
  ],
  "record() with `out`": [() => untyped(record)(8, { ...options, out: samples }), /out is for a stream's own record/],
  "play() of nothing, before a device is looked for": [
    () => untyped(play)(),
    /^a source must be samples, .*undefined$/,
  ],
  "play() of what readFile() returns": [
    async () => untyped(play)(await readFile(sample), options),
    /take its samples, with its sampleRate and channels as options$/,
  ],
  "play() of an AudioBuffer": [
    () => untyped(play)({ getChannelData: () => samples }, options),
    /\[buffer\.getChannelData\(0\), …\]$/,
  ],
  "play() of a promise": [
    () => untyped(play)(readFile(sample), options),
    /, not a Promise, which must be awaited$/,
  ],
  "readFile() of a promise": [
    () => untyped(readFile)(Promise.resolve(sample)),
    /not a Promise, which must be awaited$/,
  ],
  "writeFile() of what readFile() returns": [
    async () => untyped(writeFile)("no-such-folder/a.wav", await readFile(sample), shape),
    /take its samples, with its sampleRate and channels as options$/,
  ],
  "writeFile() of numbers": [
    () => untyped(writeFile)("no-such-folder/a.wav", [0.5, 0.25], shape),
    /: Float32Array\.from\(numbers\) makes one$/,
  ],
  "writeFile() of planes": [
    () => untyped(writeFile)("no-such-folder/a.wav", [samples, samples], { ...shape, channels: 2 }),
    /: interleave\(planes\) makes one of them$/,
  ],
  "play() of pieces of numbers": [
    () => withStream((stream) => untyped(stream.play).call(stream, [[0.5, 0.25]])),
    /: Float32Array\.from\(numbers\) makes one$/,
  ],
  "a device as queryDevice() returns it": [
    () => untyped(play)(samples, { ...options, device: queryDevice("virtual") }),
    /^device must be an index, an id .*: give its id$/,
  ],
  "a source in a worker by its path": [
    () => withStream((stream) => untyped(stream.setSource).call(stream, { worker: "./task.js" })),
    /its worker must be a URL, as in \{ worker: new URL\("\.\/task\.js", import\.meta\.url\) \}$/,
  ],
  "a sink in a worker by its path": [
    () => withStream((stream) => untyped(stream.setSink).call(stream, { worker: "./task.js" })),
    /its worker must be a URL/,
  ],
  "nextFile() with a path": [
    () => withStream((stream) => untyped(stream.nextFile).call(stream, "x.wav")),
    /^file must be a SoundFile, as toFile\(\) of the stream opens one, not "x\.wav"$/,
  ],
  "setSink() with a name that says no format": [
    () => withStream((stream) => stream.setSink("take.xyz")),
    /toFile\(\): the name "take\.xyz" has no extension of a file format, such as \.wav, \.flac or \.ogg$/,
  ],
};

describe("a call that means something else says what to write:", () => {
  for (const [name, [call, hint]] of Object.entries(calls)) {
    it(name, async () => {
      await assert.rejects(async () => await call(), (error: Error) => {
        assert.equal(error.name, "TypeError", error.message);
        assert.match(error.message, hint);
        return true;
      });
    });
  }
});

describe("a new file of a format that is not supported", () => {
  const kinds = { m4a: "MP4", MP4: "MP4", aac: "AAC", wma: "Windows Media", webm: "WebM", mka: "Matroska" };
  for (const [extension, format] of Object.entries(kinds)) {
    const file = join("no-such-folder", `a.${extension}`);
    const hint = (error: Error) => {
      const start = `${format} (.${extension.toLowerCase()}) is not supported: write `;
      assert.ok(error.message.includes(start), error.message);
      assert.match(error.message, /a\.flac", and convert it, for example with ffmpeg -i \S+a\.flac \S+a\.\w+$/);
      return error instanceof TypeError && !existsSync(file);
    };
    it(`says how to come to one: ${extension}`, async () => {
      await assert.rejects(writeFile(file, samples, shape), hint);
      await using stream = await InputStream.open(options);
      assert.throws(() => stream.setSink(file), hint);
    });
  }
});
