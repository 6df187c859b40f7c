// Several sinks at once: addSink(), chunks() and readable() beside setSink() and beside each other.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { BufferFullError, DuplexStream, InputStream, readFile, RingBuffer, SoundFile } from "../../mod.ts";
import { newFolder } from "../helpers/sounds.ts";
import { clocks, equalSamples, join, noise, pause, silence, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const FRAMES = 20000;
const signal = noise("int16", FRAMES, 11);
/** What comes back of the signal, one block later. */
const heard = join(silence("int16", BLOCK), signal);

let folder: ReturnType<typeof newFolder>;
before(() => void (folder = newFolder()));
after(() => folder.remove());

const duplex = (clock: "realtime" | "freewheel" = "freewheel") =>
  new DuplexStream(virtual(clock, { channels: 1, dtype: "int16", blockSize: BLOCK }));

async function collect(chunks: AsyncIterable<Int16Array<ArrayBuffer>>): Promise<Int16Array<ArrayBuffer>> {
  const parts = [new Int16Array(0)];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return join(...parts);
}

/** Empties a ring into an array. */
const contents = (ring: RingBuffer) => new Int16Array(new Uint8Array(ring.read()).buffer);

describe("several sinks", () => {
  for (const clock of clocks) {
    it(`each get every frame, ${clock}`, async () => {
      await using stream = duplex(clock);
      const path = folder.path(`several-${clock}.wav`);
      using file = new SoundFile(path, "w", { sampleRate: 48000, channels: 1, subtype: "PCM_16" });
      using ring = new RingBuffer(2, 32768);
      const memory = new Int16Array(FRAMES + BLOCK);
      let given = 0;
      stream.setSource(signal);
      stream.setSink(file);
      const taps = [
        stream.addSink(ring),
        stream.addSink(memory),
        stream.addSink(new WritableStream({ write: (samples) => void (given += samples.length) })),
      ];
      equalSamples(await collect(stream.chunks({ chunkSize: 1000, pad: BLOCK })), heard);
      equalSamples(contents(ring), heard, "ring");
      equalSamples(memory, heard, "memory");
      assert.equal(given, FRAMES + BLOCK);
      for (const tap of taps) {
        assert.equal(tap.frames, FRAMES + BLOCK);
        assert.equal(tap.dropped, 0);
        assert.equal(tap.error, undefined);
      }
      file.close();
      equalSamples((await readFile(path, { dtype: "int16" })).samples, heard, "file");
    });
  }

  it("stay for the runs that come, until they are removed", async () => {
    await using stream = duplex();
    using ring = new RingBuffer(2, 1024);
    const tap = stream.addSink(ring);
    for (let run = 0; run < 3; run++) {
      await stream.start({ frames: 100 * (run + 1) });
      await stream.wait();
      assert.equal(tap.frames, 100 * (run + 1));
    }
    assert.equal(ring.readAvailable, 600);
    await tap.remove();
    await tap.remove();
    await stream.start({ frames: 100 });
    await stream.wait();
    assert.equal(ring.readAvailable, 600);
    assert.equal(tap.frames, 300);
    ring.flush(); // it has been given back
  });

  it("come and go while a run is on, which notices nothing", async () => {
    await using stream = duplex("realtime");
    stream.setSource(signal, { loop: true });
    await stream.start({ pad: -1 });
    while (stream.frameCount < 1000) await pause(1); // past the silence before the signal comes back
    const path = folder.path("go.flac");
    using file = new SoundFile(path, "w", { sampleRate: 48000, channels: 1, subtype: "PCM_16" });
    const tap = stream.addSink(file);
    while (tap.frames < 3000) await pause(2);
    await tap.remove();
    assert.equal(stream.active, true);
    file.close();
    const { samples } = await readFile(path, { dtype: "int16" });
    assert.equal(samples.length, tap.frames);
    const first = signal.indexOf(samples[0]);
    const at = [...signal.keys()].slice(first).find((i) =>
      samples.subarray(0, 9).every((s, k) => s === signal[(i + k) % FRAMES])
    );
    assert.ok(at !== undefined);
    for (let i = 0; i < samples.length; i++) assert.equal(samples[i], signal[(at + i) % FRAMES]);
    assert.equal(stream.xruns, 0);
  });

  it("are at most 16", async () => {
    await using stream = duplex();
    for (let i = 0; i < 16; i++) stream.addSink(() => {});
    await stream.start({ frames: 100 });
    await stream.wait();
    stream.addSink(() => {});
    await assert.rejects(() => stream.start({ frames: 100 }), { code: "busy" });
  });

  it("are refused as any sink is", async () => {
    await using stream = duplex();
    assert.throws(() => stream.addSink(5 as never), TypeError);
    assert.throws(() => stream.addSink(new Float32Array(5) as never), TypeError);
    assert.throws(() => stream.addSink(new RingBuffer(4, 4)), RangeError);
    assert.throws(() => stream.addSink(new Int16Array(5), { onOverflow: "never" as never }), /onOverflow/);
    await stream.close();
    assert.throws(() => stream.addSink(new Int16Array(5)), { code: "closed" });
  });
});

describe("a sink that has no room", () => {
  it("ends alone, with its error", async () => {
    await using stream = duplex();
    using small = new RingBuffer(2, 1024);
    const memory = new Int16Array(5000);
    const tap = stream.addSink(new Int16Array(1000));
    const other = stream.addSink(memory);
    await stream.playrec(signal.subarray(0, 5000), { out: new Int16Array(5000) });
    assert.ok(tap.error instanceof BufferFullError);
    assert.equal(tap.frames, 1000);
    assert.equal(other.error, undefined);
    equalSamples(memory, heard.subarray(0, 5000));
    await tap.remove();
    small.flush();
  });

  it("ends the run if that is asked for, and drops if that is", async () => {
    await using stream = duplex();
    const memory = new Int16Array(1000);
    const tap = stream.addSink(memory, { onOverflow: "drop" });
    await stream.playrec(signal.subarray(0, 5000), { out: new Int16Array(5000) });
    assert.equal(tap.dropped, 4000);
    assert.deepEqual(stream.glitches.map(({ kind, frames }) => [kind, frames]), [["sinkOverflow", 4000]]);
    await tap.remove();
    stream.addSink(memory, { onOverflow: "abort" });
    await assert.rejects(() => stream.playrec(signal, { out: new Int16Array(FRAMES) }), BufferFullError);
    assert.equal(stream.frameCount, 1000);
  });

  it("is a slow reader of chunks: it gets its error after what was captured, and the recording goes on", async () => {
    await using stream = duplex("realtime");
    const path = folder.path("slow.wav");
    using file = new SoundFile(path, "w", { sampleRate: 48000, channels: 1, subtype: "PCM_16" });
    stream.setSource(signal);
    stream.setSink(file);
    const chunks = stream.chunks({ chunkSize: 100, bufferSize: 1024, pad: BLOCK });
    let got = 0;
    await assert.rejects(async () => {
      for await (const chunk of chunks) {
        got += chunk.length;
        if (got === 100) await pause(150);
      }
    }, BufferFullError);
    assert.ok(got >= 1000 && got < FRAMES, String(got));
    await stream.wait();
    file.close();
    equalSamples((await readFile(path, { dtype: "int16" })).samples, heard);
  });
});

describe("chunks of a stream that runs", () => {
  it("begin where they join, count frames and offset from there, and leave the run alone", async () => {
    await using stream = duplex("realtime");
    stream.setSource(signal, { loop: true });
    await stream.start({ pad: -1 });
    const [first, second] = await Promise.all([
      collect(stream.chunks({ chunkSize: 500, frames: 3000 })),
      collect(stream.chunks({ chunkSize: 300, frames: 2000, offset: 500 })),
    ]);
    assert.equal(first.length, 3000);
    assert.equal(second.length, 1500);
    assert.equal(stream.active, true);
    for await (const chunk of stream.chunks({ chunkSize: 64 })) {
      const { chunkFrame } = stream;
      assert.equal(chunk[0], signal[(((chunkFrame - BLOCK) % FRAMES) + FRAMES) % FRAMES]);
      if (chunkFrame > 10000) break;
    }
    assert.equal(stream.active, true);
    assert.throws(() => stream.chunks({ pad: 5 }), { name: "TypeError", message: /pad .*running/ });
    assert.throws(() => stream.chunks({ playback: signal }), { name: "TypeError", message: /playback .*running/ });
    await stream.stop();
  });

  it("end with it", async () => {
    await using stream = duplex("realtime");
    stream.setSource(signal);
    await stream.start();
    const all = collect(stream.chunks({ chunkSize: 100 }));
    await stream.wait();
    const got = await all;
    equalSamples(got, heard.subarray(FRAMES - got.length, FRAMES));
  });

  it("are those of readable(), too", async () => {
    await using stream = new InputStream(virtual("realtime", { channels: 1 }));
    await stream.start();
    const reader = stream.readable({ chunkSize: 100 }).getReader();
    assert.equal((await reader.read()).value?.length, 100);
    await reader.cancel();
    assert.equal(stream.active, true);
    await stream.stop();
  });
});
