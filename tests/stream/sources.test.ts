// Everything that can be played.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DuplexStream, OutputStream, PastreamError, RingBuffer, type Source } from "../../mod.ts";
import { clocks, equalSamples, eventually, noise, pause, virtual } from "../helpers/streams.ts";

const BLOCK = 64;

/** Plays a source of int16 mono, and returns what comes back of it. */
async function heard(source: Source<"int16">, frames: number, options = {}): Promise<Int16Array<ArrayBuffer>> {
  await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: BLOCK }));
  const out = new Int16Array(frames);
  await stream.playrec(source, { pad: BLOCK, offset: BLOCK, out, ...options });
  assert.equal(stream.frameCount, frames + BLOCK);
  return out;
}

const signal = noise("int16", 5000, 3);
const bytes = new Uint8Array(signal.buffer);
/** The signal in pieces of varying length. */
function* pieces(): Generator<Int16Array<ArrayBuffer>, void, void> {
  for (let at = 0, size = 1; at < signal.length; at += size, size = size * 3 % 1000 + 1) {
    yield signal.subarray(at, at + size);
  }
}

describe("samples", () => {
  it("are played as an array, as bytes, a DataView or an ArrayBuffer", async () => {
    const shared = new Int16Array(new SharedArrayBuffer(10000));
    shared.set(signal);
    const samples = [signal, bytes, new DataView(signal.buffer), signal.buffer, shared, shared.buffer];
    for (const source of samples) equalSamples(await heard(source, 5000), signal);
    equalSamples(await heard(signal.subarray(100, 200), 100), signal.slice(100, 200));
  });

  it("may be of any number", async () => {
    for (const frames of [0, 1, 2, 63, 64, 65]) {
      equalSamples(await heard(signal.slice(0, frames), frames), signal.slice(0, frames));
    }
  });

  it("start from their beginning at each start, as they are then", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: BLOCK }));
    const memory = Int16Array.of(1, 2, 3);
    const ring = stream.setSource(memory);
    assert.equal(ring.size, 3);
    const sink = new Int16Array(3);
    stream.setSink(sink);
    for (let i = 0; i < 3; i++) {
      memory[1] = 10 * i;
      await stream.start({ pad: BLOCK, offset: BLOCK });
      await stream.wait();
      equalSamples(sink, memory);
    }
  });

  it("that were given away are an error at the start, not later", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1, dtype: "int16" }));
    const memory = new Int16Array(4800);
    stream.setSource(memory);
    await stream.start();
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    await stream.wait();
    assert.equal(stream.frameCount, 4800);
    await assert.rejects(() => stream.start(), { name: "TypeError", message: /detached/ });
    assert.throws(() => stream.setSource(memory), { name: "TypeError", message: /detached/ });
  });

  it("must fit", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 2, dtype: "int16" }));
    for (
      const wrong of [
        new Float32Array(2),
        new Int8Array(4),
        new Uint16Array(2),
        new Uint8ClampedArray(4),
        new BigInt64Array(1),
      ]
    ) {
      assert.throws(() => stream.setSource(wrong as unknown as Int16Array<ArrayBuffer>), {
        name: "TypeError",
        message: new RegExp(`Int16Array.*${wrong.constructor.name}`),
      });
    }
    assert.throws(() => stream.setSource(new Int16Array(3)), { name: "RangeError", message: /4 bytes.*6 bytes/ });
    assert.throws(() => stream.setSource(new Uint8Array(7)), RangeError);
    for (const wrong of [undefined, null, 5, true, {}, Symbol()]) {
      assert.throws(() => stream.setSource(wrong as unknown as Int16Array<ArrayBuffer>), TypeError);
    }
    await assert.rejects(() => stream.play(new Float32Array(2) as unknown as Int16Array<ArrayBuffer>), TypeError);
    assert.equal(stream.finished, false);
  });
});

