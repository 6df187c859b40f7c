// Sources and sinks whose rate or channels are not the stream's.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import {
  BufferFullError,
  type Dtype,
  DuplexStream,
  InputStream,
  OutputStream,
  readFile,
  RingBuffer,
  SoundFile,
  type Source,
  type StreamOptions,
  writeFile,
} from "../../mod.ts";
import { equalSamples, full, noise, virtual } from "../helpers/streams.ts";
import { newFolder } from "../helpers/sounds.ts";
import { signalToNoise, tones } from "../helpers/tones.ts";

const BLOCK = 128;
const RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000];
const SECONDS = 0.1;

const open = <D extends Dtype = "float32">(sampleRate: number, channels: number, options: StreamOptions<D> = {}) =>
  DuplexStream.open<D>(virtual("freewheel", { sampleRate, channels, blockSize: BLOCK, ...options }));

/** A sound at a rate that both rates can carry. */
const sound = (rate: number, other: number, channels = 1, frames = Math.round(SECONDS * rate)) =>
  tones(frames, { rate, seconds: SECONDS, nyquist: Math.min(rate, other) / 2, channels });

function* pieces(samples: Float32Array): Generator<Float32Array<ArrayBuffer>> {
  for (let at = 0; at < samples.length; at += 500) yield samples.slice(at, at + 500);
}

let folder: ReturnType<typeof newFolder>;
before(() => void (folder = newFolder()));
after(() => folder.remove());

