import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { looksLikeMap, mappingOf, readChannels, readMap, readSides, splitList } from "../../cli/options/lists.ts";
import * as numbers from "../../cli/options/numbers.ts";
import { UsageError } from "../../cli/options/usage-error.ts";
import { framesHeld } from "../../cli/stream/file-options.ts";

/** Reads each text, which must give what stands beside it; undefined: it must be refused. */
function expectAll<T>(read: (text: string) => T, cases: readonly (readonly [string, T | undefined])[]): void {
  for (const [text, expected] of cases) {
    if (expected === undefined) assert.throws(() => read(text), UsageError, `'${text}' should be refused`);
    else assert.deepEqual(read(text), expected, `'${text}'`);
  }
}

describe("numbers of the command line", () => {
  it("reads times", () => {
    expectAll(numbers.readTime, [
      ["10:00", { seconds: 600 }],
      ["1:02:03.5", { seconds: 3723.5 }],
      ["0.5", { seconds: 0.5 }],
      [".5", { seconds: 0.5 }],
      ["90", { seconds: 90 }],
      ["90:00", { seconds: 5400 }],
      ["100:00:00", { seconds: 360000 }],
      ["0", { seconds: 0 }],
      ["48000s", { frames: 48000 }],
      ["1Ks", { frames: 1024 }],
      ["48ks", { frames: 48000 }],
      ["44.1ks", { frames: 44100 }],
      ["1.5Ks", { frames: 1536 }],
      ["5s", { frames: 5 }],
      ["10ms", { seconds: 0.01 }],
      ["0.5ms", { seconds: 0.0005 }],
      ["5sec", { seconds: 5 }],
      ["1.5min", { seconds: 90 }],
      ["1.1h", { seconds: 3960 }],
      ["1Ms", { frames: 1048576 }],
      ["-1", numbers.endless],
      ["-0:10", numbers.endless],
      ["-5s", numbers.endless],
      ...[
        "",
        "s",
        "x",
        "1:60",
        "1:60:00",
        "1:2:3:4",
        "1.5s",
        "1e3",
        "--1",
        "+1",
        "1 ",
        ":5",
        "5:",
        "NaN",
        "Infinity",
        "9e9s",
        "5 sec",
        "5m",
        "5Sec",
        "5MS",
        "1h30",
        "1:30min",
        "9999999h",
      ]
        .map((text) => [text, undefined] as const),
      ["9".repeat(30) + "s", undefined],
      ["9".repeat(400), undefined],
    ]);
  });

  it("converts times to frames", () => {
    assert.equal(numbers.framesOf({ seconds: 0.1 }, 44100), 4410);
    assert.equal(numbers.framesOf({ frames: 7 }, 44100), 7);
    assert.equal(numbers.framesOf(numbers.endless, 44100), -1);
    assert.equal(numbers.framesOf({ seconds: 1 / 3 }, 48000), 16000);
  });

  it("reads sizes, rates, counts, latencies and volumes", () => {
    expectAll(numbers.readSize, [
      ["64k", 64000],
      ["64K", 65536],
      ["1m", 1e6],
      ["1M", 1048576],
      ["0", 0],
      ["1.1k", 1100],
      ["0.5", undefined],
      ["-1", undefined],
      ["1kk", undefined],
    ]);
    expectAll(numbers.readBufferSize, [["64K", 65536], ["1", 1], ["0", undefined], ["1000", undefined], [
      "4096M",
      undefined,
    ]]);
    expectAll(numbers.readBlockSize, [["0", 0], ["1K", 1024], ["16M", undefined]]);
    expectAll(numbers.readRate, [
      ["48k", 48000],
      ["44.1k", 44100],
      ["22.05k", 22050],
      ["11.025k", 11025],
      ["8000", 8000],
      ["0", undefined],
      ["-48k", undefined],
      ["48kHz", undefined],
    ]);
    expectAll(numbers.readCount, [["1", 1], ["64", 64], ["0", undefined], ["1.5", undefined], ["-1", undefined], [
      "x",
      undefined,
    ]]);
    expectAll<"low" | "high" | number>(numbers.readLatency, [
      ["low", "low"],
      ["high", "high"],
      ["50ms", 0.05],
      ["0.05", 0.05],
      ["1s", 1],
      ["1sec", 1],
      ["0.5min", 30],
      ["2min", undefined],
      ["1ks", undefined],
      ["0", 0],
      ["fast", undefined],
      ["-1", undefined],
      ["61", undefined],
    ]);
    expectAll(numbers.readVolume, [
      ["1", 1],
      ["0.5", 0.5],
      ["50%", 0.5],
      ["0dB", 1],
      ["-20dB", 0.1],
      ["20db", 10],
      ["4", 4],
      ["400%", 4],
      ["4.01", undefined],
      ["50", undefined],
      ["401%", undefined],
      ["50x", 50],
      ["0.5X", 0.5],
      ["0", 0],
      ["-1", undefined],
      ["loud", undefined],
      ["100dB", undefined],
    ]);
    expectAll(numbers.readOffset, [["1", { seconds: 1 }], ["0", { seconds: 0 }], ["-1", undefined]]);
    expectAll(numbers.readPositiveTime, [["1", { seconds: 1 }], ["0", undefined], ["-1", undefined], [
      "0s",
      undefined,
    ]]);
  });

  it("says what a volume or a few samples may have been meant for", () => {
    const message = (text: string) => {
      try {
        return String(numbers.readVolume(text));
      } catch (error) {
        return (error as Error).message;
      }
    };
    assert.equal(message("50"), "'50' is 50 times as loud: if that is meant write 50x, or 50% for a percentage");
    assert.equal(message("500"), "'500' is 500 times as loud: if that is meant write 500x");
    assert.equal(message("900%"), "'900%' is 9 times as loud: if that is meant write 9x");
    assert.match(message("loud"), /^'loud' is not a volume: /);
    const note = (text: string) => numbers.fewSamplesNote(numbers.readTime(text));
    assert.equal(note("5s"), "5s is 5 samples; for seconds write 5sec");
    assert.equal(note("1s"), "1s is 1 sample; for seconds write 1sec");
    assert.match(note("999s")!, /999/);
    for (const text of ["0s", "1000s", "1ks", "5sec", "5", "-5s"]) assert.equal(note(text), undefined, text);
  });

  it("returns a finite number or a UsageError, whatever the text", () => {
    const readers = [numbers.readSize, numbers.readRate, numbers.readCount, numbers.readVolume, numbers.readBufferSize];
    const text = fc.stringMatching(/^[-+0-9.:kKmMsdBx%echin ]{0,12}$/);
    fc.assert(
      fc.property(text, (text) => {
        for (const read of [...readers, (text: string) => numbers.framesOf(numbers.readTime(text), 48000)]) {
          try {
            const value = read(text);
            assert.ok(Number.isFinite(value), `${read.name}('${text}') is ${value}`);
          } catch (error) {
            if (!(error instanceof UsageError)) throw error;
          }
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe("lists of the command line", () => {
  const texts = (list: string) => splitList(list).map(({ text }) => text);

  it("splits at commas, but not in quotes or after a backslash", () => {
    assert.deepEqual(texts("a,b"), ["a", "b"]);
    assert.deepEqual(texts(",au"), ["", "au"]);
    assert.deepEqual(texts("a,"), ["a", ""]);
    assert.deepEqual(texts(`"hw:0,0",virtual`), ["hw:0,0", "virtual"]);
    assert.deepEqual(texts(`'a,"b',c`), [`a,"b`, "c"]);
    assert.deepEqual(texts(String.raw`hw:0\,0,x`), ["hw:0,0", "x"]);
    assert.deepEqual(texts(String.raw`'a\',b`), ["a\\", "b"]);
    assert.throws(() => splitList(`"a,b`), UsageError);
  });

  it("gives back any list of names that was quoted", () => {
    fc.assert(fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (names) => {
      const quoted = names.map((name) => `"${name.replace(/["\\]/g, "\\$&")}"`).join(",");
      assert.deepEqual(texts(quoted), names);
      const escaped = names.map((name) => name.replace(/["'\\,]/g, "\\$&")).join(",");
      assert.deepEqual(texts(escaped), names);
    }));
  });

  it("reads one value or a pair, with placeholders", () => {
    const read = (text: string) => readSides(text, (text) => text);
    assert.deepEqual(read("a"), { playback: "a", recording: "a", single: true });
    assert.deepEqual(read("a,b"), { playback: "a", recording: "b", single: false });
    for (const none of ["", "^", "null", "NULL", '""']) {
      assert.deepEqual(read(`${none},b`), { playback: undefined, recording: "b", single: false });
      assert.deepEqual(read(`a,${none}`), { playback: "a", recording: undefined, single: false });
    }
    assert.equal(read(`"null",b`).playback, "null");
    assert.throws(() => read("a,b,c"), UsageError);
  });

  it("reads channel maps", () => {
    assert.deepEqual(readMap("2,1"), [[2, 1], [1, 2]]);
    assert.deepEqual(readMap("1:2"), [[1, 2]]);
    assert.deepEqual(readMap("1,1:3"), [[1, 1], [1, 3]]);
    assert.equal(readMap("null"), null);
    for (const bad of ["1:0", "1:2,2:2", "2,1:1", "a", "1,", "1:2:3", "-1"]) {
      assert.throws(() => readMap(bad), UsageError, bad);
    }
    assert.ok(!looksLikeMap("in.wav") && !looksLikeMap("1.wav") && !looksLikeMap("") && looksLikeMap("1:2,3"));
    assert.deepEqual(mappingOf([[1, 2]], 2), [0, 1]);
    assert.deepEqual(mappingOf([[2, 1], [1, 2]], 3), [2, 1, 0]);
    assert.throws(() => mappingOf([[3, 1]], 2), UsageError);
    assert.throws(() => mappingOf([[1, 3]], 2), UsageError);
  });

  it("reads channel lists", () => {
    assert.deepEqual(readChannels("3,4"), [3, 4]);
    assert.equal(readChannels("^"), null);
    for (const bad of ["0", "1,0", "x", "1:2", "1,"]) assert.throws(() => readChannels(bad), UsageError, bad);
  });
});

describe("what a file has room for", () => {
  it("ends where lengths of 32 bits do, and a bit before", () => {
    for (const [format, subtype, channels, frameBytes] of [["WAV", "FLOAT", 2, 8], ["AIFF", "PCM_24", 3, 9]] as const) {
      const bytes = framesHeld({ format, subtype, channels }) * frameBytes;
      assert.ok(bytes > 2 ** 32 - 2 ** 25 && bytes < 2 ** 32 - 2 ** 23, `${format}: ${bytes}`);
    }
    for (const format of ["RF64", "W64", "CAF", "FLAC", "RAW"]) {
      assert.equal(framesHeld({ format, subtype: "PCM_16", channels: 2 }), Infinity);
    }
  });
});