describe("an iterable", () => {
  const sources: [name: string, make: () => Source<"int16">][] = [
    ["array of bytes", () => [bytes.subarray(0, 4000), bytes.subarray(4000)]],
    ["set of bytes", () => new Set([bytes.subarray(0, 4000), bytes.subarray(4000)])],
    ["generator", () => pieces()],
    ["generator function", () => pieces],
    ["async generator", () =>
      (async function* () {
        for (const piece of pieces()) yield piece;
      })()],
    ["async generator function", () =>
      async function* () {
        for (const piece of pieces()) {
          yield piece;
          if (Math.random() < 0.1) await pause(1);
        }
      }],
    ["ReadableStream", () => ReadableStream.from([...pieces()]) as ReadableStream<Int16Array<ArrayBuffer>>],
    ["function that returns an array", () => () => [signal]],
  ];
  for (const [name, make] of sources) {
    it(`is played: ${name}`, async (t) => {
      if (name === "ReadableStream" && !Reflect.has(ReadableStream, "from")) {
        const stream = new ReadableStream({
          start(controller) {
            for (const piece of pieces()) controller.enqueue(piece);
            controller.close();
          },
        });
        return equalSamples(await heard(stream, 5000), signal);
      }
      void t;
      equalSamples(await heard(make(), 5000), signal);
    });
  }

  it("is played through a small ring, too", async () => {
    equalSamples(await heard(pieces, 5000, { bufferSize: 64 }), signal);
    equalSamples(await heard([signal], 5000, { bufferSize: 128 }), signal);
  });

  it("is played in real time without gaps", async () => {
    // The ring lasts for a second, in which the iterator of a busy machine has its turn.
    const slow = { channels: 1, dtype: "int16", blockSize: BLOCK, sampleRate: 16000 } as const;
    await using stream = new DuplexStream(virtual("realtime", slow));
    const long = noise("int16", 24000);
    const recorded = new Int16Array(24000);
    const source = function* () {
      for (let at = 0; at < long.length; at += 100) yield long.subarray(at, at + 100);
    };
    await stream.playrec(source, { pad: BLOCK, offset: BLOCK, out: recorded, bufferSize: 16384 });
    equalSamples(recorded, long);
    assert.equal(stream.xruns, 0);
  });

  it("is iterated again at each start, but a generator or stream only once", async () => {
    await using stream = new OutputStream(virtual("freewheel", { channels: 1, dtype: "int16" }));
    for (const again of [[signal], pieces]) {
      stream.setSource(again);
      for (let i = 0; i < 2; i++) {
        await stream.start();
        await stream.wait();
        assert.equal(stream.frameCount, 5000);
      }
    }
    const stream2 = new ReadableStream<Int16Array<ArrayBuffer>>({
      pull(controller) {
        controller.enqueue(signal);
        controller.close();
      },
    });
    for (const once of [pieces(), stream2]) {
      await stream.play(once);
      await assert.rejects(() => stream.play(once), { name: "TypeError", message: /played before|locked|consumed/ });
    }
  });

  it("that fails, or gives what does not fit, ends the stream with that error", async () => {
    await using stream = new OutputStream(virtual("freewheel", { channels: 1, dtype: "int16" }));
    let returned = 0;
    const failing: [source: Source<"int16">, error: object][] = [
      [function* () {
        yield signal;
        throw new URIError("mine");
      }, { name: "URIError", message: "mine" }],
      [
        (async function* () {
          yield signal;
          await pause(2);
          throw new URIError("mine");
        })(),
        { name: "URIError", message: "mine" },
      ],
      [[signal, new Float32Array(5)] as unknown as Source<"int16">, {
        name: "TypeError",
        message: /Int16Array.*Float32Array/,
      }],
      [function* () {
        try {
          yield bytes.subarray(1);
        } finally {
          returned++;
        }
      }, { name: "RangeError", message: /whole frame/ }],
      [new ReadableStream({ start: (controller) => controller.error(new URIError("mine")) }), { name: "URIError" }],
      [[5] as unknown as Source<"int16">, { name: "TypeError" }],
    ];
    for (const [source, error] of failing) {
      await assert.rejects(() => stream.play(source), error);
      assert.equal(stream.aborted, true);
    }
    assert.equal(returned, 1);
  });

  it("that fails is heard up to there, however long the run is to be", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: 64 }));
    for (const length of [{}, { pad: -1 }, { pad: 3000 }, { frames: signal.length + 5000 }]) {
      const heard: number[] = [];
      stream.setSource(function* () {
        yield signal;
        throw new URIError("mine");
      });
      stream.setSink(async (_stream, ring, { signal: end }) => {
        await new Promise((resolve) => end.addEventListener("abort", resolve));
        heard.push(...new Int16Array(Uint8Array.from(ring.read() as Uint8Array).buffer));
      }, { bufferSize: 2 ** 16 });
      await stream.start(length);
      await assert.rejects(() => stream.wait(), { name: "URIError", message: "mine" });
      equalSamples(Int16Array.from(heard.slice(64)), signal.subarray(0, -64));
      assert.equal(stream.frameCount, signal.length);
    }
  });

  it("is told when no more is wanted", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1, dtype: "int16" }));
    let returned = 0;
    let cancelled: unknown;
    const endless = function* () {
      try {
        for (;;) yield signal;
      } finally {
        returned++;
      }
    };
    const readable = new ReadableStream<Int16Array<ArrayBuffer>>({
      pull: () => new Promise(() => {}),
      cancel: (reason) => void (cancelled = reason ?? "cancelled"),
    });
    for (const source of [endless, readable]) {
      stream.setSource(source);
      await stream.start({ prebuffer: false });
      await pause(5);
      await stream.stop();
    }
    await eventually(() => returned > 0 && cancelled !== undefined);
    assert.equal(returned, 1);
    assert.equal(cancelled, "cancelled");
  });

  it("that never waits lets other things happen", async () => {
    await using stream = new OutputStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: 1024 }));
    stream.setSource(function* () {
      for (;;) yield signal.subarray(0, 1);
    });
    await stream.start();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await eventually(() => turns >= 5);
    clearInterval(timer);
    await stream.stop();
  });

  it("cannot be looped", async () => {
    await using stream = new OutputStream(virtual("freewheel", { channels: 1, dtype: "int16" }));
    for (const source of [new Set([signal]), pieces, pieces(), new ReadableStream()]) {
      assert.throws(() => stream.setSource(source as Source<"int16">, { loop: true }), {
        name: "TypeError",
        message: /loop/,
      });
    }
    await assert.rejects(() => stream.play(() => [signal], { loop: true }), { name: "TypeError", message: /loop/ });
  });
});

