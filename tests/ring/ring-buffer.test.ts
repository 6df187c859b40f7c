import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { native } from "../../ffi/load.ts";
import { PastreamError, RingBuffer } from "../../mod.ts";
import { memoryRing, nativeRing, peekRing, ringHandle } from "../../src/ring/ring-buffer.ts";

const closed = (error: unknown) => error instanceof PastreamError && error.code === "closed";
const handles = () => native().ps_handle_count();
const numbers = (...values: number[]) => Uint8Array.from(values);
/** Takes a typed array's memory away, as a transfer to a worker does. */
const giveAway = (array: ArrayBufferView<ArrayBuffer>) => structuredClone(array.buffer, { transfer: [array.buffer] });

describe("a ring", () => {
  it("begins empty, with its sizes", () => {
    using ring = new RingBuffer(8, 16);
    assert.equal(ring.elementSize, 8);
    assert.equal(ring.size, 16);
    assert.equal(ring.readAvailable, 0);
    assert.equal(ring.writeAvailable, 16);
    assert.equal(ring.read().length, 0);
    assert.equal(ring.readInto(new Float64Array(4)), 0);
  });

  it("gives back what was written, in order, across its end", () => {
    using ring = new RingBuffer(1, 8);
    assert.equal(ring.write(numbers(1, 2, 3, 4, 5, 6)), 6);
    assert.deepEqual(ring.read(4), numbers(1, 2, 3, 4));
    assert.equal(ring.write(numbers(7, 8, 9, 10, 11)), 5);
    assert.equal(ring.readAvailable, 7);
    assert.equal(ring.writeAvailable, 1);
    assert.deepEqual(ring.read(), numbers(5, 6, 7, 8, 9, 10, 11));
  });

  it("takes what fits and says how much", () => {
    using ring = new RingBuffer(2, 4);
    assert.equal(ring.write(new Int16Array([1, 2, 3, 4, 5, 6])), 4);
    assert.equal(ring.write(new Int16Array([7])), 0);
    const out = new Int16Array(10);
    assert.equal(ring.readInto(out), 4);
    assert.deepEqual(out.subarray(0, 5), new Int16Array([1, 2, 3, 4, 0]));
  });

  it("moves every kind of view, in part or whole", () => {
    using ring = new RingBuffer(4, 16);
    const memory = new Float32Array([0, 1, 2, 3, 4, 5]);
    assert.equal(ring.write(memory.subarray(2, 4)), 2);
    assert.equal(ring.write(memory, 1), 1);
    assert.equal(ring.write(new DataView(memory.buffer, 20)), 1);
    const shared = new Float32Array(new SharedArrayBuffer(16));
    assert.equal(ring.readInto(shared), 4);
    assert.deepEqual([...shared], [2, 3, 0, 5]);
    assert.equal(ring.write(shared.subarray(0, 2)), 2);
    const middle = new Float32Array(4);
    assert.equal(ring.readInto(new DataView(middle.buffer, 4, 8)), 2);
    assert.deepEqual([...middle], [0, 2, 3, 0]);
  });

  it("reads into new memory that stays as it is", () => {
    using ring = new RingBuffer(1, 4);
    ring.write(numbers(1, 2));
    const first = ring.read();
    ring.write(numbers(3, 4, 5, 6));
    ring.read();
    assert.deepEqual(first, numbers(1, 2));
    assert.equal(first.byteLength, first.buffer.byteLength);
  });

  it("moves its indices without a copy", () => {
    using ring = new RingBuffer(1, 8);
    ring.write(numbers(1, 2, 3, 4));
    assert.equal(ring.advanceReadIndex(3), 3);
    assert.equal(ring.advanceReadIndex(3), 1);
    assert.equal(ring.advanceWriteIndex(100), 8);
    assert.equal(ring.writeAvailable, 0);
    assert.equal(ring.advanceWriteIndex(0), 0);
  });

  it("is empty after flush()", () => {
    using ring = new RingBuffer(1, 8);
    ring.write(numbers(1, 2, 3));
    ring.flush();
    assert.equal(ring.readAvailable, 0);
    assert.equal(ring.writeAvailable, 8);
    ring.write(numbers(9));
    assert.deepEqual(ring.read(), numbers(9));
  });

  it("behaves as a queue whatever is done to it", () => {
    const step = fc.record({ write: fc.boolean(), count: fc.nat(20) });
    fc.assert(fc.property(fc.integer({ min: 0, max: 5 }), fc.array(step), (power, steps) => {
      using ring = new RingBuffer(2, 2 ** power);
      const model: number[] = [];
      let next = 0;
      for (const { write, count } of steps) {
        if (write) {
          const fitted = ring.write(Uint16Array.from({ length: count }, (_, i) => next + i));
          assert.equal(fitted, Math.min(count, ring.size - model.length));
          for (let i = 0; i < fitted; i++) model.push(next++);
        } else {
          const expected = model.splice(0, count);
          assert.deepEqual([...new Uint16Array(ring.read(count).buffer)], expected);
        }
        assert.equal(ring.readAvailable, model.length);
        assert.equal(ring.writeAvailable, ring.size - model.length);
      }
    }));
  });
});

