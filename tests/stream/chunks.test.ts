// The live input in chunks.
import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { BufferFullError, type ChunkOptions, type Dtype, DuplexStream, InputStream, OutputStream } from "../../mod.ts";
import { ChunkPosition } from "../../src/run/chunk-position.ts";
import { clocks, equalSamples, join, noise, pause, silence, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const duplex = (options = {}) =>
  new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16" as const, blockSize: BLOCK, ...options }));
const signal = noise("int16", 5000, 5);

/** All chunks of a run, copied. */
async function all(stream: DuplexStream<"int16">, options: ChunkOptions): Promise<Int16Array<ArrayBuffer>[]> {
  const chunks: Int16Array<ArrayBuffer>[] = [];
  for await (const chunk of stream.chunks(options)) chunks.push(chunk.slice() as Int16Array<ArrayBuffer>);
  return chunks;
}

describe("chunks", () => {
  for (const clock of clocks) {
    it(`are as long as is asked, but the last, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { channels: 1, dtype: "int16", blockSize: BLOCK }));
      const chunks = await all(stream, { chunkSize: 300, playback: signal, pad: BLOCK, offset: BLOCK });
      assert.deepEqual(chunks.map(({ length }) => length), [...Array(16).fill(300), 200]);
      equalSamples(join(...chunks), signal);
      assert.equal(stream.finished, true);
    });

    it(`repeat what overlaps, ${clock}`, async () => {
      for (const [chunkSize, overlap] of [[300, 100], [256, 255], [1000, 1]]) {
        await using stream = new DuplexStream(virtual(clock, { channels: 2, dtype: "uint8", blockSize: BLOCK }));
        const played = noise("uint8", 2 * 1500);
        const heard = silence("uint8", 2 * (overlap + BLOCK + 1500));
        heard.set(played, 2 * (overlap + BLOCK));
        const hop = chunkSize - overlap;
        let at = 0;
        for await (const chunk of stream.chunks({ chunkSize, overlap, playback: played, pad: BLOCK })) {
          const expected = heard.slice(2 * at, 2 * (at + chunkSize));
          equalSamples(chunk, expected, `${chunkSize}, ${overlap}: chunk at ${at}`);
          assert.ok(chunk.length / 2 > overlap);
          at += hop;
        }
        // No more chunks than bring new frames, and no fewer.
        assert.equal(at / hop, Math.ceil((BLOCK + 1500) / hop));
      }
    });
  }

  it("have the stream's block size, if none is asked for", async () => {
    await using stream = duplex();
    const chunks = await all(stream, { frames: 100 });
    assert.deepEqual(chunks.map(({ length }) => length), [64, 36]);
  });

  it("vary without a size", async () => {
    for (const clock of clocks) {
      await using stream = new DuplexStream(virtual(clock, { channels: 1, dtype: "int16" }));
      const chunks = await all(stream, { playback: signal, pad: 256, offset: 256 });
      equalSamples(join(...chunks), signal);
      assert.ok(chunks.every(({ length }) => length > 0));
    }
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    assert.throws(() => stream.chunks({ overlap: 1 }), { name: "RangeError", message: /overlap.*chunkSize/ });
  });

  it("are one array, used again", async () => {
    await using stream = duplex();
    const seen = new Set<unknown>();
    for await (const chunk of stream.chunks({ chunkSize: 100, frames: 1000 })) seen.add(chunk);
    assert.equal(seen.size, 1);
  });

  it("are put into the caller's memory", async () => {
    await using stream = duplex();
    const outs = [
      new Int16Array(300),
      new Uint8Array(600),
      new DataView(new ArrayBuffer(600)),
      new Int16Array(500).subarray(100, 400),
    ];
    for (const out of outs) {
      const parts: Int16Array<ArrayBuffer>[] = [];
      let same = 0;
      for await (const chunk of stream.chunks({ chunkSize: 300, playback: signal, pad: BLOCK, offset: BLOCK, out })) {
        if ((chunk as ArrayBufferView) === out) same++;
        assert.equal(chunk.constructor, out.constructor);
        assert.equal(chunk.buffer, out.buffer);
        parts.push(new Int16Array(chunk.buffer.slice(chunk.byteOffset, chunk.byteOffset + chunk.byteLength)));
      }
      assert.equal(same, 16);
      equalSamples(join(...parts), signal);
    }
    const larger = new Int16Array(1000);
    for await (const chunk of stream.chunks({ chunkSize: 300, frames: 900, out: larger, playback: null })) {
      assert.equal(chunk.length, 300);
    }
  });

  it("are put into memory only as long as it is there", async () => {
    await using stream = duplex();
    const shrink = (memory: ArrayBuffer, to: number) =>
      (memory as ArrayBuffer & { resize(to: number): void }).resize(to);
    const give = (memory: ArrayBuffer) => void structuredClone(memory, { transfer: [memory] });
    const losses: [lose: (memory: ArrayBuffer) => void, message: RegExp][] = [
      [give, /detached/],
      [(memory) => shrink(memory, 200), /must still have its 600 bytes, not 200/],
      [(memory) => shrink(memory, 0), /must still have its 600 bytes, not 0/],
    ];
    for (const layout of ["interleaved", "planar"] as const) {
      for (const [lose, message] of losses) {
        const out = new Int16Array(new ArrayBuffer(600, { maxByteLength: 1200 }));
        const options = { chunkSize: 300, frames: 90000, out, playback: null };
        const iterator = layout === "planar" ? stream.chunks({ ...options, layout }) : stream.chunks(options);
        await iterator.next();
        lose(out.buffer);
        await assert.rejects(() => iterator.next() as Promise<unknown>, { name: "TypeError", message });
        assert.equal(stream.active, false);
      }
    }
  });

  it("may be given away: the next one is put into new memory", async () => {
    await using stream = duplex();
    const given: Int16Array<ArrayBuffer>[] = [];
    const options = { chunkSize: 300, playback: signal, pad: BLOCK, offset: BLOCK };
    for await (const chunk of stream.chunks(options)) given.push(structuredClone(chunk, { transfer: [chunk.buffer] }));
    equalSamples(join(...given), signal);
    given.length = 0;
    for await (const [plane] of stream.chunks({ ...options, layout: "planar" })) {
      given.push(structuredClone(plane, { transfer: [plane.buffer] }));
    }
    equalSamples(join(...given), signal);
  });

  it("come apart by channel, if that is asked for", async () => {
    for (const [dtype, width] of [["int16", 1], ["int24", 3], ["float32", 1]] as [Dtype, number][]) {
      await using stream = new DuplexStream(virtual("freewheel", { channels: 3, dtype, blockSize: BLOCK }));
      const played = noise(dtype, 3 * 1000);
      for (const out of [undefined, noise(dtype, 3 * 300)]) {
        const options = {
          layout: "planar",
          chunkSize: 300,
          overlap: 50,
          playback: played,
          offset: BLOCK,
          pad: BLOCK,
          out,
        } as const;
        let at = -50;
        let first: unknown;
        for await (const planes of stream.chunks(options)) {
          assert.equal(planes.length, 3);
          first ??= planes[0];
          if (out) assert.equal(planes[1].buffer, out.buffer);
          for (const [channel, plane] of planes.entries()) {
            const frames = plane.length / width;
            for (let i = 0; i < frames; i++) {
              for (let part = 0; part < width; part++) {
                const expected = at + i < 0 ? 0 : played[(3 * (at + i) + channel) * width + part];
                assert.equal(plane[i * width + part], expected, `${dtype}: channel ${channel}, frame ${at + i}`);
              }
            }
          }
          at += 250;
        }
        assert.equal(at, 950);
      }
    }
    await using stream = duplex();
    assert.throws(() => stream.chunks({ layout: "planar", chunkSize: 10, out: new Uint8Array(20) }), TypeError);
  });

  it("know where they come from", async () => {
    await using stream = new DuplexStream(virtual("realtime", { channels: 1, blockSize: 480 }));
    assert.equal(stream.chunkFrame, 0);
    let expected = 100;
    let last = -Infinity;
    for await (const _ of stream.chunks({ chunkSize: 500, overlap: 100, frames: 4800, offset: 100 })) {
      assert.equal(stream.chunkFrame, expected);
      assert.ok(
        stream.chunkTime > last && stream.chunkTime <= stream.time,
        `${last}, ${stream.chunkTime}, ${stream.time}`,
      );
      if (last > 0) assert.ok(Math.abs(stream.chunkTime - last - 400 / 48000) < 0.001);
      last = stream.chunkTime;
      expected += 400;
    }
  });

  it("are validated when they are asked for, and started by the first next()", async () => {
    await using stream = duplex();
    const wrong: (readonly [options: object, error: string, message: RegExp])[] = [
      [{ chunkSize: -1 }, "RangeError", /chunkSize/],
      [{ chunkSize: 1.5 }, "RangeError", /chunkSize/],
      [{ chunkSize: "8" }, "TypeError", /chunkSize/],
      [{ overlap: -1 }, "RangeError", /overlap/],
      [{ chunkSize: 8, overlap: 8 }, "RangeError", /overlap/],
      [{ overlap: 64 }, "RangeError", /overlap/],
      [{ chunkSize: 100, bufferSize: 64 }, "RangeError", /bufferSize/],
      [{ bufferSize: 0.5 }, "RangeError", /bufferSize/],
      [{ layout: "diagonal" }, "RangeError", /layout/],
      [{ out: new Float32Array(100) }, "TypeError", /out/],
      [{ out: new Int16Array(63) }, "RangeError", /out/],
      [{ out: new ArrayBuffer(1000) }, "TypeError", /out/],
      [{ frames: NaN }, "RangeError", /frames/],
      [{ pad: "1" }, "TypeError", /pad/],
      [{ offset: -1 }, "RangeError", /offset/],
      [{ offset: 101, frames: 60, pad: 40 }, "RangeError", /offset must not exceed the 100 frames of the run, not 101/],
      [{ offset: 5001, playback: signal }, "RangeError", /offset .* 5000 frames/],
      [{ chunkSize: 2 ** 28 + 1 }, "RangeError", /chunkSize/],
      [{ onOverflow: "x" }, "RangeError", /onOverflow/],
      ...[5, 0, NaN, false, true, {}, 5n].map((playback) => [{ playback }, "TypeError", /source/] as const),
      [{ playback: new Float32Array(5) }, "TypeError", /source/],
      [{ playback: signal, loop: "yes" }, "TypeError", /loop/],
      [{ loop: true }, "TypeError", /loop .* without playback/],
      [{ playback: null, loop: true }, "TypeError", /loop .* without playback/],
    ];
    for (const [options, name, message] of wrong) {
      assert.throws(() => stream.chunks(options as ChunkOptions), { name, message }, inspect(options));
    }
    assert.throws(() => stream.chunks(5 as unknown as ChunkOptions), TypeError);
    await using input = new InputStream(virtual("realtime", { channels: 1 }));
    assert.throws(() => input.chunks({ playback: new Float32Array(4) }), { name: "TypeError", message: /playback/ });

    const iterator = stream.chunks({ frames: 1e9 });
    assert.equal(stream.active, false);
    await iterator.next();
    const second = stream.chunks();
    // A device that freewheels waits for both.
    const both = await Promise.all([second.next(), iterator.next(), iterator.next()]);
    assert.ok(both.every(({ done }) => !done));
    await second.return();
    assert.equal(stream.active, true); // it did not start the run
    assert.equal((await iterator.next()).done, false);
    await iterator.return();
    const unused = stream.chunks();
    await unused.return();
    assert.equal((await unused.next()).done, true);
  });

  it("keep a source that was set, unless they bring one, or none", async () => {
    await using stream = duplex();
    stream.setSource(signal);
    equalSamples(join(...await all(stream, { offset: BLOCK, pad: BLOCK })), signal);
    const other = noise("int16", 1000, 11);
    equalSamples(join(...await all(stream, { playback: other, offset: BLOCK, pad: BLOCK })), other);
    equalSamples(join(...await all(stream, { offset: BLOCK, pad: BLOCK })), other);
    assert.ok(join(...await all(stream, { playback: null, frames: 1000 })).every((sample) => sample === 0));
    const looped = await all(stream, { playback: Int16Array.of(1, 2, 3), loop: true, frames: 500, offset: BLOCK });
    equalSamples(join(...looped), Int16Array.from({ length: 500 - BLOCK }, (_, i) => i % 3 + 1));
  });

  it("do not turn into the sink of a later start", async () => {
    await using stream = duplex();
    await all(stream, { frames: 1000 });
    await stream.start({ frames: 100000 });
    await stream.wait();
    assert.equal(stream.frameCount, 100000);
  });
});

describe("where a chunk comes from", () => {
  it("is found from a log that knows more than had been counted", () => {
    const drop = (frame: number, frames: number) => ({ frame, frames, time: 0, kind: "sinkOverflow" }) as const;
    const log = [drop(100, 20), drop(300, 50)];
    const position = new ChunkPosition(0, { dropped: 20, drops: () => log }, 48000, 48000);
    for (const [recorded, frame] of [[99, 99], [100, 120], [279, 299], [280, 350]]) {
      position.moveTo(recorded);
      assert.equal(position.find().frame, frame);
    }
  });
});

describe("waiting for chunks", () => {
  it("lets other things happen, even when there is always a chunk", async () => {
    await using stream = duplex();
    const spin = (milliseconds: number) => {
      for (const from = performance.now(); performance.now() < from + milliseconds;);
    };
    let chunks = 0;
    let turns = 0;
    let timer: ReturnType<typeof setInterval> | undefined;
    for await (const _ of stream.chunks({ chunkSize: 1, pad: -1, playback: null })) {
      spin(0.1); // the device is faster
      timer ??= setInterval(() => turns++, 1);
      if (++chunks === 3000 || turns >= 2) break; // not of what time it took: that may be long before the first chunk
    }
    clearInterval(timer);
    assert.ok(turns >= 2, `${turns} turns`);
  });

  it("costs no more than a timer that goes off as often", {
    skip: process.platform === "win32" && "its clock is coarse",
  }, async () => {
    /** Seconds of CPU that something costs which takes a second. */
    const cost = async (what: () => Promise<void>): Promise<number> => {
      const before = process.cpuUsage();
      await what();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    };
    const chunk = 480;
    await using stream = new InputStream(virtual("realtime", { channels: 2, blockSize: chunk }));
    const idle = await cost(async () => {
      for await (const _ of stream.chunks({ chunkSize: chunk, frames: 48000 }));
    });
    await using playing = new OutputStream(virtual("realtime", { channels: 2, blockSize: chunk }));
    await playing.start();
    const timers = await cost(async () => {
      for (let i = 0; i < 100; i++) await pause(10);
    });
    await playing.stop();
    // A generous limit, for this machine may be slow and busy: the point is that nothing spins.
    assert.ok(idle < 2 * timers + 0.4, `${idle} s of CPU, timers ${timers} s`);
  });

  it("hands out chunks soon after they are there, also after a late wake-up", async () => {
    const chunkSize = 480;
    await using stream = new InputStream(virtual("realtime", { channels: 1, blockSize: chunkSize }));
    const late: number[] = [];
    let chunks = 0;
    // On a busy machine nothing is on time, but now and then there is time for something: that the next chunk is late
    // each time would come of the way in which it is waited for.
    for await (const chunk of stream.chunks({ chunkSize, frames: 48000 * 30 })) {
      // Since its last frame was captured, and the callback with it began.
      if (chunks > 20) late.push(1000 * (stream.time - stream.chunkTime - chunk.length / 48000));
      // One late wake-up does not make those after it late.
      if (++chunks === 20) { for (const from = performance.now(); performance.now() < from + 200;); }
      if (late.filter((milliseconds) => milliseconds < 5).length === 40) break;
    }
    const inTime = late.filter((milliseconds) => milliseconds < 5).length;
    assert.equal(inTime, 40, `${inTime} of ${late.length} chunks in time`);
  });
});

describe("a ring that a stream's chunks use", () => {
  it("is as large as two chunks, at least", async () => {
    await using stream = duplex();
    let frames = 0;
    for await (const chunk of stream.chunks({ chunkSize: 100000, frames: 250000 })) frames += chunk.length;
    assert.equal(frames, 250000);
  });
});

describe("a ring that is too small", () => {
  it("is an error before the start, if it can be foretold", async () => {
    await using stream = duplex(); // blocks of 64
    const cases: [options: ChunkOptions, least: number][] = [
      [{ chunkSize: 64, bufferSize: 32 }, 64],
      [{ chunkSize: 100, bufferSize: 128 }, 160], // 4 in common: 96 may wait for a block
      [{ chunkSize: 100, overlap: 99, bufferSize: 128 }, 163],
      [{ chunkSize: 128, overlap: 64, bufferSize: 64 }, 128],
    ];
    for (const [options, least] of cases) {
      assert.throws(() => stream.chunks(options), { name: "RangeError", message: new RegExp(`at least ${least} `) });
      let frames = 0;
      const bufferSize = 2 ** Math.ceil(Math.log2(least));
      for await (const chunk of stream.chunks({ ...options, bufferSize, frames: 3000 })) {
        frames += chunk.length - (options.overlap ?? 0);
      }
      assert.equal(frames, 3000);
    }
  });

  it("makes a freewheeling device take shorter blocks, if that may choose them", async () => {
    const cases: ChunkOptions[] = [
      { chunkSize: 1000, overlap: 999, bufferSize: 1024 },
      { chunkSize: 1000, bufferSize: 1024 },
      { chunkSize: 5, overlap: 2, bufferSize: 8 },
      { chunkSize: 4, bufferSize: 4 },
    ];
    for (const options of cases) {
      await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16" }));
      const played = signal.subarray(0, 300);
      const { chunkSize = 0, overlap = 0 } = options;
      const parts: Int16Array<ArrayBuffer>[] = [new Int16Array()];
      for await (const chunk of stream.chunks({ ...options, playback: played, pad: 1000, offset: 256 })) {
        assert.ok(chunk.length <= chunkSize && chunk.length > overlap);
        parts.push(chunk.slice(overlap));
      }
      equalSamples(join(...parts), join(played, new Int16Array(1000 - 256)));
      assert.equal(stream.xruns, 0);
    }
    // Nor does a source that is slow, or that has a small ring, leave gaps.
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16" }));
    stream.setSource(new Set([signal]), { bufferSize: 16 });
    const parts: Int16Array<ArrayBuffer>[] = [];
    for await (const chunk of stream.chunks({ pad: 256, offset: 256 })) parts.push(chunk.slice());
    equalSamples(join(...parts), signal);
    assert.equal(stream.xruns, 0);
  });

  it("does not make a freewheeling device wait for ever", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, blockSize: 256 }));
    stream.setSource(new Set([new Float32Array(1000)]), { bufferSize: 16 });
    await stream.start();
    await stream.wait();
    assert.ok(stream.frameCount > 1000, `${stream.frameCount} frames`); // with gaps
    assert.ok(stream.xrunCounts.sourceUnderflows > 0);
    stream.setSink(() => {}, { bufferSize: 16 });
    await stream.start();
    await assert.rejects(() => stream.wait(), BufferFullError);
  });
});
