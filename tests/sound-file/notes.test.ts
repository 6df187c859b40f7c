// What a file says beside its samples: tags, cue points, loops, the broadcast extension.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { checkFormat, info, SoundFile } from "../../mod.ts";
import { soundSuite, stereo } from "../helpers/sound-suite.ts";

const { data, written } = soundSuite("notes");

describe("what a file says of itself", () => {
  const tags = {
    title: "A title: ÄÖÜ ☃",
    artist: "Somebody",
    album: "An album",
    date: "2024-02-29",
    comment: "No comment",
    copyright: "Nobody",
    genre: "Noise",
    tracknumber: "7",
    license: "MIT",
  };
  // Where each format has a place for them.
  const places: Record<string, (keyof typeof tags)[]> = {
    WAV: ["title", "artist", "album", "date", "comment", "copyright", "genre", "tracknumber"],
    FLAC: ["title", "artist", "album", "date", "comment", "copyright", "genre", "tracknumber", "license"],
    OGG: ["title", "artist", "album", "date", "comment", "copyright", "genre", "tracknumber", "license"],
    AIFF: ["title", "artist", "comment", "copyright"],
  };
  for (const [format, names] of Object.entries(places)) {
    it(`is written and read: ${format}`, () => {
      using file = SoundFile.inMemory({ ...stereo, format });
      file.metadata = Object.fromEntries([...names, "software"].map((name) => [name, tags[name as keyof typeof tags]]));
      for (const name of Object.keys(tags) as (keyof typeof tags)[]) { // what would be lost is an error
        if (!names.includes(name)) {
          assert.throws(() => (file.metadata[name] = tags[name]), /do not keep this tag/, name);
        }
      }
      assert.equal(file.metadata.title, tags.title);
      file.write(data);
      file.close();
      using back = new SoundFile(file.bytes());
      for (const name of names) assert.equal(back.metadata[name], tags[name], name);
      assert.deepEqual(Object.keys(back.metadata).sort(), [...Object.keys(tags), "software"].sort());
      const { metadata } = info(file.bytes());
      for (const name of names) assert.equal(metadata[name], tags[name], name);
    });
  }

  it("is written as long as it is read again, and no longer", () => {
    const most: Record<string, number> = {
      WAV: 2045,
      WAVEX: 2045,
      RF64: 2045,
      AIFF: 8189,
      CAF: 16000,
      FLAC: 1e6,
      OGG: 1e6,
    };
    for (const [format, length] of Object.entries(most)) {
      using file = SoundFile.inMemory({ ...stereo, format });
      file.metadata.comment = "c".repeat(length);
      if (length < 1e6) {
        assert.throws(() => (file.metadata.comment = "c".repeat(length + 1)), /at most \d+ bytes, not/, format);
        if (format === "CAF") assert.throws(() => (file.metadata.title = "a"), /all tags together/);
      }
      assert.throws(() => (file.metadata.title = ""), /must not be empty/);
      if (format !== "CAF") file.metadata.title = "☃".repeat(Math.floor(length / 3));
      file.write(data);
      file.close();
      using back = new SoundFile(file.bytes());
      assert.equal(back.metadata.comment, "c".repeat(length), format);
      if (format !== "CAF") assert.equal(back.metadata.title, "☃".repeat(Math.floor(length / 3)), format);
      assert.deepEqual(back.read(2, { dtype: "int16" }).length, 4);
    }
  });

  it("is Latin-1 in MP3", { skip: checkFormat("MP3") ? false : "this libsndfile has no MP3" }, () => {
    using file = SoundFile.inMemory({ ...stereo, format: "MP3" });
    file.metadata = { title: "Ünïcödé ¡ÿ", artist: "plain" };
    assert.equal(file.metadata.title, "Ünïcödé ¡ÿ");
    assert.throws(() => (file.metadata.album = "☃"), /Latin-1/);
    assert.throws(() => (file.metadata.album = "Ā"), /Latin-1/);
    file.write(new Int16Array(20000));
    file.close();
    const { metadata } = info(file.bytes());
    assert.deepEqual([metadata.title, metadata.artist, metadata.album], ["Ünïcödé ¡ÿ", "plain", undefined]);
  });

  it("is text of known names", () => {
    using file = SoundFile.inMemory({ ...stereo, format: "WAV" });
    assert.throws(() => (file.metadata.title = 5 as unknown as string), TypeError);
    assert.throws(() => (file.metadata.colour = "blue"), TypeError);
    assert.throws(() => (file.metadata = { title: "x", colour: "blue" }), /names among title, .*, not "colour"/);
    assert.equal(file.metadata.title, undefined);
    using read = new SoundFile(written("plain.wav"));
    assert.throws(() => (read.metadata.title = "x"), /plain\.wav is not open for writing, but with mode "r"/);
    assert.throws(() => (read.metadata = { title: "x" }), TypeError);
  });

  /** A WAV file with chunks of our own between its header and its samples. */
  function wavWith(...chunks: [id: string, bytes: Uint8Array][]): Uint8Array {
    const plain = readFileSync(written("plain.wav"));
    const parts = chunks.map(([id, bytes]) => {
      const chunk = new Uint8Array(8 + bytes.length + bytes.length % 2);
      new TextEncoder().encodeInto(id, chunk);
      new DataView(chunk.buffer).setUint32(4, bytes.length, true);
      chunk.set(bytes, 8);
      return chunk;
    });
    const all = new Uint8Array(Buffer.concat([plain.subarray(0, 36), ...parts, plain.subarray(36)]));
    new DataView(all.buffer).setUint32(4, all.length - 8, true);
    return all;
  }
  const words = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
  const fourcc = (text: string) => new DataView(new TextEncoder().encode(text).buffer).getUint32(0, true);

  it("has cue points and loops", () => {
    const cues = words(2, 1, 100, fourcc("data"), 0, 0, 100, 2, 500, fourcc("data"), 0, 0, 500);
    const sampler = words(0, 0, 22675, 69, 0, 0, 0, 2, 0, 1, 0, 10, 200, 0, 0, 2, 1, 300, 400, 0, 5);
    using file = new SoundFile(wavWith(["cue ", cues], ["smpl", sampler]));
    assert.deepEqual(file.cuePoints.map(({ id, frame }) => [id, frame]), [[1, 100], [2, 500]]);
    assert.equal(file.instrument?.baseNote, 69);
    const loops = file.instrument.loops.map(({ mode, start, end, count }) => [mode, start, end, count]);
    assert.equal(loops.length, 2);
    assert.deepEqual(loops.map(([mode, start]) => [mode, start]), [["forward", 10], ["alternating", 300]]);
    assert.equal(file.instrument.loops[1].count, 5);
    using plain = new SoundFile(written("plain.wav"));
    assert.deepEqual(plain.cuePoints, []);
    assert.equal(plain.instrument, undefined);
    assert.equal(plain.broadcastInfo, undefined);
  });

  it("has the broadcast extension", () => {
    const bext = new Uint8Array(602 + 20);
    const text = (at: number, value: string) => new TextEncoder().encodeInto(value, bext.subarray(at));
    text(0, "Evening news");
    text(256, "A station of exactly 32 letters!");
    text(288, "REF 1");
    text(320, "2024-02-29");
    text(330, "20:15:00");
    const view = new DataView(bext.buffer);
    view.setUint32(338, 5, true);
    view.setUint32(342, 1, true);
    view.setUint16(346, 2, true);
    view.setInt16(412, -2300, true);
    text(602, "A=PCM,F=48000\r\n");
    using file = new SoundFile(wavWith(["bext", bext]));
    const broadcast = file.broadcastInfo!;
    assert.equal(broadcast.description, "Evening news");
    assert.equal(broadcast.originator, "A station of exactly 32 letters!");
    assert.equal(broadcast.originatorReference, "REF 1");
    assert.equal(broadcast.originationDate, "2024-02-29");
    assert.equal(broadcast.originationTime, "20:15:00");
    assert.equal(broadcast.timeReference, 2 ** 32 + 5);
    assert.equal(broadcast.version, 2);
    assert.equal(broadcast.loudness, -23);
    assert.match(broadcast.codingHistory, /^A=PCM,F=48000/);
  });
});
