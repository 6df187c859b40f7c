// Any kind of source and of sink, at any rates and block sizes: all give the same sound as memory.
// On one runtime: what is compared is made in C.
import assert from "node:assert/strict";
import { after, it } from "node:test";
import fc from "fast-check";
import { DuplexStream, readFile, RingBuffer, SoundFile, type Source, writeFile } from "../../mod.ts";
import { newFolder, seedOf } from "../helpers/sounds.ts";
import { equalSamples, full, join, noise, random, virtual } from "../helpers/streams.ts";

const folder = newFolder();
after(() => folder.remove());

const seed = seedOf("kinds");

function* piecesOf(samples: Float32Array<ArrayBuffer>, seed: number) {
  const next = random(seed);
  for (let at = 0; at < samples.length;) {
    const length = 1 + Math.floor(next() * 400);
    yield samples.slice(at, at += length);
  }
}

async function* later(samples: Float32Array<ArrayBuffer>, seed: number) {
  for (const piece of piecesOf(samples, seed)) {
    await Promise.resolve();
    yield piece;
  }
}

type MakeSource = (samples: Float32Array<ArrayBuffer>, rate: number) => Source<"float32"> | Promise<Source<"float32">>;

const sources: Record<string, MakeSource> = {
  memory: (samples) => samples,
  planes: (samples) => [samples],
  ring: (samples) => {
    const ring = new RingBuffer(4, 4096);
    ring.write(samples);
    return ring;
  },
  iterable: (samples, rate) => piecesOf(samples, rate),
  "async iterable": (samples, rate) => later(samples, rate),
  "Web Stream": (samples, rate) =>
    ReadableStream.from(later(samples, rate)) as ReadableStream<Float32Array<ArrayBuffer>>,
  function: (samples) => async (_stream, ring, { signal }) => {
    for (let at = 0; at < samples.length && !signal.aborted;) {
      at += ring.write(samples.subarray(at));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  },
  bytes: (samples) => new Blob([samples]),
  file: async (samples, sampleRate) => {
    await writeFile(folder.path("source.wav"), samples, { sampleRate, channels: 1, subtype: "FLOAT" });
    return folder.path("source.wav");
  },
};

type Sink = (stream: DuplexStream, sampleRate: number, length: number) => () => Promise<Float32Array<ArrayBuffer>>;

/** Rings have room for all: where one is full, a device that freewheels waits. */
const sinks: Record<string, Sink> = {
  memory: (stream, sampleRate, length) => {
    const out = new Float32Array(length + 1);
    const ring = stream.setSink(out, { sampleRate });
    return () => Promise.resolve(out.subarray(0, ring.readAvailable));
  },
  ring: (stream, sampleRate) => {
    const ring = new RingBuffer(4, 2 ** 18);
    stream.setSink(ring, { sampleRate });
    return () => Promise.resolve(new Float32Array(ring.read().buffer));
  },
  "Web Stream": (stream, sampleRate) => {
    const pieces: Float32Array<ArrayBuffer>[] = [];
    stream.setSink(new WritableStream({ write: (piece) => void pieces.push(piece) }), { sampleRate });
    return () => Promise.resolve(pieces.length > 0 ? join(...pieces) : new Float32Array());
  },
  tap: (stream, sampleRate) => {
    const ring = new RingBuffer(4, 2 ** 18);
    const tap = stream.addSink(ring, { sampleRate });
    return async () => {
      await tap.remove();
      return new Float32Array(ring.read().buffer);
    };
  },
  file: (stream, sampleRate) => {
    const file = new SoundFile(folder.path("sink.wav"), "w", { sampleRate, channels: 1, subtype: "FLOAT" });
    stream.setSink(file);
    return async () => {
      file.close();
      return (await readFile(folder.path("sink.wav"))).samples;
    };
  },
};

interface Rates {
  readonly own: number;
  readonly stream: number;
  readonly device: number;
  readonly sink: number;
  readonly blockSize: number;
}

const padOf = (rates: Rates) => Math.ceil(rates.stream / 10);

/** Frames of the recording of `frames` frames, before they are rounded. */
function lengthOf(frames: number, rates: Rates): number {
  return (Math.floor(frames * rates.stream / rates.own + 0.5) + padOf(rates)) * rates.sink / rates.stream;
}

async function recorded(samples: Float32Array<ArrayBuffer>, rates: Rates, source: string, sink: string) {
  const { own, blockSize } = rates;
  const options = { sampleRate: rates.stream, deviceRate: rates.device, channels: 1, blockSize };
  await using stream = await DuplexStream.open(virtual("freewheel", options));
  stream.setSource(await sources[source](samples, own), { sampleRate: own, raw: true, bufferSize: 4096 });
  const result = sinks[sink](stream, rates.sink, Math.ceil(lengthOf(samples.length, rates)));
  await stream.start({ pad: padOf(rates) });
  await stream.wait();
  assert.deepEqual([stream.heard, stream.xruns, stream.glitches], [samples.length, 0, []]);
  return await result();
}

const rate = fc.integer({ min: 4000, max: 192_000 });
const cases = fc.record({
  own: rate,
  stream: rate,
  device: rate,
  sink: rate,
  blockSize: fc.integer({ min: 0, max: 700 }),
});
const some = fc.tuple(fc.constantFrom(...Object.keys(sources)), fc.constantFrom(...Object.keys(sinks)));

it("all kinds of sources and sinks give the same sound at all rates and block sizes", async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.integer({ min: 0, max: 4000 }), some, async (rates, frames, [source, sink]) => {
      const samples = noise("float32", frames, rates.own).map((sample) => sample / 4);
      const wanted = await recorded(samples, rates, "memory", "memory");
      assert.ok(Math.abs(wanted.length - lengthOf(frames, rates)) < 0.51);
      equalSamples(await recorded(samples, rates, source, sink), wanted, `${source} to ${sink}`);
    }),
    { numRuns: full ? 1000 : 25, seed },
  );
});