describe("a source and a sink of another rate", () => {
  for (const rate of RATES) {
    it(`are converted from and to ${rate} Hz`, async () => {
      const streamRates = full ? RATES : RATES.filter((_, i) => (i + RATES.indexOf(rate)) % 4 === 2);
      for (const streamRate of streamRates) {
        const channels = 1 + (rate + streamRate) % 3;
        await using stream = await open(streamRate, channels);
        const own = sound(rate, streamRate, channels);
        const frames = Math.round(own.length / channels * streamRate / rate);
        const there = sound(streamRate, rate, channels, frames);
        const run = { pad: BLOCK, offset: BLOCK, source: { sampleRate: rate } };
        const recorded = await stream.playrec(own, run);
        assert.equal(recorded.length, there.length, `${rate} -> ${streamRate} Hz`);
        assert.ok(signalToNoise(recorded, there) > 100, `${rate} -> ${streamRate} Hz`);
        assert.deepEqual([stream.heard, stream.xruns], [own.length / channels, 0]);
        const back = new Float32Array(own.length);
        await stream.playrec(own, { ...run, sink: { sampleRate: rate }, out: back });
        assert.ok(signalToNoise(back, own) > 100, `${streamRate} -> ${rate} Hz`);
      }
    });
  }

  it("may be of any kind", async () => {
    const rate = 16000, samples = sound(rate, 48000), there = sound(48000, rate);
    await writeFile(folder.path("own.wav"), samples, { sampleRate: rate, channels: 1, subtype: "FLOAT" });
    using ring = new RingBuffer(4, 4096);
    ring.write(samples);
    const sources: Record<string, () => Source<"float32">> = {
      memory: () => samples,
      ring: () => ring,
      file: () => folder.path("own.wav"),
      iterable: () => pieces(samples),
      "generator function": () => () => pieces(samples),
      function: () => (_stream, ring) => void ring.write(samples),
      stream: () => ReadableStream.from(pieces(samples)) as ReadableStream<Float32Array<ArrayBuffer>>,
      worker: () => ({ worker: new URL("../workers/pieces.ts", import.meta.url), data: [...samples] }),
    };
    await using stream = await open(48000, 1);
    for (const [kind, source] of Object.entries(sources)) {
      const run = { frames: there.length, pad: BLOCK, offset: BLOCK, source: { sampleRate: rate } };
      const recorded = await stream.playrec(source(), run);
      assert.ok(signalToNoise(recorded, there) > 100, kind);
    }

    using back = new RingBuffer(4, 4096);
    const written: Float32Array[] = [], run = { pad: BLOCK, offset: BLOCK, sink: { sampleRate: rate } };
    const file = new SoundFile(folder.path("back.wav"), "w", { sampleRate: rate, channels: 1, subtype: "FLOAT" });
    await stream.playrec(there, { ...run, out: back });
    await stream.playrec(there, { ...run, out: file });
    await stream.playrec(there, { ...run, out: new WritableStream({ write: (part) => void written.push(part) }) });
    file.close();
    const chunks: number[] = [];
    const options = { playback: there, pad: BLOCK, sampleRate: rate, chunkSize: 160 };
    await using listening = await open(48000, 1);
    for await (const chunk of listening.chunks(options)) {
      assert.equal(listening.chunkFrame, chunks.length);
      chunks.push(...chunk);
    }
    const sinks = {
      ring: new Float32Array(back.read().buffer),
      file: (await readFile(folder.path("back.wav"))).samples,
      stream: written.flatMap((part) => [...part]),
      chunks: chunks.slice(Math.round(BLOCK * rate / 48000)),
    };
    for (const [kind, got] of Object.entries(sinks)) {
      if (kind !== "chunks") assert.equal(got.length, samples.length, kind);
      // A block of the loopback is no whole number of frames at 16 kHz.
      const delay = kind === "chunks" ? BLOCK / 48000 - Math.round(BLOCK * rate / 48000) / rate : 0;
      const wanted = tones(samples.length, { rate, seconds: SECONDS, nyquist: rate / 2, delay });
      assert.ok(signalToNoise(got, wanted) > 100, kind);
    }
    assert.equal(chunks.length, samples.length + Math.round(BLOCK * rate / 48000));
  });

  it("loops across its seam, and a file goes on where it was", async () => {
    const rate = 8000, [frames, passes] = [400, 3]; // a whole number of periods
    const tone = (rate: number, frames: number) =>
      Float32Array.from({ length: frames }, (_, i) => 0.5 * Math.sin(2 * Math.PI * 1000 * i / rate));
    await using stream = await open(48000, 1);
    await writeFile(folder.path("tone.wav"), tone(rate, frames), { sampleRate: rate, channels: 1, subtype: "FLOAT" });
    const run = { frames: passes * frames * 6, pad: BLOCK, offset: BLOCK, loop: true };
    for (const source of [tone(rate, frames), folder.path("tone.wav")]) {
      const recorded = await stream.playrec(source, { ...run, source: { sampleRate: rate } });
      assert.ok(signalToNoise(recorded.subarray(400), tone(48000, recorded.length).subarray(400)) > 100);
    }
    using file = new SoundFile(folder.path("tone.wav"));
    await stream.play(file, { frames: 600 });
    assert.equal(file.tell(), 100);
    assert.equal(stream.heard, 100);
    await stream.play(file);
    assert.equal(stream.heard, 300);
    assert.equal(stream.frameCount, 1800);
  });

  /** Frames at 48 kHz after which memory at another rate is full: the nearest number, or else the next one. */
  function fillingFrames(frames: number, rate: number): number {
    const nearest = Math.round(frames * 48000 / rate);
    return Math.round(nearest * rate / 48000) < frames ? nearest + 1 : nearest;
  }

  it("counts in its own frames, and fills memory to its end", async () => {
    await using stream = await open(48000, 1);
    for (const rate of [16000, 96000, 44100, 47999, 88200, 176400]) {
      for (const frames of [1, 777, 1000, 1001]) {
        const what = `${frames} frames of ${rate} Hz`;
        const out = new Float32Array(frames), sink = { sampleRate: rate };
        await stream.record({ out, sampleRate: rate });
        const { frameCount } = stream;
        assert.equal(frameCount, fillingFrames(frames, rate), what);
        await stream.playrec(new Float32Array(frameCount), { out, sink });
        const more = new Float32Array(frameCount + Math.ceil(48000 / rate));
        await assert.rejects(stream.playrec(more, { out, sink }), BufferFullError, what);
      }
      const tap = stream.addSink(new Float32Array(5000), { sampleRate: rate });
      await stream.record(999);
      assert.equal(tap.frames, Math.round(999 * rate / 48000));
      await tap.remove();
    }
    await assert.rejects(stream.record({ out: new Float32Array(100), sampleRate: 16000, frames: 303 }), RangeError);
    await assert.rejects(stream.play(new Float32Array(5), { sampleRate: 0 }), /sampleRate/);
    await assert.rejects(stream.play(new Float32Array(5), { sampleRate: 20 }), /sampleRate/);
    await using never = await open(48000, 1, { conversion: "never" });
    await assert.rejects(never.play(new Float32Array(5), { sampleRate: 16000 }), /16000 Hz.*never/);
    await never.play(new Float32Array(5), { sampleRate: 48000, channels: 1 });
  });
});

