// Whatever the options: what is played comes back, and chunks are what they say. In freewheel, against a few lines of
// model.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  BufferEmptyError,
  type Dtype,
  DuplexStream,
  InputStream,
  RingBuffer,
  type SamplesOf,
  type Stream,
  type TaskContext,
} from "../../mod.ts";
import { equalSamples, full, join, noise, pause, silence, virtual } from "../helpers/streams.ts";

const dtypes: readonly Dtype[] = ["float32", "int32", "int24", "int16", "int8", "uint8"];
const numRuns = full ? 1000 : 100;

/** Array elements in one sample. */
const width = (dtype: Dtype) => (dtype === "int24" ? 3 : 1);

const format = {
  dtype: fc.constantFrom(...dtypes),
  channels: fc.integer({ min: 1, max: 8 }),
  blockSize: fc.oneof(fc.integer({ min: 16, max: 600 }), fc.constantFrom(0, 64, 256, 1024)),
};
const powerOf2 = (from: number, to: number) => fc.integer({ min: from, max: to }).map((exponent) => 2 ** exponent);

const BLOCK = 64;

describe("how much is played", () => {
  it("is what frames and pad say", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "uint8", blockSize: BLOCK }));
    const played = noise("uint8", 300);
    const expected = join(silence("uint8", BLOCK), played, silence("uint8", 2000));
    const cases: [options: { frames?: number; pad?: number }, length: number][] = [
      [{}, 300],
      [{ pad: 500 }, 800],
      [{ frames: 200, pad: 0 }, 200],
      [{ frames: 300, pad: 77 }, 377],
      [{ frames: 900, pad: -1 }, 900],
      [{ frames: 100, pad: -1 }, 100],
      [{ frames: 900, pad: -7 }, 900],
      [{ frames: -2, pad: 5 }, 305],
      [{ frames: 0 }, 0],
      [{ frames: 0, pad: 10 }, 10],
    ];
    for (const [options, length] of cases) {
      const recorded = await stream.playrec(played, options);
      const { frames = -1, pad = 0 } = options;
      const end = frames >= 0 && pad >= 0 ? BLOCK + frames : Infinity;
      const wanted = expected.slice(0, length);
      if (end < length) wanted.fill(128, end);
      equalSamples(recorded, wanted, JSON.stringify(options));
    }
    await assert.rejects(() => stream.playrec(played, { frames: 301 }), BufferEmptyError);
    await assert.rejects(() => stream.playrec(played, { offset: 301 }), RangeError);
    await assert.rejects(() => stream.playrec(played, { frames: 100, offset: 101 }), RangeError);
    for (const options of [{ pad: -1 }, { loop: true }]) {
      await assert.rejects(() => stream.playrec(played, options), { name: "TypeError", message: /frames or out/ });
    }
    await assert.rejects(() => stream.playrec([played]), TypeError);
    await assert.rejects(() => stream.playrec(new RingBuffer(1, 8)), TypeError);
    for (const wrong of [1.5, NaN, Infinity]) {
      await assert.rejects(() => stream.playrec(played, { frames: wrong }), RangeError);
    }
    await assert.rejects(() => stream.playrec(played, { frames: "5" as unknown as number }), TypeError);
    await assert.rejects(() => stream.playrec(played, { offset: -1 }), RangeError);
    await assert.rejects(() => stream.playrec(played, { bufferSize: 0 }), {
      name: "RangeError",
      message: /bufferSize/,
    });
    await assert.rejects(() => stream.playrec(played, { loop: 1 as unknown as boolean }), TypeError);
    await assert.rejects(() => stream.playrec(new Uint8Array(0), { loop: true, frames: 5 }), RangeError);
  });
});