describe("a function", () => {
  it("gets its stream, its ring and a context, and ends the source by returning", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: BLOCK }));
    let calls = 0;
    const ring = stream.setSource((given, givenRing, { loop, signal: end, data }) => {
      calls++;
      assert.equal(given, stream);
      assert.equal(givenRing, ring);
      assert.deepEqual([loop, end.aborted, data], [true, false, undefined]);
      assert.equal(given.active, true);
      givenRing.write(signal.subarray(0, 1000));
    }, { bufferSize: 2048, loop: true });
    assert.equal(ring.size, 2048);
    for (let i = 1; i <= 3; i++) {
      await stream.start();
      await stream.wait();
      assert.equal(calls, i);
      assert.equal(stream.frameCount, 1000);
    }
  });

  it("may write before the start into the ring that setSource() returned", async () => {
    const ring = new RingBuffer(2, 16);
    ring.close();
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, dtype: "int16", blockSize: BLOCK }));
    const own = stream.setSource((_stream, ring) => void ring.write(Int16Array.of(4, 5)));
    own.write(Int16Array.of(1, 2, 3));
    const out = new Int16Array(5);
    stream.setSink(out);
    await stream.start({ pad: BLOCK, offset: BLOCK });
    await stream.wait();
    equalSamples(out, Int16Array.of(1, 2, 3, 4, 5));
  });

  it("finds its ring empty at a second start", async () => {
    await using stream = new DuplexStream(virtual("realtime", { channels: 1, dtype: "int16", blockSize: BLOCK }));
    stream.setSource(async (_stream, ring) => {
      await pause(5);
      ring.write(signal);
    });
    await stream.start();
    await stream.stop(); // most of it is left
    const out = new Int16Array(5000);
    stream.setSink(out);
    await stream.start({ pad: BLOCK, offset: BLOCK });
    await stream.wait();
    equalSamples(out, signal);
  });

  it("that is still at work gets no ring of a later start", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1, dtype: "int16" }));
    const rings = new Set<RingBuffer>();
    let go = () => {};
    stream.setSource(async (_stream, ring) => {
      rings.add(ring);
      ring.write(signal.subarray(0, 10));
      await new Promise<void>((resolve) => go = resolve);
      ring.write(signal.subarray(0, 10));
    });
    await stream.start({ prebuffer: 10 });
    await stream.stop();
    const [first, goOn] = [[...rings][0], go];
    await stream.start({ prebuffer: 10 });
    assert.equal(rings.size, 2);
    await stream.stop();
    goOn();
    // It is freed when its function has returned.
    const isFreed = () => {
      try {
        first.read();
        return false;
      } catch (error) {
        assert.ok(error instanceof PastreamError);
        return true;
      }
    };
    await eventually(isFreed);
    go();
  });

  it("may stop, abort and close its stream", async () => {
    for (const end of ["stop", "abort", "close"] as const) {
      const stream = new OutputStream(virtual("realtime", { channels: 1 }));
      let ended = false;
      stream.setSource(async (_task, ring) => {
        ring.write(new Float32Array(1000));
        await pause(30);
        await stream[end]();
        ended = true;
      });
      await stream.start();
      if (end === "close") await stream.ended;
      else await stream.wait();
      while (!ended) await pause(1);
      await stream.close();
    }
  });

  it("may do so at once, before the stream has really started", async () => {
    for (const end of ["stop", "abort", "close", "signal", "throw"] as const) {
      const control = new AbortController();
      const stream = new OutputStream(virtual("realtime", { channels: 1, signal: control.signal }));
      stream.setSource((_task, ring) => {
        ring.write(new Float32Array(1000));
        if (end === "signal") control.abort();
        else if (end === "throw") throw new URIError("mine");
        else stream[end]();
      });
      const names = { stop: "", abort: "", close: "PastreamError", signal: "AbortError", throw: "" };
      const outcome = await stream.start({ pad: -1 }).then(() => "", (error) => error.name);
      assert.equal(outcome, names[end], end);
      const failed = await stream.ended.then(() => false, (error) => error instanceof URIError);
      assert.equal(failed, end === "throw"); // which is told when what was written was heard
      if (failed) assert.equal(stream.frameCount, 1000);
      assert.equal(stream.active, false);
      assert.equal(stream.stopped, end === "stop");
      await stream.close();
    }
  });

  it("is waited for at the start, for as much as is asked", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1, dtype: "int16" }));
    const writeTo = async (ring: RingBuffer, pieces: number, wrote: () => void) => {
      for (let piece = 0; piece < pieces; piece++) {
        await pause(3);
        ring.write(signal.subarray(0, 100));
        wrote();
      }
    };
    let written = 0;
    stream.setSource((_stream, ring) => writeTo(ring, 5, () => written += 100));
    await stream.start({ prebuffer: 300 });
    assert.ok(written >= 200, `${written} frames written`);
    await stream.stop();
    stream.setSource((_stream, ring) => writeTo(ring, 1, () => {}));
    await stream.start({ prebuffer: 10000 }); // it ends before that
    await stream.wait();
    assert.equal(stream.frameCount, 100);
    stream.setSource(async (_stream, ring, { signal: end }) => {
      ring.write(signal.subarray(0, 100));
      while (!end.aborted) await pause(1);
    });
    for (const frames of [100, 50, 0]) {
      await stream.start({ frames, prebuffer: 10000 }); // it need not give more than is played
      await stream.wait();
      assert.equal(stream.frameCount, frames);
    }
    await assert.rejects(() => stream.start({ prebuffer: -1 }), RangeError);
    await assert.rejects(() => stream.start({ prebuffer: "yes" as unknown as boolean }), TypeError);
  });
});