describe("regions without a copy", () => {
  it("show what can be read, in two parts where it wraps", () => {
    using ring = new RingBuffer(2, 4);
    ring.write(new Uint16Array([1, 2, 3]));
    ring.advanceReadIndex(2);
    ring.write(new Uint16Array([4, 5]));
    const [count, part1, part2] = ring.getReadBuffers();
    assert.equal(count, 3);
    assert.deepEqual([...new Uint16Array(part1.slice().buffer)], [3, 4]);
    assert.deepEqual([...new Uint16Array(part2.slice().buffer)], [5]);
    assert.equal(ring.readAvailable, 3, "looking takes nothing out");
    const [two, first, second] = ring.getReadBuffers(2);
    assert.deepEqual([two, first.length, second.length], [2, 4, 0]);
  });

  it("are written in place", () => {
    using ring = new RingBuffer(1, 8);
    ring.advanceWriteIndex(6);
    ring.advanceReadIndex(6);
    const [count, part1, part2] = ring.getWriteBuffers(5);
    assert.deepEqual([count, part1.length, part2.length], [5, 2, 3]);
    part1.set([1, 2]);
    part2.set([3, 4, 5]);
    assert.equal(ring.readAvailable, 0);
    assert.equal(ring.advanceWriteIndex(5), 5);
    assert.deepEqual(ring.read(), numbers(1, 2, 3, 4, 5));
  });

  it("are an error where a ring is too large for them", () => {
    let ring: RingBuffer;
    try {
      ring = new RingBuffer(8, 2 ** 30);
    } catch (error) {
      // Where the system gives no more memory than it has.
      return assert.equal((error as PastreamError).code, "out-of-resources");
    }
    ring.write(new Float64Array([1, 2]));
    assert.throws(() => ring.getReadBuffers(), { code: "unsupported", message: /limited to 4294967296 bytes/ });
    assert.deepEqual([...new Float64Array(ring.read().buffer)], [1, 2]);
    ring.close();
  });

  it("are never left dangling by close()", () => {
    const ring = new RingBuffer(1, 1 << 20);
    ring.write(numbers(1, 2, 3));
    const [, view] = ring.getReadBuffers();
    ring.close();
    // Emptied, or (Node 20 cannot) kept as it was.
    if (view.length > 0) assert.deepEqual(view, numbers(1, 2, 3));
  });
});

