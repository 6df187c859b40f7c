// Everything that can be recorded into.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  BufferFullError,
  checkFormat,
  type Dtype,
  DuplexStream,
  InputStream,
  PastreamError,
  readFile,
  RingBuffer,
  type SamplesOf,
  type Sink,
  SoundFile,
} from "../../mod.ts";
import { clocks, equalSamples, join, noise, pause, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const isBusy = (error: unknown) => error instanceof PastreamError && error.code === "busy";
const signal = noise("int16", 5000, 5);

const duplex = (clock: "realtime" | "freewheel" = "freewheel") =>
  new DuplexStream(virtual(clock, { channels: 1, dtype: "int16", blockSize: BLOCK }));

/** Records the signal into a sink. */
async function record(sink: Sink<"int16">, options = {}): Promise<void> {
  await using stream = duplex();
  assert.equal(await stream.playrec(signal, { pad: BLOCK, offset: BLOCK, out: sink, ...options }), sink);
}

describe("a rate that is no whole number", () => {
  it("is recorded into files, which have the nearest whole one", async () => {
    const folder = mkdtempSync(joinPath(tmpdir(), "pastream-rate-"));
    try {
      await using stream = await InputStream.open({ device: "virtual", channels: 1, sampleRate: 44099.5 });
      assert.equal(stream.sampleRate, 44099.5);
      using file = stream.toFile(joinPath(folder, "odd.wav"));
      await stream.record({ out: file, frames: 1000 });
      assert.deepEqual([file.sampleRate, file.frames], [44100, 1000]);
      // Nothing is converted for the half of a hertz: every sample is as it was.
      const options = { channels: 1, dtype: "int16", blockSize: BLOCK, sampleRate: 44099.5 } as const;
      await using both = new DuplexStream(virtual("freewheel", options));
      using same = both.toFile(joinPath(folder, "same.wav"), "w+");
      await both.playrec(signal, { pad: BLOCK, offset: BLOCK, out: same });
      assert.doesNotMatch(String(both), /44100/);
      same.seek(0);
      equalSamples(same.read(-1, { dtype: "int16" }), signal);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("memory", () => {
  it("is recorded into as an array, bytes, a DataView, an ArrayBuffer or a part of one", async () => {
    const sinks = [
      new Int16Array(5000),
      new Uint8Array(10000),
      new ArrayBuffer(10000),
      new DataView(new ArrayBuffer(10000)),
    ];
    for (const sink of sinks) {
      await record(sink);
      const bytes = sink instanceof ArrayBuffer ? sink : sink.buffer;
      equalSamples(new Int16Array(bytes), signal);
    }
    const shared = new Int16Array(new SharedArrayBuffer(10000));
    await record(shared);
    equalSamples(shared.slice(), signal);
    const part = new Int16Array(6000).fill(77);
    await record(part.subarray(500, 5500));
    equalSamples(part.subarray(500, 5500), signal);
    assert.ok([...part.subarray(0, 500), ...part.subarray(5500)].every((sample) => sample === 77));
  });

  it("of no frames has no room", async () => {
    await using stream = duplex();
    stream.setSink(new Int16Array(0));
    await stream.start();
    assert.equal(await stream.wait(), true);
    await stream.start({ frames: 1 });
    await assert.rejects(() => stream.wait(), BufferFullError);
    assert.equal(stream.frameCount, 0);
    await stream.start({ frames: 10, offset: 10 });
    assert.equal(await stream.wait(), true);
  });

  it("ends a recording when it is full", async () => {
    for (const clock of clocks) {
      await using stream = duplex(clock);
      stream.setSink(new Int16Array(1000));
      await stream.start({ offset: 300 });
      await stream.wait();
      assert.equal(stream.frameCount, 1300);
      const out = new Int16Array(777);
      assert.equal(await stream.record({ out }), out);
      assert.equal(stream.frameCount, 777);
    }
  });

  it("gets what there is of a run that ended early", async () => {
    for (const end of ["stop", "abort"] as const) {
      await using stream = duplex("realtime");
      stream.setSource(signal.map(() => 1), { loop: true });
      const memory = new Int16Array(48000 * 60);
      const ring = stream.setSink(memory);
      assert.equal(ring.size, memory.length);
      await stream.start({ frames: memory.length });
      await pause(30);
      await stream[end]();
      const count = ring.readAvailable;
      assert.equal(count, stream.frameCount);
      assert.ok(memory.subarray(BLOCK, count).every((sample) => sample === 1));
      assert.ok(memory.subarray(count).every((sample) => sample === 0));
    }
  });

  it("starts from its beginning at each start", async () => {
    await using stream = duplex();
    const memory = new Int16Array(BLOCK + 10);
    stream.setSink(memory);
    for (const value of [5, 6]) {
      stream.setSource(Int16Array.of(value, value));
      await stream.start({ pad: BLOCK });
      await stream.wait();
      assert.deepEqual([...memory.subarray(BLOCK - 1, BLOCK + 3)], [0, value, value, 0]);
    }
  });

  it("that is given away during the run is an error, not a crash", async () => {
    await using stream = duplex("realtime");
    const memory = new Int16Array(2000);
    stream.setSink(memory);
    await stream.start();
    structuredClone(memory.buffer, { transfer: [memory.buffer] });
    await assert.rejects(() => stream.wait(), { name: "TypeError", message: /detached/ });
    assert.equal(stream.frameCount, 2000);
    assert.equal(stream.aborted, true);
    await assert.rejects(() => stream.start(), { name: "TypeError", message: /detached/ });
  });

  it("must fit and be large enough", async () => {
    await using stream = duplex();
    assert.throws(() => stream.setSink(new Float32Array(5) as unknown as Sink<"int16">), {
      name: "TypeError",
      message: /Int16Array.*Float32Array/,
    });
    assert.throws(() => stream.setSink(new Uint8Array(5)), RangeError);
    await assert.rejects(() => stream.record({ out: new Int16Array(10), frames: 11 }), {
      name: "RangeError",
      message: /11 frames, not 10/,
    });
    await stream.record({ out: new Int16Array(10), frames: 11, offset: 1 });
    await stream.record({ out: new Int16Array(10), frames: 1000, onOverflow: "drop" });
    assert.equal(stream.frameCount, 1000);
    assert.equal(stream.glitches.reduce((sum, { frames }) => sum + frames, 0), 990);
    await assert.rejects(() => stream.playrec(signal, { out: new Int16Array(10) }), BufferFullError);
    for (const wrong of [undefined, null, 5, {}, []]) {
      assert.throws(() => stream.setSink(wrong as unknown as Sink<"int16">), TypeError);
    }
    await assert.rejects(() => stream.record(undefined as unknown as number), TypeError);
    await assert.rejects(() => stream.record({} as unknown as number), TypeError);
    await assert.rejects(() => stream.record(-1), RangeError);
    await assert.rejects(() => stream.record(10, { offset: 11 }), RangeError);
    await assert.rejects(() => stream.record(10, { blocking: 1 as unknown as boolean }), TypeError);
    assert.throws(() => stream.setSink(new Int16Array(4), { onOverflow: "panic" as "drop" }), RangeError);
  });
});

describe("record()", () => {
  for (const clock of clocks) {
    it(`gives new memory, ${clock}`, async () => {
      await using stream = duplex(clock);
      assert.equal((await stream.record(1000)).length, 1000);
      assert.equal((await stream.record(1000, { offset: 990 })).length, 10);
      assert.equal((await stream.record(0)).length, 0);
      assert.ok(await stream.record(5) instanceof Int16Array);
    });
  }

  it("drops a source that was set, as play() drops a sink", async () => {
    await using stream = duplex();
    stream.setSource(signal);
    assert.ok((await stream.record(1000)).every((sample) => sample === 0));
    const sink = new RingBuffer(2, 8192);
    stream.setSink(sink);
    await stream.play(signal);
    assert.equal(sink.readAvailable, 0);
  });

  it("gives what there is when it is stopped", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 3, dtype: "int24" }));
    const recording = stream.record(480000);
    await pause(30);
    await stream.stop();
    assert.equal((await recording).length, stream.frameCount * 9);
  });

  it("does not turn into the sink of a later start", async () => {
    await using stream = duplex("realtime");
    const recording = stream.record(100);
    await stream.abort();
    await stream.start({ frames: 500, pad: -1 });
    await stream.wait();
    assert.equal(stream.frameCount, 500);
    assert.ok((await recording).length <= 100);
    const chunks = stream.chunks({ chunkSize: 100 });
    await chunks.next();
    await stream.stop();
    await stream.start({ frames: 70000 });
    await stream.abort();
    assert.equal((await chunks.next()).done, false); // what had been captured
    while (!(await chunks.next()).done);
  });

  it("need not block", async () => {
    await using stream = duplex("realtime");
    const samples = await stream.record(480000, { blocking: false });
    assert.equal(samples.length, 480000);
    assert.equal(stream.active, true);
    await stream.stop();
    const played = await stream.playrec(signal.subarray(0, 500), { pad: BLOCK, offset: BLOCK, blocking: false });
    await stream.ended;
    equalSamples(played, signal.slice(0, 500));
    await stream.play(signal, { pad: 480000, blocking: false });
    assert.equal(stream.active, true);
    await stream.stop();
  });
});

describe("a function", () => {
  it("gets everything, and is waited for", async () => {
    const parts: Int16Array<ArrayBuffer>[] = [];
    let settled = false;
    await record(async (stream, ring, { signal: end, loop }) => {
      assert.equal(loop, false);
      for (;;) {
        const ended = end.aborted;
        const part = new Int16Array(ring.readAvailable);
        ring.readInto(part);
        parts.push(part);
        if (ended && part.length === 0) break;
        await pause(1);
      }
      await pause(20);
      assert.equal(stream.active, false);
      settled = true;
    });
    assert.equal(settled, true);
    equalSamples(join(...parts), signal);
  });

  it("that fails at the end is heard of, too", async () => {
    await using stream = duplex();
    stream.setSink(async (_stream, _ring, { signal: end }) => {
      await new Promise((resolve) => end.addEventListener("abort", resolve));
      await pause(5);
      throw new Error("disk on fire");
    });
    await stream.start({ frames: 100 });
    await stream.stop(); // does not wait for it
    await assert.rejects(() => stream.wait(), { message: "disk on fire" });
    assert.equal(await stream.wait(), true);
  });
});

describe("a WritableStream", () => {
  it("gets everything in arrays of its own, and is closed", async () => {
    const parts: Int16Array<ArrayBuffer>[] = [];
    let closed = 0;
    await record(
      new WritableStream<Int16Array<ArrayBuffer>>({
        async write(samples) {
          parts.push(samples);
          await pause(1);
        },
        async close() {
          await pause(10);
          closed++;
        },
      }),
    );
    assert.equal(closed, 1);
    equalSamples(join(...parts), signal);
    assert.equal(new Set(parts.map(({ buffer }) => buffer)).size, parts.length);
  });

  it("is written to in real time", async () => {
    let frames = 0;
    let writes = 0;
    await using stream = new InputStream(virtual("realtime", { channels: 2, dtype: "float32" }));
    await stream.record({
      out: new WritableStream<Float32Array<ArrayBuffer>>({
        write(samples) {
          frames += samples.length / 2;
          writes++;
        },
      }),
      frames: 9600,
    });
    assert.equal(frames, 9600);
    assert.ok(writes >= 1 && writes <= 20, `${writes} writes`);
  });

  it("that fails ends the stream with its error", async () => {
    await using stream = duplex("realtime");
    const out = new WritableStream<Int16Array<ArrayBuffer>>({
      write() {
        throw new URIError("no more");
      },
    });
    await assert.rejects(() => stream.record({ out }), { name: "URIError", message: "no more" });
    assert.equal(stream.aborted, true);
    await assert.rejects(() => stream.record({ out, frames: 10 }));
  });
});

describe("a sound file", () => {
  let folder = "";
  before(() => void (folder = mkdtempSync(joinPath(tmpdir(), "pastream-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("gets everything", async () => {
    for (const clock of clocks) {
      await using stream = new DuplexStream(virtual(clock, { channels: 2, dtype: "int32", blockSize: BLOCK }));
      const played = noise("int32", 5000 * 2);
      const path = joinPath(folder, `${clock}.wav`);
      using file = stream.toFile(path);
      assert.deepEqual([file.subtype, file.sampleRate, file.channels], ["PCM_32", 48000, 2]);
      assert.equal(await stream.playrec(played, { pad: BLOCK, offset: BLOCK, out: file }), file);
      assert.equal(file.frames, 5000);
      file.close();
      equalSamples((await readFile(path, { dtype: "int32" })).samples, played);
    }
  });

  it("is chosen to hold the samples as well as its format can", async () => {
    const cases: [dtype: Dtype, name: string, subtype: string][] = [
      ["float32", "a.wav", "FLOAT"],
      ["float32", "a.flac", "PCM_24"],
      ["int32", "a.flac", "PCM_24"],
      ["int24", "a.aiff", "PCM_24"],
      ["int16", "a.flac", "PCM_16"],
      ["int8", "a.wav", "PCM_U8"],
      ["int8", "a.aiff", "PCM_S8"],
      ["uint8", "a.wav", "PCM_U8"],
      ["float32", "a.ogg", "VORBIS"],
    ];
    for (const [dtype, name, subtype] of cases) {
      if (!checkFormat(name.endsWith("ogg") ? "OGG" : "WAV")) continue;
      await using stream = new InputStream(virtual("freewheel", { channels: 1, dtype }));
      using file = stream.toFile(joinPath(folder, name));
      assert.equal(file.subtype, subtype, `${dtype} in ${name}`);
    }
    await using stream = new InputStream(virtual("freewheel", { channels: 1 }));
    using file = stream.toFile(joinPath(folder, "b.wav"), "w", { subtype: "PCM_16" });
    assert.equal(file.subtype, "PCM_16");
    assert.throws(() => stream.toFile(joinPath(folder, "b.wav"), "x"), { name: "SoundFileError" });
    assert.throws(() => stream.toFile(joinPath(folder, "b")), { name: "TypeError", message: /format/ });
    assert.throws(() => stream.toFile(joinPath(folder, "b.wav"), "r"), { name: "RangeError", message: /mode .* "r"/ });
  });

  it("must fit", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 2, conversion: "never" }));
    using wrong = new SoundFile(joinPath(folder, "wrong.wav"), "w", { sampleRate: 44100, channels: 2 });
    assert.throws(() => stream.setSink(wrong), { name: "RangeError", message: /48000 Hz .* 44100 Hz/ });
    using stereo = new SoundFile(joinPath(folder, "stereo.wav"), "w", { sampleRate: 48000, channels: 1 });
    await assert.rejects(() => stream.record({ out: stereo, frames: 5 }), { name: "RangeError", message: /channels/ });
    await using converting = new DuplexStream(virtual("freewheel", { channels: 2 }));
    using five = new SoundFile(joinPath(folder, "five.wav"), "w", { sampleRate: 48000, channels: 5 });
    assert.throws(() => converting.setSink(five), { name: "RangeError", message: /5 channels.* 2: set rxMapping/ });
    wrong.close();
    using reading = new SoundFile(joinPath(folder, "wrong.wav"));
    assert.throws(() => stream.setSink(reading), { name: "TypeError", message: /writing/ });
    stereo.close();
    assert.throws(() => stream.setSink(stereo), PastreamError);
  });

  it("gives way to the next one without losing a frame", async () => {
    await using stream = new DuplexStream(virtual("realtime", { channels: 1, dtype: "int16", blockSize: BLOCK }));
    const played = noise("int16", 240000);
    const paths = [1, 2, 3].map((i) => joinPath(folder, `part${i}.wav`));
    const files = paths.map((path) => stream.toFile(path));
    stream.setSource(played);
    stream.setSink(files[0]);
    await assert.rejects(() => stream.nextFile(files[1]), TypeError);
    const untilFrame = async (frame: number) => {
      while (stream.frameCount < frame) await pause(1);
    };
    await stream.start({ offset: BLOCK, pad: BLOCK });
    await untilFrame(2400);
    const second = await stream.nextFile(files[1]);
    assert.ok(second > 0);
    files[0].close();
    assert.throws(() => files[1].close(), isBusy);
    await untilFrame(second + 2400);
    const third = await stream.nextFile(files[2]);
    assert.ok(third > second);
    await assert.rejects(() => stream.nextFile(files[2]), isBusy);
    await assert.rejects(() => stream.nextFile("x" as unknown as SoundFile), TypeError);
    await untilFrame(third + 2400);
    await stream.stop();
    files[1].close();
    files[2].close();
    const parts = await Promise.all(paths.map(async (path) => (await readFile(path, { dtype: "int16" })).samples));
    assert.deepEqual(parts.map(({ length }) => length).slice(0, 2), [second, third - second]);
    const all = join(...parts as SamplesOf<"int16">[]);
    equalSamples(all, played.subarray(0, all.length));
    assert.equal(all.length, stream.frameCount - BLOCK);
  });

  it("gives way to the next one exactly at a frame", async () => {
    // Slow, so that a busy process asks for the next cut long before its frame.
    const slow = { channels: 1, dtype: "int16", blockSize: BLOCK, sampleRate: 8000 } as const;
    await using stream = new DuplexStream(virtual("realtime", slow));
    const played = noise("int16", 24000);
    const paths = [1, 2, 3, 4].map((i) => joinPath(folder, `cut${i}.wav`));
    const files = paths.map((path) => stream.toFile(path));
    stream.setSource(played);
    stream.setSink(files[0]);
    await stream.start({ offset: BLOCK, pad: BLOCK });
    assert.equal(await stream.nextFile(files[1], { at: 9601 }), 9601);
    assert.equal(await stream.nextFile(files[2], { at: 19211 }), 19211);
    for (const at of [0.5, NaN, -2]) await assert.rejects(() => stream.nextFile(files[3], { at }), RangeError);
    // A frame that never comes.
    assert.equal(await stream.nextFile(files[3], { at: 1e9 }), 24000);
    await stream.wait();
    for (const file of files) file.close();
    const parts = await Promise.all(paths.map(async (path) => (await readFile(path, { dtype: "int16" })).samples));
    assert.deepEqual(parts.map(({ length }) => length), [9601, 19211 - 9601, 24000 - 19211, 0]);
    equalSamples(join(...parts as SamplesOf<"int16">[]), played);
  });

  it("goes on where it stands at a second start", async () => {
    await using stream = duplex();
    const path = joinPath(folder, "twice.wav");
    const file = stream.toFile(path);
    await stream.playrec(signal, { frames: 2000, pad: BLOCK, offset: BLOCK, out: file });
    await stream.playrec(signal.subarray(2000), { pad: BLOCK, offset: BLOCK, out: file });
    file.close();
    equalSamples((await readFile(path, { dtype: "int16" })).samples, signal);
  });
});