describe("a source and a sink of other channels", () => {
  const left = noise("int16", 1000, 1), right = noise("int16", 1000, 2);
  const mean = left.map((sample, i) => Math.round((sample + right[i]) / 2));
  const stereo = new Int16Array(2000).map((_, i) => [left, right][i % 2][i >> 1]);
  const run = { pad: BLOCK, offset: BLOCK };
  const int16 = { dtype: "int16" } as const;

  it("go into each other where one of them is mono", async () => {
    await using two = await open(48000, 2, int16);
    const spread = await two.playrec(left, { ...run, source: { channels: 1 } });
    equalSamples(spread, new Int16Array(2000).map((_, i) => left[i >> 1]));
    const mono = new Int16Array(1000);
    await two.playrec(stereo, { ...run, out: mono, sink: { channels: 1 } });
    assert.ok(mono.every((sample, i) => Math.abs(sample - mean[i]) <= 1));
    await using one = await open(48000, 1, int16);
    const mixed = await one.playrec(stereo, { ...run, source: { channels: 2 } });
    equalSamples(mixed, mono);
    const both = new Int16Array(2000);
    await one.playrec(left, { ...run, out: both, sink: { channels: 2 } });
    equalSamples(both, spread);
  });

  it("are those of planes, and are copied at each start", async () => {
    const planes = [left.slice(), right.slice()];
    await using two = await open(48000, 2, int16);
    equalSamples(await two.playrec(planes, run), stereo);
    two.setSource(planes, { loop: true });
    planes[0].fill(7);
    const recorded = new Int16Array(4000);
    two.setSink(recorded);
    await two.start({ ...run, frames: 2000 });
    await two.wait();
    const wanted = stereo.map((sample, i) => i % 2 ? sample : 7);
    equalSamples(recorded, new Int16Array([...wanted, ...wanted]));
    await assert.rejects(two.play([left, right.subarray(1)]), RangeError);
    await assert.rejects(two.play([left, right, left]), { name: "RangeError", message: /txMapping/ });
    await using bytes = await open(48000, 1, { dtype: "uint8" });
    const halves = [new Uint8Array(100).fill(1), new Uint8Array(100).fill(2)];
    equalSamples(await bytes.playrec(halves, { ...run, frames: 200 }), new Uint8Array([...halves[0], ...halves[1]]));
  });

  it("need a mapping otherwise, which decides", async () => {
    const six = noise("int16", 6000, 3);
    await using two = await open(48000, 2, int16);
    assert.throws(() => two.setSource(six, { channels: 6 }), { name: "RangeError", message: /txMapping/ });
    assert.throws(() => two.setSink(six, { channels: 6 }), { name: "RangeError", message: /rxMapping/ });
    assert.throws(() => two.txMapping = [5, -1], RangeError);
    two.txMapping = [5, 6]; // before there is a source
    await assert.rejects(two.play(stereo), { name: "RangeError", message: /txMapping .* channel 6: .* 2 channels/ });
    assert.throws(() => two.writable(), { name: "RangeError", message: /txMapping .* channel 6/ });
    await two.record({ out: new Int16Array(200) }); // plays silence
    two.setSource(six, { channels: 6 });
    assert.throws(() => two.txMapping = [7, 1], { name: "RangeError", message: /0 to 6/ });
    two.txMapping = [5, 0];
    const recorded = new Int16Array(2000);
    two.setSink(recorded);
    await two.start({ ...run, frames: 1000 });
    await two.wait();
    equalSamples(recorded, new Int16Array(2000).map((_, i) => i % 2 ? 0 : six[3 * i + 4]));
    two.txMapping = new Map([[6, 1], [1, 2]]);
    await two.start({ ...run, frames: 1000 });
    await two.wait();
    equalSamples(recorded, new Int16Array(2000).map((_, i) => i % 2 ? six[3 * (i - 1)] : six[3 * i + 5]));
    two.txMapping = [1, 2];
    assert.throws(() => two.setSource(left, { channels: 1 }), {
      name: "RangeError",
      message: /txMapping .* channel 2/,
    });
    two.rxMapping = [2, 1];
    const second = new Int16Array(1000);
    await two.playrec(stereo, { ...run, out: second, sink: { channels: 1 } });
    equalSamples(second, right);
    two.txMapping = null;
    two.rxMapping = null;
    await two.play(left, { channels: 1 });
    await assert.rejects(two.play(six, { channels: 6 }), /txMapping/);
    two.txMapping = [3, 4]; // as the error says, whatever was played before
    await two.playrec(six, { ...run, out: recorded, source: { channels: 6 } });
    equalSamples(recorded, new Int16Array(2000).map((_, i) => six[3 * (i - i % 2) + 2 + i % 2]));
    await using strict = await open(48000, 2, { ...int16, conversion: "never" });
    assert.throws(() => strict.txMapping = [3, 1], { name: "RangeError", message: /0 to 2/ });
  });
});

