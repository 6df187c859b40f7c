// Rings between the device and JavaScript or a file: how large they are, how full at a start, and what may be put in.
// On one Node: it plays for several seconds.
import assert from "node:assert/strict";
import { createReadStream, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { DuplexStream, InputStream, OutputStream, readFile, RingBuffer, writeFile } from "../../mod.ts";
import { newFolder } from "../helpers/sounds.ts";
import { equalSamples, join, noise, pause, virtual } from "../helpers/streams.ts";

const BLOCK = 4800;
const signal = noise("int16", 3 * BLOCK, 7);

/** A duplex stream that takes what it plays in real time, slowly, and what came back of it. */
function loop(blockSize: number) {
  const options = { sampleRate: 4000, channels: 1, dtype: "int16" as const, blockSize };
  const stream = new DuplexStream(virtual("realtime", options));
  const ring = new RingBuffer(2, 1 << 17);
  stream.setSink(ring);
  const heard = () => {
    const samples = new Int16Array(ring.size);
    const count = ring.readInto(samples);
    return samples.subarray(blockSize, count); // it comes back a block later
  };
  return { stream, heard };
}

/** That the signal was heard, without a hole in the first block. Later ones are those of a machine that is too busy. */
function beginsWhole({ stream, heard }: ReturnType<typeof loop>, what: string): void {
  let sound = heard();
  for (const { frame, frames } of stream.glitches.toReversed()) {
    assert.ok(frame >= BLOCK, `${what}: a hole at frame ${frame}`);
    sound = join(sound.subarray(0, frame), sound.subarray(frame + frames));
  }
  assert.ok(sound.length >= signal.length - BLOCK, `${what}: ${sound.length} frames`);
  equalSamples(sound, signal.subarray(0, sound.length), what);
}

describe("a start", () => {
  const sizes = [64, 480];

  it("waits for what the device wants at once, so that small writes begin without a hole", async () => {
    await Promise.all(sizes.map(async (size) => {
      const looped = loop(BLOCK);
      const writer = looped.stream.writable().getWriter();
      for (let at = 0; at < signal.length; at += size) writer.write(signal.subarray(at, at + size)).catch(() => {});
      await writer.close();
      beginsWhole(looped, `writes of ${size} frames`);
      await looped.stream.close();
    }));
  });

  it("does the same for generators", async () => {
    const pieces = async function* (size: number) {
      for (let at = 0; at < signal.length; at += size) {
        await Promise.resolve();
        yield signal.subarray(at, at + size);
      }
    };
    await Promise.all(sizes.map(async (size) => {
      const looped = loop(BLOCK);
      looped.stream.setSource(pieces(size));
      await looped.stream.start();
      await looped.stream.wait();
      beginsWhole(looped, `pieces of ${size} frames`);
      await looped.stream.close();
    }));
  });

  it("waits for latency and a block, and for no more", async () => {
    for (const [blockSize, wanted] of [[1000, 1000], [0, 480]]) {
      await using stream = new OutputStream(virtual("realtime", { channels: 1, dtype: "int16", blockSize }));
      let written = 0;
      stream.setSource(async (_stream, ring, { signal: end }) => {
        while (written < wanted) {
          await pause(2);
          written += ring.write(signal.subarray(0, wanted / 4));
        }
        while (!end.aborted) await pause(1);
      });
      await stream.start();
      assert.equal(written, wanted);
      while (stream.frameCount < wanted) await pause(1);
      assert.ok((stream.glitches[0]?.frame ?? Infinity) >= wanted, "no gap before what was waited for");
    }
  });

  it("plays a short sound that is written though nothing follows", async () => {
    const { stream, heard } = loop(480);
    const writer = stream.writable().getWriter();
    await writer.write(signal.subarray(0, 10));
    while (stream.frameCount < 2000) await pause(1);
    await writer.close();
    equalSamples(heard().subarray(0, 10), signal.subarray(0, 10));
    await stream.close();
  });

  it("lets readable() be piped to writable() without a gap", async () => {
    for (const chunkSize of [undefined, 1000]) {
      // It waits for whole blocks: for ever, if those before the first chunk that comes through the pipe are too few.
      await using stream = new DuplexStream(virtual("freewheel", { channels: 1, blockSize: BLOCK }));
      const piped = stream.readable({ chunkSize }).pipeTo(stream.writable()).catch(() => {});
      for (let looks = 0; looks < 5000 && stream.frameCount < 10 * BLOCK; looks++) await pause(5);
      assert.ok(stream.frameCount >= 10 * BLOCK, `it stands still after ${stream.frameCount} frames`);
      assert.equal(stream.xruns, 0, JSON.stringify(stream.glitches));
      await stream.stop();
      await piped;
    }
  });
});

describe("pieces that end within a frame", () => {
  const folder = newFolder();
  const path = folder.path("pcm.raw");
  const stereo = noise("int16", 9000, 3);
  const bytes = new Uint8Array(stereo.buffer);
  before(() => writeFileSync(path, bytes));
  after(() => folder.remove());
  const cut = function* (size: number, all: Uint8Array<ArrayBuffer> = bytes) {
    for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
  };
  const run = { frames: 4500, pad: 64, offset: 64 };

  it("are put together", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 2, dtype: "int16", blockSize: 64 }));
    for (const size of [1, 3, 1001, 4096]) {
      equalSamples(await stream.playrec(cut(size), run), stereo, `pieces of ${size} bytes`);
    }
    equalSamples(await stream.playrec(new Set([stereo.subarray(0, 5), stereo.subarray(5)]), run), stereo, "samples");
    const file = createReadStream(path, { highWaterMark: 1001 }) as AsyncIterable<Uint8Array>;
    equalSamples(await stream.playrec(file, run), stereo, "a stream of Node's");
    const sink = new Int16Array(9128);
    stream.setSink(sink);
    await ReadableStream.from(cut(1001)).pipeTo(stream.writable());
    equalSamples(sink.subarray(128, 9000), stereo.subarray(0, 8872), "writable()");
  });

  it("are an error at the end of the source, after all whole frames", async () => {
    await using stream = new OutputStream(virtual("freewheel", { channels: 2, dtype: "int16", blockSize: 64 }));
    const odd = bytes.slice(0, 4003);
    const message = /must end with a whole frame of 4 bytes, not after 3 of them/;
    await assert.rejects(() => stream.play(cut(1001, odd)), { name: "RangeError", message });
    assert.ok(stream.frameCount >= 1000, `${stream.frameCount} frames`);
    const piped = ReadableStream.from(cut(1001, odd)).pipeTo(stream.writable());
    await assert.rejects(() => piped, { name: "RangeError", message });
    assert.ok(stream.frameCount >= 1000, `${stream.frameCount} frames`);
    // Memory is not put together with anything.
    await assert.rejects(() => stream.play(odd), { name: "RangeError", message: /whole frames/ });
  });
});