describe("a ring over memory of the caller's own", () => {
  it("uses that memory", () => {
    const memory = new Float32Array(8);
    using ring = new RingBuffer(8, undefined, memory);
    assert.equal(ring.size, 4);
    ring.write(new Float32Array([1, 2, 3, 4]));
    assert.deepEqual([...memory], [1, 2, 3, 4, 0, 0, 0, 0]);
    const [, region] = ring.getReadBuffers();
    assert.equal(region.buffer, memory.buffer);
    memory[0] = 9;
    assert.deepEqual([...new Float32Array(ring.read().buffer)], [9, 2, 3, 4]);
  });

  it("takes part of a buffer, ArrayBuffers and shared memory", () => {
    const memory = new Uint8Array(32);
    using ring = new RingBuffer(2, 4, memory.subarray(4, 14));
    ring.write(numbers(1, 2, 3, 4));
    assert.deepEqual(memory.subarray(3, 9), numbers(0, 1, 2, 3, 4, 0));
    using plain = new RingBuffer(4, undefined, new ArrayBuffer(64));
    assert.equal(plain.size, 16);
    const shared = new SharedArrayBuffer(8);
    using ofShared = new RingBuffer(1, undefined, shared);
    ofShared.write(numbers(7));
    assert.equal(new Uint8Array(shared)[0], 7);
  });

  it("leaves that memory to its owner", () => {
    const memory = new Uint8Array(4);
    const ring = new RingBuffer(1, undefined, memory);
    ring.write(numbers(1, 2, 3, 4));
    ring.close();
    assert.deepEqual(memory, numbers(1, 2, 3, 4));
  });

  it("is closed when the memory is given away", () => {
    const memory = new Uint8Array(8);
    using ring = new RingBuffer(1, undefined, memory);
    ring.write(numbers(1));
    giveAway(memory);
    assert.throws(() => ring.read(), closed);
    assert.throws(() => ring.write(numbers(1)), closed);
    assert.throws(() => ring.readAvailable, closed);
    assert.throws(() => ring.getWriteBuffers(), closed);
  });

  it("is for other threads only if it is shared memory", () => {
    using ring = new RingBuffer(1, undefined, new Uint8Array(8));
    assert.throws(() => ring.share(), { name: "TypeError", message: /SharedArrayBuffer/ });
    using ofShared = new RingBuffer(1, undefined, new SharedArrayBuffer(8));
    using other = RingBuffer.from(structuredClone(ofShared.share()));
    other.write(numbers(5));
    assert.deepEqual(ofShared.getReadBuffers()[1], numbers(5));
    assert.deepEqual(other.getReadBuffers()[1], numbers(5));
  });

  it("is refused where it cannot work", () => {
    assert.throws(() => new RingBuffer(4, 8, new Uint8Array(31)), { name: "RangeError", message: /at least 32 bytes/ });
    assert.throws(() => new RingBuffer(4, undefined, new Uint8Array(30)), { name: "RangeError", message: /30 bytes/ });
    assert.throws(() => new RingBuffer(4, undefined, new Uint8Array(12)), {
      name: "RangeError",
      message: /power of 2/,
    });
    assert.throws(() => new RingBuffer(4, undefined, new Uint8Array(0)), { name: "RangeError", message: /not 0/ });
    assert.throws(() => new RingBuffer(4, 8, "text" as never), { name: "TypeError", message: /buffer .* "text"/ });
    using other = new RingBuffer(4, 8);
    for (const ring of [other, nativeRing(other)]) {
      assert.throws(() => new RingBuffer(4, 8, ring as never), { name: "TypeError", message: /^buffer must be/ });
    }
    const given = new Uint8Array(32);
    giveAway(given);
    assert.throws(() => new RingBuffer(4, 8, given), { name: "TypeError", message: /detached/ });
    assert.throws(() => new RingBuffer(4, 8, given.buffer), { name: "TypeError", message: /detached/ });
    const growing = new ArrayBuffer(32, { maxByteLength: 64 });
    assert.throws(() => new RingBuffer(4, 8, growing), { name: "TypeError", message: /resizable/ });
  });
});

