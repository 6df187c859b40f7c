// What is played comes back, sample for sample: by memory, by rings and by chunks.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  BufferEmptyError,
  type Dtype,
  DuplexStream,
  InputStream,
  OutputStream,
  RingBuffer,
  type SamplesOf,
  type Stream,
  type StreamOptions,
  type TaskContext,
} from "../mod.ts";
import { clocks, equalSamples, join, noise, pause, silence, virtual } from "./helpers/streams.ts";

const PREAMBLE_FRAMES = 4096;
const loudest = { float32: 1, int32: 0x7fffffff, int16: 0x7fff, int8: 0x7f } as const;
type LoudDtype = keyof typeof loudest;

/** A preamble by which a recording is found, then noise in which it does not occur. */
function withPreamble<D extends LoudDtype>(dtype: D, channels: number, frames: number, seed = 1): SamplesOf<D> {
  const preamble = silence(dtype, PREAMBLE_FRAMES * channels).fill(loudest[dtype]) as SamplesOf<D>;
  const signal = noise(dtype, frames * channels, seed);
  for (let i = 0; i < signal.length; i++) if (signal[i] === loudest[dtype]) signal[i] = 0;
  return join(preamble, signal);
}

/** That a recording is all that was played, with nothing but silence before and after it. */
function comesBack<A extends SamplesOf>(recorded: A, played: A, channels: number): void {
  const start = recorded.findIndex((sample) => sample !== 0);
  assert.ok(start >= 0 && start % channels === 0, `the preamble begins at sample ${start}`);
  const silent = (length: number) => recorded.slice(0, length).fill(0) as A;
  const after = recorded.length - start - played.length;
  equalSamples(recorded, join(silent(start), played, silent(Math.max(after, 0))));
}

for (const clock of clocks) {
  describe(`loopback, ${clock}`, () => {
    for (const dtype of ["int16", "int32", "float32"] as const) {
      it(`gives ${dtype} back from memory`, async () => {
        await using stream = new DuplexStream(virtual(clock, { dtype, channels: 2 }));
        const played = withPreamble(dtype, 2, 6000);
        const recorded = await stream.playrec(played, { pad: 1000 });
        assert.equal(recorded.length, played.length + 2000);
        comesBack(recorded, played, 2);
        assert.equal(stream.xruns, 0);
      });

      it(`gives ${dtype} back in chunks`, async () => {
        await using stream = new DuplexStream(virtual(clock, { dtype, channels: 2 }));
        const played = withPreamble(dtype, 2, 6000);
        const parts: SamplesOf[] = [];
        for await (const chunk of stream.chunks({ chunkSize: 500, playback: played, pad: 1000 })) {
          parts.push(chunk.slice() as SamplesOf);
        }
        const recorded = join(...parts);
        assert.equal(recorded.length, played.length + 2000);
        comesBack(recorded, played, 2);
      });
    }

    it("gives every dtype back, with any loopback delay", async () => {
      for (const dtype of ["float32", "int32", "int24", "int16", "int8", "uint8"] as const) {
        const delay = 700;
        await using stream = new DuplexStream(
          virtual(clock, { dtype, channels: 3, blockSize: 128 }, { loopbackDelay: delay }),
        );
        const bytes = dtype === "int24" ? 3 : 1; // array elements in a sample
        const played = noise(dtype as Dtype, 1000 * 3, 7);
        const recorded = await stream.playrec(played, { pad: delay });
        equalSamples(recorded, join(silence(dtype as Dtype, delay * 3), played), dtype);
        assert.equal(recorded.length, 1700 * 3 * bytes);
      }
    });
  });
}