describe("a ring", () => {
  const folder = newFolder();
  const path = folder.path("long.wav");
  const long = noise("int16", 300000, 4);
  before(() => writeFile(path, long, { sampleRate: 48000, channels: 1, subtype: "PCM_16" }));
  after(() => folder.remove());

  it("has room for the blocks of its stream", async () => {
    const options = virtual("freewheel", { channels: 1, dtype: "int16" as const, blockSize: 2 ** 17 });
    await using output = new OutputStream(options);
    await output.play(path);
    assert.equal(output.xruns, 0, JSON.stringify(output.glitches));
    await output.play([long]);
    assert.equal(output.xruns, 0, JSON.stringify(output.glitches));
    await using duplex = new DuplexStream(options);
    const file = duplex.toFile(folder.path("recorded.wav"));
    await duplex.playrec(path, { out: file, pad: 2 ** 17, offset: 2 ** 17 });
    file.close();
    equalSamples((await readFile(folder.path("recorded.wav"), { dtype: "int16" })).samples, long);
  });

  it("lasts as long at any rate", async () => {
    const sizeAt = async (sampleRate: number, blockSize = 0) => {
      await using stream = new OutputStream(virtual("realtime", { sampleRate, blockSize }));
      return stream.setSource([]).size;
    };
    assert.deepEqual(await Promise.all([8000, 48000, 96000, 192000].map((rate) => sizeAt(rate))), [
      65536,
      65536,
      131072,
      262144,
    ]);
    assert.ok(await sizeAt(48000, 100000) >= 200000);
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    assert.equal(stream.setSink(() => {}, { bufferSize: 1000 }).size, 1000); // any number
    for (const bufferSize of [0, -1, 1.5, 2 ** 31, 2 ** 32 + 8]) {
      assert.throws(() => stream.setSink(() => {}, { bufferSize }), { name: "RangeError", message: /bufferSize/ });
    }
  });

  it("never has a size that wraps", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "uint8" }));
    for (const frames of [2 ** 31, 2 ** 32 + 5]) {
      await assert.rejects(() => stream.record(frames), { name: "RangeError", message: /frames .*2147483647/ });
      await assert.rejects(() => stream.playrec(new Uint8Array(5), { frames, pad: 0 }), { name: "RangeError" });
    }
  });
});