describe("misuse", () => {
  it("of sizes is a RangeError or TypeError that says what is allowed", () => {
    for (const size of [0, -1, 3, 1000, 2 ** 31, 1.5, NaN, Infinity]) {
      assert.throws(() => new RingBuffer(4, size), { name: "RangeError", message: /^size must be .* not / });
    }
    for (const elementSize of [0, -4, 65537, 0.5, NaN]) {
      assert.throws(() => new RingBuffer(elementSize, 8), { name: "RangeError", message: /^elementSize must be/ });
    }
    for (const wrong of ["8", null, {}, true, 8n] as never[]) {
      assert.throws(() => new RingBuffer(wrong, 8), { name: "TypeError", message: /^elementSize must be/ });
      assert.throws(() => new RingBuffer(4, wrong), { name: "TypeError", message: /^size must be/ });
    }
    assert.throws(() => new RingBuffer(4), { name: "TypeError", message: /size must be given/ });
  });

  it("of counts changes nothing", () => {
    using ring = new RingBuffer(4, 8);
    ring.write(new Float32Array([1, 2]));
    for (const wrong of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      assert.throws(() => ring.read(wrong), RangeError);
      assert.throws(() => ring.write(new Float32Array(4), wrong), RangeError);
      assert.throws(() => ring.advanceReadIndex(wrong), RangeError);
      assert.throws(() => ring.advanceWriteIndex(wrong), RangeError);
      assert.throws(() => ring.getReadBuffers(wrong), RangeError);
      assert.throws(() => ring.getWriteBuffers(wrong), RangeError);
    }
    for (const wrong of ["1", null, []] as never[]) {
      assert.throws(() => ring.read(wrong), TypeError);
      assert.throws(() => ring.advanceReadIndex(wrong), TypeError);
    }
    assert.throws(() => ring.write(new Float32Array(2), 3), RangeError);
    assert.equal(ring.readAvailable, 2);
  });

  it("of memory is an error", () => {
    using ring = new RingBuffer(4, 8);
    for (const wrong of [undefined, null, [1, 2], "text", 5, new ArrayBuffer(8)] as never[]) {
      assert.throws(() => ring.write(wrong), { name: "TypeError", message: /data must be a typed array/ });
      assert.throws(() => ring.readInto(wrong), { name: "TypeError", message: /data must be a typed array/ });
    }
    assert.throws(() => ring.write(new Uint8Array(6)), { name: "RangeError", message: /elements of 4 bytes, not 6/ });
    assert.throws(() => ring.readInto(new Uint8Array(3)), { name: "RangeError", message: /elements of 4 bytes/ });
    const given = new Float32Array(4);
    giveAway(given);
    assert.throws(() => ring.write(given), { name: "TypeError", message: /detached/ });
    assert.throws(() => ring.readInto(given), { name: "TypeError", message: /detached/ });
  });

  it("of a closed ring is an error, except closing it again and asking for what it was", () => {
    const ring = new RingBuffer(4, 8);
    ring.write(new Float32Array(3));
    ring.close();
    ring.close();
    ring[Symbol.dispose]();
    assert.throws(() => ring.read(), closed);
    assert.throws(() => ring.read(1), closed);
    assert.throws(() => ring.readInto(new Float32Array(1)), closed);
    assert.throws(() => ring.write(new Float32Array(1)), closed);
    assert.throws(() => ring.getReadBuffers(), closed);
    assert.throws(() => ring.getWriteBuffers(), closed);
    assert.throws(() => ring.advanceReadIndex(1), closed);
    assert.throws(() => ring.advanceWriteIndex(1), closed);
    assert.throws(() => ring.flush(), closed);
    assert.throws(() => ring.share(), closed);
    assert.throws(() => ringHandle(ring), closed);
    assert.deepEqual([ring.elementSize, ring.size, ring.readAvailable, ring.writeAvailable], [4, 8, 3, 5]);
  });

  it("never meets another ring's memory: handles are not used again at once", () => {
    const old = new RingBuffer(4, 8);
    const handle = old.share();
    old.close();
    using ring = new RingBuffer(4, 8);
    assert.notEqual(ring.share().pastreamRing, handle.pastreamRing);
    assert.throws(() => RingBuffer.from(handle), closed);
  });
});