describe("any stream", () => {
  it("plays and records what frames, pad and offset say", async () => {
    const source = fc.constantFrom("memory", "set", "generator", "async generator", "function");
    const run = fc.record({
      ...format,
      length: fc.integer({ min: 0, max: 3000 }),
      frames: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined }),
      pad: fc.integer({ min: -1, max: 700 }),
      offset: fc.integer({ min: 0, max: 800 }),
      bufferSize: powerOf2(4, 13),
      source,
    });
    const property = fc.asyncProperty(
      run,
      async ({ dtype, channels, blockSize, length, frames, pad, offset, bufferSize, source }) => {
        await using stream = new DuplexStream(virtual("freewheel", { dtype, channels, blockSize }));
        const delay = blockSize || 256;
        const elements = channels * width(dtype);
        const played = noise(dtype, length * channels, length) as SamplesOf<"uint8">;
        // A ring must be able to hold a block, or a freewheeling device would wait for ever.
        const options = { frames, pad, offset, bufferSize: Math.max(bufferSize, 2 ** Math.ceil(Math.log2(delay))) };
        const total = frames === undefined ? pad < 0 ? undefined : length + pad : pad < 0 ? frames : frames + pad;
        if (total === undefined) return;
        const pieces = function* () {
          for (let at = 0; at < length; at += 100) yield played.subarray(at * elements, (at + 100) * elements);
        };
        const sources = {
          "memory": () => played,
          "set": () => new Set(pieces()),
          "generator": () => pieces,
          "async generator": () =>
            async function* () {
              yield* pieces();
            },
          "function": () => async (_: Stream, ring: RingBuffer, { signal }: TaskContext) => {
            const bytes = new Uint8Array(played.buffer);
            const frameBytes = elements * played.BYTES_PER_ELEMENT;
            for (let at = 0; at < length && !signal.aborted;) {
              at += ring.write(bytes.subarray(at * frameBytes));
              if (at < length) await pause(1);
            }
          },
        };
        const out = silence(dtype, Math.max(total - offset, 0) * channels);
        const playing = stream.playrec(sources[source]() as SamplesOf, { ...options, out });
        if (offset > total && (frames !== undefined || source === "memory")) {
          return await assert.rejects(
            playing,
            RangeError,
          );
        }
        if (frames !== undefined && pad >= 0 && length < frames) {
          await assert.rejects(playing, { name: "BufferEmptyError" });
          assert.equal(stream.frameCount, length);
          return;
        }
        await playing;
        assert.equal(stream.frameCount, total);
        assert.equal(stream.xruns, 0);
        const heard = silence(dtype, (delay + total + length) * channels) as SamplesOf<"uint8">;
        const audible = frames === undefined || pad < 0 ? length : Math.min(length, frames);
        heard.set(played.subarray(0, audible * elements), delay * elements);
        equalSamples(out, heard.slice(offset * elements, Math.max(offset, total) * elements));
      },
    );
    await fc.assert(property, { numRuns });
  });

  it("gives the same in chunks of any size, overlap and place", async () => {
    const run = fc.record({
      ...format,
      frames: fc.integer({ min: 0, max: 4000 }),
      offset: fc.integer({ min: 0, max: 500 }),
      chunkSize: fc.oneof(fc.integer({ min: 1, max: 1500 }), fc.constant(0)),
      overlapShare: fc.double({ min: 0, max: 0.99, noNaN: true }),
      buffer: fc.option(powerOf2(0, 3), { nil: undefined }),
      planar: fc.boolean(),
      own: fc.boolean(),
    });
    const property = fc.asyncProperty(run, async (given) => {
      const { dtype, channels, blockSize, frames, offset, planar, own } = given;
      await using stream = new DuplexStream(virtual("freewheel", { dtype, channels, blockSize }));
      const block = blockSize || 256;
      const chunkSize = given.chunkSize || blockSize;
      const overlap = Math.floor(given.overlapShare * chunkSize);
      // The ring holds a block besides what has been read and is needed again; a device that may
      // choose its blocks shortens them, which takes time.
      const bufferSize = given.buffer &&
        2 ** Math.ceil(Math.log2(chunkSize + (full ? blockSize : block) || 1)) * given.buffer;
      const out = own ? silence(dtype, (chunkSize || 100) * channels) : undefined;
      const played = noise(dtype, frames * channels, frames) as SamplesOf<"uint8">;
      const options = { chunkSize: given.chunkSize, overlap, bufferSize, frames, offset, playback: played, out };
      if (offset > frames) return assert.throws(() => stream.chunks(options), RangeError);

      const elements = channels * width(dtype);
      const heard = silence(dtype, (overlap + block + frames) * channels) as SamplesOf<"uint8">;
      heard.set(played, (overlap + block) * elements);
      // What is recorded, after the silence that the first chunk overlaps.
      const recorded = join(
        silence(dtype, overlap * channels),
        heard.slice((overlap + offset) * elements),
      ) as SamplesOf<"uint8">;
      const last = overlap + frames - offset;
      let at = 0;
      let count = 0;
      for await (const chunk of planar ? stream.chunks({ ...options, layout: "planar" }) : stream.chunks(options)) {
        const length = (planar ? chunk[0] as SamplesOf : chunk as SamplesOf).length /
          (planar ? width(dtype) : elements);
        if (chunkSize) assert.equal(length, Math.min(chunkSize, last - at));
        else assert.ok(length > 0 && at + length <= last);
        assert.ok(length > overlap);
        assert.equal(stream.chunkFrame, offset + at);
        const expected = recorded.slice(at * elements, (at + length) * elements);
        const actual = planar ? interleave(chunk as SamplesOf<"uint8">[], width(dtype)) : chunk as SamplesOf<"uint8">;
        equalSamples(actual, expected);
        at += length - overlap;
        count++;
      }
      assert.equal(at, last - overlap);
      if (chunkSize) assert.equal(count, Math.ceil((frames - offset) / (chunkSize - overlap)));
    });
    await fc.assert(property, { numRuns });
  });

  it("maps channels as the mapping says", async () => {
    const run = fc.integer({ min: 1, max: 8 }).chain((channels) => {
      const mapping = fc.array(fc.integer({ min: 0, max: channels }), { minLength: channels, maxLength: channels });
      return fc.record({ ...format, channels: fc.constant(channels), tx: mapping, rx: mapping });
    });
    const property = fc.asyncProperty(run, async ({ dtype, channels, blockSize, tx, rx }) => {
      await using stream = new DuplexStream(virtual("freewheel", { dtype, channels, blockSize }));
      const delay = blockSize || 256;
      stream.txMapping = tx;
      stream.rxMapping = rx;
      const frames = 50;
      const played = noise(dtype, frames * channels);
      const recorded = await stream.playrec(played, { pad: delay, offset: delay });
      const size = width(dtype);
      const expected = silence(dtype, frames * channels);
      for (let i = 0; i < frames; i++) {
        for (let channel = 0; channel < channels; channel++) {
          const from = rx[channel] && tx[rx[channel] - 1];
          if (!from) continue;
          for (let part = 0; part < size; part++) {
            expected[(i * channels + channel) * size + part] = played[(i * channels + from - 1) * size + part];
          }
        }
      }
      equalSamples(recorded, expected);
    });
    await fc.assert(property, { numRuns });
  });

  it("survives any order of calls", async () => {
    const call = fc.constantFrom(
      "start",
      "stop",
      "abort",
      "drain",
      "wait",
      "play",
      "record",
      "chunk",
      "pause",
      "setSource",
      "setSink",
    );
    const property = fc.asyncProperty(fc.array(fc.tuple(call, fc.boolean()), { maxLength: 12 }), async (calls) => {
      const stream = new DuplexStream(virtual("realtime", { channels: 1, dtype: "int16", blockSize: 64 }));
      const pending: Promise<unknown>[] = [];
      const samples = new Int16Array(200);
      const actions: Record<string, () => unknown> = {
        start: () => stream.start({ frames: 300, pad: -1 }),
        stop: () => stream.stop(),
        abort: () => stream.abort(),
        drain: () => stream.drain(),
        wait: () => stream.wait(0.05),
        play: () => stream.play(samples),
        record: () => stream.record(100),
        chunk: async () => {
          for await (const _ of stream.chunks({ frames: 200 }));
        },
        pause: () => pause(3),
        setSource: () => stream.setSource(samples),
        setSink: () => stream.setSink(new Int16Array(5000)),
      };
      for (const [name, waits] of calls) {
        // Only "active" may be said: everything else is in order, in any order. But a start right after the stop of a
        // The memory of a record() that was not awaited may still be the sink, and is soon full.
        const promise = (async () => await actions[name]())().catch((error) => {
          if (error.code !== "active" && error.code !== "buffer-full") throw error;
        });
        pending.push(promise);
        if (waits) await promise;
      }
      await Promise.all(pending);
      await stream.close();
      assert.equal(stream.active, false);
    });
    await fc.assert(property, { numRuns: full ? 500 : 50 });
    await using input = new InputStream(virtual("freewheel", { channels: 1 }));
    assert.equal((await input.record(10)).length, 10);
  });
});

function interleave(planes: SamplesOf<"uint8">[], size: number): SamplesOf<"uint8"> {
  const samples = new (planes[0].constructor as Uint8ArrayConstructor)(planes[0].length * planes.length);
  for (const [channel, plane] of planes.entries()) {
    for (let i = 0; i < plane.length; i++) {
      const [frame, part] = [Math.floor(i / size), i % size];
      samples[(frame * planes.length + channel) * size + part] = plane[i];
    }
  }
  return samples;
}