/** Plays an endless random signal from a function, and compares what chunks() give with it, for `seconds`. */
async function looper(options: StreamOptions<"int32">, seconds: number, mapping?: number[], out?: Uint8Array) {
  await using stream = new DuplexStream({ dtype: "int32", channels: 4, ...options });
  const [channels] = stream.channels;
  if (mapping) stream.txMapping = mapping;
  const total = Math.round(seconds * stream.sampleRate);
  const signal = withPreamble("int32", channels, total + stream.sampleRate, Date.now() | 0);
  const writer = async (_: Stream, ring: RingBuffer, { signal: end }: TaskContext) => {
    for (let at = 0; !end.aborted && at < signal.length; await pause(2)) {
      at += ring.write(signal.subarray(at, at + ring.writeAvailable * channels)) * channels;
    }
  };
  stream.setSource(writer);
  let compared = -1;
  for await (const chunk of stream.chunks({ chunkSize: 1024, out })) {
    const samples = new Int32Array(chunk.buffer, chunk.byteOffset, chunk.byteLength / 4);
    const start = compared >= 0 ? 0 : samples.findIndex((sample) => sample !== 0);
    if (start < 0) continue;
    compared = Math.max(compared, 0);
    const heard = samples.subarray(start);
    const expected = signal.slice(compared, compared + heard.length);
    if (mapping) {
      for (let i = 0; i < expected.length; i++) {
        const frame = i - i % channels;
        expected[i] = signal[compared + frame + mapping[i % channels] - 1];
      }
    }
    equalSamples(heard, expected, `samples from ${compared} on`);
    compared += heard.length;
    if (compared >= total * channels) break;
  }
  assert.ok(compared >= total * channels, `${compared} samples compared`);
  assert.equal(stream.finished, true);
}