describe("drain()", () => {
  it("in the source's own function ends the wait of the start", async () => {
    const piece = new Float32Array(100);
    const sources: Record<string, (stream: OutputStream) => Source<"float32">> = {
      "a function": (stream) => async (_stream, ring) => {
        ring.write(piece);
        await stream.drain();
      },
      "a generator": (stream) =>
        async function* () {
          yield piece;
          await stream.drain();
        },
    };
    for (const [name, source] of Object.entries(sources)) {
      await using stream = new OutputStream(virtual("freewheel", { channels: 1 }));
      // A run is looked at after 10 s, even if nothing wakes us.
      let timer: ReturnType<typeof setTimeout>;
      const waits = new Promise<string>((resolve) => void (timer = setTimeout(() => resolve("waits"), 9000)));
      const played = stream.play(source(stream)).then(() => "played");
      assert.equal(await Promise.race([played, waits]).finally(() => clearTimeout(timer)), "played", name);
      assert.equal(stream.heard, 100);
    }
  });
});

for (const clock of clocks) {
  describe(`gain and mapping, ${clock}`, () => {
    it("change while a stream runs", async () => {
      await using stream = new DuplexStream(virtual(clock, { channels: 2, dtype: "int16", blockSize: BLOCK }));
      assert.deepEqual(stream.txMapping, [1, 2]);
      stream.txMapping = [2, 0];
      const out = await stream.playrec(Int16Array.from({ length: 200 }, (_, i) => i + 1), {
        pad: BLOCK,
        offset: BLOCK,
      });
      equalSamples(out, Int16Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? i + 2 : 0)));
      stream.txMapping = new Map([[1, 2]]);
      assert.deepEqual(stream.txMapping, [0, 1]);
      stream.txMapping = null;
      assert.deepEqual(stream.txMapping, [1, 2]);
      assert.equal(stream.outputGain, 1);
      stream.outputGain = 0.5;
      const half = await stream.playrec(Int16Array.of(100, -100, 2000, 32767), { pad: BLOCK, offset: BLOCK });
      assert.deepEqual([...half.slice(0, 3)], [50, -50, 1000]);
      const twice = new Map([[1, 2], [2, 2]]);
      for (const wrong of [[1], [1, 3], [1, -1], [1, 1.5], new Map([[3, 1]]), new Map([[1, 0]]), twice]) {
        assert.throws(() => stream.txMapping = wrong as number[], RangeError);
        assert.throws(() => stream.rxMapping = wrong as number[], RangeError);
      }
      for (const wrong of ["12", 5, undefined, {}, ["1", "2"]]) {
        assert.throws(() => stream.txMapping = wrong as unknown as number[], TypeError);
      }
      // An entry is not set by itself, which would have no effect.
      for (const map of [stream.txMapping, stream.rxMapping] as number[][]) assert.throws(() => map[0] = 2, TypeError);
      assert.throws(() => stream.outputGain = NaN, RangeError);
      assert.throws(() => stream.outputGain = -1e300, { name: "RangeError", message: /outputGain.*-1e\+300.*float32/ });
      assert.throws(() => stream.outputGain = "1" as unknown as number, TypeError);
    });
  });
}