describe("share() and from()", () => {
  it("open the same ring twice", () => {
    using ring = new RingBuffer(4, 8);
    const other = RingBuffer.from(structuredClone(ring.share()));
    assert.equal(other.elementSize, 4);
    assert.equal(other.size, 8);
    other.write(new Float32Array([1, 2]));
    assert.equal(ring.readAvailable, 2);
    other.close();
    assert.throws(() => other.read(), closed);
    assert.deepEqual([...new Float32Array(ring.read().buffer)], [1, 2]);
  });

  it("give a ring that ends with its owner, and a view that is safe after that", () => {
    const before = handles();
    const ring = new RingBuffer(1, 1 << 20);
    const other = RingBuffer.from(ring.share());
    ring.write(numbers(1, 2, 3));
    const [, view] = other.getReadBuffers();
    ring.close();
    assert.deepEqual(view, numbers(1, 2, 3));
    assert.throws(() => other.read(), closed);
    other.close();
    if (view.length === 0) assert.equal(handles(), before);
  });

  it("refuse what is no handle", () => {
    using ring = new RingBuffer(4, 8);
    const handle = ring.share();
    for (const wrong of [undefined, null, 5, "ring"] as never[]) {
      assert.throws(() => RingBuffer.from(wrong), { name: "TypeError", message: /handle/ });
    }
    assert.throws(() => RingBuffer.from({ ...handle, pastreamRing: -1 }), RangeError);
    assert.throws(() => RingBuffer.from({ ...handle, pastreamRing: 1 }), closed);
    for (const storage of ["text", [1, 2], new Uint8Array(31), new Int32Array(8)] as never[]) {
      assert.throws(() => RingBuffer.from({ ...handle, storage }), {
        name: "TypeError",
        message: /storage .* 32 bytes/,
      });
    }
    assert.throws(() => RingBuffer.from({ ...handle, size: 16 }), { name: "TypeError", message: /8 elements of 4/ });
  });
});

describe("for the library itself", () => {
  it("rings have any size, and are looked at without taking", () => {
    using ring = memoryRing("size", 2, 5);
    assert.equal(ring.size, 5);
    assert.equal(ring.write(new Uint16Array([1, 2, 3, 4, 5, 6])), 5);
    const out = new Uint16Array(6);
    assert.equal(peekRing(ring, 0, out), 5);
    assert.deepEqual([...out], [1, 2, 3, 4, 5, 0]);
    assert.equal(ring.readAvailable, 5);
    ring.advanceReadIndex(3);
    ring.write(new Uint16Array([7, 8]));
    assert.equal(peekRing(ring, 0, out.subarray(0, 3)), 3);
    assert.deepEqual([...out], [4, 5, 7, 4, 5, 0]);
    assert.equal(peekRing(ring, 1, out), 3);
    assert.deepEqual([...out], [5, 7, 8, 4, 5, 0]);
    assert.equal(peekRing(ring, 4, out), 0);
  });

  it("closing gives every handle back", () => {
    const before = handles();
    const rings = Array.from({ length: 1000 }, () => new RingBuffer(4, 64));
    assert.equal(handles(), before + 1000);
    for (const ring of rings) ring.close();
    assert.equal(handles(), before);
  });

  it("more rings than there are handles is an error, not a crash", () => {
    const rings: RingBuffer[] = [];
    const full = (error: unknown) => error instanceof PastreamError && error.code === "out-of-resources";
    try {
      assert.throws(() => {
        for (;;) rings.push(new RingBuffer(1, 1));
      }, full);
      assert.ok(rings.length > 60_000);
    } finally {
      for (const ring of rings) ring.close();
    }
  });
});