describe("what the original was tested for", () => {
  for (const clock of clocks) {
    const seconds = clock === "realtime" ? 0.5 : 1;

    it(`chunks of a function's signal, ${clock}`, () => looper(virtual(clock), seconds));

    it(`chunks into memory of the caller's, ${clock}`, () =>
      looper(virtual(clock), seconds, undefined, new Uint8Array(1024 * 16)));

    it(`a permuted txMapping, ${clock}`, () => looper(virtual(clock), seconds, [3, 1, 4, 2]));

    it(`a permuted rxMapping, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { dtype: "int16", channels: 4, blockSize: 64 }));
      stream.rxMapping = [2, 4, 1, 3];
      const played = noise("int16", 1000 * 4);
      const recorded = await stream.playrec(played, { pad: 64, offset: 64 });
      const expected = played.map((_, i) => played[i - i % 4 + [2, 4, 1, 3][i % 4] - 1]);
      equalSamples(recorded, expected);
    });

    it(`offset, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { dtype: "int32", channels: 2 }));
      const played = noise("int32", 5000 * 2);
      for (const offset of [256, 512]) {
        const recorded = await stream.playrec(played, { frames: 1024, offset });
        assert.equal(recorded.length, (1024 - offset) * 2);
        equalSamples(recorded, played.subarray((offset - 256) * 2, (1024 - 256) * 2));
      }
    });

    it(`frames, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { dtype: "int32", channels: 2 }));
      const played = noise("int32", 32768 * 2);
      for (let frames = 256; frames < 2 ** (clock === "realtime" ? 14 : 16); frames *= 2) {
        assert.equal((await stream.playrec(played, { frames })).length, frames * 2);
        assert.equal(stream.frameCount, frames);
      }
    });

    it(`pad, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { dtype: "int32", channels: 2 }));
      const played = noise("int32", 4096 * 2);
      for (let pad = 256; pad < 2 ** (clock === "realtime" ? 14 : 16); pad *= 2) {
        const recorded = await stream.playrec(played, { frames: 1024, pad });
        assert.equal(recorded.length, (1024 + pad) * 2);
        equalSamples(recorded.subarray(512, 512 + 2 * 1024), played.subarray(0, 2 * 1024));
        assert.ok(recorded.subarray(512 + 2 * 1024).every((sample) => sample === 0));
      }
    });

    it(`a source that has ended is not looked at again, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { dtype: "int32", channels: 2 }));
      const source = new RingBuffer(8, 1024);
      const sink = new RingBuffer(8, 65536);
      stream.setSource(source);
      stream.setSink(sink);
      source.advanceWriteIndex(1024);
      const pad = clock === "realtime" ? 10000 : 48000;
      await stream.start({ pad });
      while (stream.active && stream.frameCount <= 1024) await pause(1);
      source.advanceWriteIndex(1024);
      await stream.wait();
      assert.equal(sink.readAvailable, 1024 + pad);
      assert.equal(source.readAvailable, 1024);
    });

    it(`frames, pad and offset together, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { dtype: "int32", channels: 2 }));
      const source = new RingBuffer(8, 1 << 17);
      const sink = new RingBuffer(8, 1 << 17);
      stream.setSource(source);
      stream.setSink(sink);
      for (let x = 0; x < 7; x++) {
        const scale = clock === "realtime" ? 3 : 0;
        const [frames, pad, offset] = [1 << x + 8 - scale, 1 << 16 - x - scale, 1 << x + 6 - scale];
        source.advanceWriteIndex(frames);
        await stream.start({ frames, pad, offset });
        await stream.wait();
        assert.equal(sink.readAvailable, frames + pad - offset);
        sink.flush();
        source.flush();
      }
    });

    it(`a stream that is played again, aborted and stopped, ${clock}`, async () => {
      await using stream = new OutputStream(virtual(clock, { dtype: "int32", channels: 2 }));
      const source = new RingBuffer(8, 8192);
      stream.setSource(source);
      source.advanceWriteIndex(8192);
      await stream.start();
      assert.equal(await stream.wait(2), true);
      assert.deepEqual([stream.finished, stream.stopped, stream.aborted], [true, false, false]);

      source.advanceWriteIndex(8192);
      await stream.start({ pad: -1 });
      assert.equal(stream.active, true);
      assert.equal(await stream.wait(0.001), false);
      await stream.abort();
      assert.deepEqual([stream.finished, stream.stopped, stream.aborted], [true, false, true]);

      source.advanceWriteIndex(source.writeAvailable);
      await stream.start({ pad: -1 });
      assert.equal(stream.active, true);
      assert.equal(await stream.wait(0.001), false);
      await stream.stop();
      assert.deepEqual([stream.finished, stream.stopped, stream.aborted], [true, true, false]);
    });

    it(`memory that is looped, ${clock}`, async () => {
      await using stream = new DuplexStream(virtual(clock, { dtype: "int16", channels: 1, blockSize: 100 }));
      const played = noise("int16", 333);
      const recorded = await stream.playrec(played, { frames: 2000, loop: true, offset: 100 });
      const expected = Int16Array.from({ length: 1900 }, (_, i) => played[i % 333]);
      equalSamples(recorded, expected);
    });

    it(`a source function that throws, ${clock}`, async () => {
      const stream = new OutputStream(virtual(clock, { channels: 1 }));
      const ring = stream.setSource(async (_stream, _ring, { signal }) => {
        await pause(5);
        assert.equal(signal.aborted, false);
        throw new Error("BOO-urns!");
      }, { bufferSize: 8192 });
      ring.advanceWriteIndex(8192);
      await stream.start();
      await assert.rejects(async () => await stream.wait(5), { message: "BOO-urns!" });
      assert.equal(stream.aborted, true);
      await stream.close();
    });

    it(`a sink function that throws, ${clock}`, async () => {
      const stream = new InputStream(virtual(clock, { channels: 1 }));
      stream.setSink(() => {
        throw new Error("BOO!");
      }, { bufferSize: 8192 });
      await stream.start();
      await assert.rejects(async () => await stream.wait(5), { message: "BOO!" });
      assert.equal(stream.aborted, true);
      await stream.close();
    });

    it(`fewer frames than asked for are an error, ${clock}`, async () => {
      const stream = new DuplexStream(virtual(clock, { channels: 2 }));
      const source = new RingBuffer(8, 8192);
      source.advanceWriteIndex(8192);
      stream.setSource(source);
      await stream.start({ frames: 9000 });
      await assert.rejects(() => stream.wait(), BufferEmptyError);
      assert.equal(stream.frameCount, 8192);
      await stream.close();
    });
  }
});