describe("rates", () => {
  const rate = fc.integer({ min: 1000, max: 192_000 });

  it("may be any, in blocks of any size", async () => {
    const block = fc.integer({ min: 1, max: 700 }), frames = fc.integer({ min: 0, max: 1500 });
    await fc.assert(
      fc.asyncProperty(rate, rate, fc.tuple(block, block), frames, async (own, streamRate, blocks, frames) => {
        const samples = noise("int16", frames, own);
        const recordings = [];
        for (const blockSize of blocks) {
          await using stream = await open(streamRate, 1, { dtype: "int16", blockSize });
          const run = { pad: blockSize, offset: blockSize, source: { sampleRate: own } };
          recordings.push(await stream.playrec(samples, run));
          assert.deepEqual([stream.heard, stream.xruns], [frames, 0]);
          const tap = stream.addSink(new Int16Array(Math.ceil(frames * own / streamRate) + 1), { sampleRate: own });
          await stream.record(frames);
          assert.equal(
            tap.frames,
            Number((2n * BigInt(frames) * BigInt(own) + BigInt(streamRate)) / (2n * BigInt(streamRate))),
          );
        }
        const length = (2n * BigInt(frames) * BigInt(streamRate) + BigInt(own)) / (2n * BigInt(own));
        assert.equal(recordings[0].length, Number(length));
        equalSamples(recordings[0], recordings[1]);
      }),
      { numRuns: full ? 200 : 3 },
    );
  });

  it("of a recording and of chunks of it may differ: it is the same sound", async () => {
    const samples = noise("int16", 48000, 9);
    await using stream = await open(48000, 1, { dtype: "int16" });
    const flac = stream.toFile(folder.path("recording.flac"));
    stream.setSink(flac);
    const heard: number[] = [];
    for await (const chunk of stream.chunks({ playback: samples, pad: BLOCK, sampleRate: 16000, chunkSize: 320 })) {
      heard.push(...chunk);
    }
    flac.close();
    const recorded = await readFile(folder.path("recording.flac"), { dtype: "int16" });
    equalSamples(recorded.samples.subarray(BLOCK), samples);
    const wanted = new Int16Array(Math.round((48000 + BLOCK) / 3));
    await using other = await open(48000, 1, { dtype: "int16" });
    await other.playrec(recorded.samples, { pad: BLOCK, offset: BLOCK, out: wanted, sink: { sampleRate: 16000 } });
    equalSamples(Int16Array.from(heard), wanted);
  });
});

describe("options of the one-call functions", () => {
  it("are the stream's", async () => {
    const { playrec } = await import("../../mod.ts");
    await writeFile(folder.path("8k.wav"), sound(8000, 48000), { sampleRate: 8000, channels: 1, subtype: "FLOAT" });
    const options = virtual("freewheel", { sampleRate: 48000, channels: 1, blockSize: BLOCK });
    const recorded = await playrec(folder.path("8k.wav"), { ...options, pad: BLOCK, offset: BLOCK });
    assert.ok(signalToNoise(recorded, sound(48000, 8000)) > 100);
  });
});

describe("streams for one direction", () => {
  it("convert, too", async () => {
    await using output = await OutputStream.open(virtual("freewheel", { sampleRate: 44100, channels: 2 }));
    await output.play(sound(16000, 44100), { sampleRate: 16000, channels: 1 });
    assert.equal(output.frameCount, 4410);
    await using input = await InputStream.open(virtual("freewheel", { sampleRate: 44100, channels: 2 }));
    let frames = 0;
    for await (const chunk of input.chunks({ sampleRate: 16000, channels: 1, chunkSize: 100, frames: 4410 })) {
      frames += chunk.length;
    }
    assert.equal(frames, 1600);
  });
});
