// Reading samples, and going from place to place.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { SoundFile } from "../../mod.ts";
import { soundSuite } from "../helpers/sound-suite.ts";

const { data, written } = soundSuite("reading");

describe("reading", () => {
  it("reads all, some, and no more than there is", () => {
    using file = new SoundFile(written("read.wav"));
    assert.deepEqual(file.read(undefined, { dtype: "int16" }), data);
    assert.equal(file.read().length, 0);
    file.seek(0);
    assert.deepEqual(file.read(3, { dtype: "int16" }), data.slice(0, 6));
    assert.deepEqual(file.read(0), new Float32Array(0));
    assert.deepEqual(file.read(5000, { dtype: "int16" }), data.slice(6));
    assert.equal(file.tell(), 1000);
  });

  it("reads float32 by default, with full scale 1", () => {
    using file = new SoundFile(written("scale.wav"));
    assert.deepEqual(file.read(), Float32Array.from(data, (sample) => sample / 32768));
  });

  it("fills up with fillValue", () => {
    using file = new SoundFile(written("fill.wav"));
    file.seek(998);
    const samples = file.read(4, { dtype: "int16", fillValue: 7 });
    assert.deepEqual([...samples], [...data.slice(-4), 7, 7, 7, 7]);
    assert.deepEqual([...file.read(2, { fillValue: 0.5 })], [0.5, 0.5, 0.5, 0.5]);
    assert.deepEqual([...file.read(1, { dtype: "int24", fillValue: -2 })], [254, 255, 255, 254, 255, 255]);
    assert.equal(file.read(-1, { fillValue: 1 }).length, 0);
    for (
      const [dtype, fillValue] of [["int16", 32768], ["int8", -129], ["uint8", -1], ["int24", 2 ** 23], [
        "int32",
        0.5,
      ]] as const
    ) {
      assert.throws(() => file.read(1, { dtype, fillValue }), /fillValue must be an integer from/, dtype);
    }
    assert.throws(() => file.read(1, { fillValue: NaN }), RangeError);
    file.seek(999);
    const out = new Int16Array(6);
    assert.equal(file.read(-1, { out, fillValue: 9 }).length, 6);
    assert.deepEqual([...out], [...data.slice(-2), 9, 9, 9, 9]);
  });

  it("reads into out", () => {
    using file = new SoundFile(written("out.wav"));
    const out = new Int16Array(2000).fill(1);
    const read = file.read(-1, { dtype: "int16", out: out.subarray(100, 300) });
    assert.deepEqual(read, data.slice(0, 200));
    assert.equal(read.buffer, out.buffer);
    assert.equal(read.byteOffset, 200);
    assert.ok(
      out.subarray(0, 100).every((sample) => sample === 1) && out.subarray(300).every((sample) => sample === 1),
    );
    assert.equal(file.read(10, { out }).length, 20);
    assert.equal(file.read(5000, { out }).length, 1780);
    assert.equal(file.read(-1, { out }).length, 0);
    assert.throws(() => file.read(-1, { out: new Int16Array(3) }), /out must be whole frames of 4 bytes/);
    assert.throws(() => file.read(-1, { out: new Int16Array(4), dtype: "int32" }), TypeError);
    assert.throws(() => file.read(-1, { out: new DataView(new ArrayBuffer(8)) }), TypeError);
    assert.throws(() => file.read(-1, { dtype: "int12" as "int16" }), /dtype must be one of/);
    assert.throws(() => file.read(1.5), RangeError);
    assert.throws(() => file.read(-2), RangeError);
    assert.throws(() => file.read("all" as unknown as number), TypeError);
  });

  it("goes where it is told", () => {
    using file = new SoundFile(written("seek.wav"));
    assert.equal(file.seek(3), 3);
    assert.equal(file.seek(4, "current"), 7);
    assert.equal(file.tell(), 7);
    assert.equal(file.seek(-1, "end"), 999);
    assert.deepEqual(file.read(5, { dtype: "int16" }), data.slice(-2));
    assert.equal(file.seek(0, "end"), 1000);
    assert.throws(() => file.seek(1001), RangeError);
    assert.throws(() => file.seek(-1001, "end"), RangeError);
    assert.throws(() => file.seek(1, "end"), RangeError);
    assert.throws(() => file.seek(0, "middle" as "end"), /whence must be one of/);
    assert.equal(file.tell(), 1000);
  });

  it("refuses to write", () => {
    using file = new SoundFile(written("readonly.wav"));
    assert.throws(() => file.write(data), /not open for writing/);
    assert.throws(() => file.truncate(1), /not open for writing/);
    assert.throws(() => (file.metadata.title = "x"), { name: "TypeError", message: /not open for writing/ });
    assert.equal(file.frames, 1000);
  });
});
