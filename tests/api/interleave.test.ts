// Interleaved samples to planes, and back.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { deinterleave, interleave } from "../../mod.ts";
import { soundSuite } from "../helpers/sound-suite.ts";

const { data } = soundSuite("planes");

describe("planes", () => {
  it("come apart and together", () => {
    const planes = deinterleave(data, 2);
    assert.deepEqual([planes.length, planes[0].length], [2, 1000]);
    assert.deepEqual([planes[0][3], planes[1][3]], [data[6], data[7]]);
    assert.deepEqual(interleave(planes), data);
    for (
      const array of [new Float32Array(6), new Float64Array(6), new Int32Array(6), new Int8Array(6), new Uint8Array(6)]
    ) {
      array.set([1, 2, 3, 4, 5, 6]);
      const three = deinterleave(array, 3);
      assert.deepEqual(three.map((plane) => [...plane]), [[1, 4], [2, 5], [3, 6]]);
      assert.deepEqual(interleave(three), array);
    }
    const ofBuffer = deinterleave(Buffer.from([1, 2, 3, 4]), 2);
    assert.deepEqual(ofBuffer, [Uint8Array.of(1, 3), Uint8Array.of(2, 4)]);
    assert.deepEqual(interleave([Buffer.from([1, 3]), Uint8Array.of(2, 4)]), Uint8Array.of(1, 2, 3, 4));
    const view = new DataView(new ArrayBuffer(4)) as unknown as Int8Array<ArrayBuffer>;
    assert.throws(() => deinterleave(view, 2), /samples must be a typed array/);
    assert.throws(() => interleave([view]), /planes\[0\] must be a typed array/);
    assert.throws(() => deinterleave(new Float32Array(0), 2 ** 40), /channels must be an integer from 1 to 1024/);
    assert.throws(() => deinterleave(new Float32Array(5), 2), RangeError);
    assert.throws(() => deinterleave(new Float32Array(4), 0), RangeError);
    assert.throws(() => interleave([]), TypeError);
    assert.throws(() => interleave([new Float32Array(1), new Float32Array(2)]), RangeError);
  });
});
