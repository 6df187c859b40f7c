// What is queued can be dropped, and what was heard is known.
// On one Node: it plays for several seconds.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DuplexStream, OutputStream, RingBuffer, SoundFile, type Source } from "../../mod.ts";
import { full, pause, random, virtual } from "../helpers/streams.ts";
import { seedOf } from "../helpers/sounds.ts";

const BLOCK = 256;
const RATE = 48000;
/** Frame i has the value i + 1, which float32 holds exactly. */
const ramp = (frames: number, first = 0) => Float32Array.from({ length: frames }, (_, i) => first + i + 1);

const duplex = () => new DuplexStream(virtual("realtime", { channels: 1, blockSize: BLOCK }));

const until = async (condition: () => boolean) => {
  while (!condition()) await pause(1);
};

describe("clear()", () => {
  it("falls silent within a block and the fade, and the recording notices nothing", async () => {
    const next = random(seedOf("clear()"));
    const rounds = full ? 200 : 8;
    let late = 0;
    for (let round = 0; round < rounds; round++) {
      await using stream = duplex();
      const out = new Float32Array(RATE / 2);
      const running = stream.playrec(ramp(RATE / 2), { out, frames: RATE / 2 });
      const from = 2000 + Math.floor(10_000 * next());
      await until(() => stream.frameCount > from);
      const before = stream.frameCount;
      const cleared = stream.clear({ fade: 0.01 });
      const after = stream.frameCount;
      const { dropped, heard } = await cleared;
      await running;
      assert.equal(stream.frameCount, RATE / 2);
      assert.equal(dropped + heard, RATE / 2);
      assert.equal(stream.heard, heard);
      // On a busy machine all may have been heard, and the recording have ended, before the call.
      if (dropped < BLOCK) late++;
      if (dropped < BLOCK) continue;
      const last = out.findLastIndex((sample) => sample !== 0);
      assert.equal(last + 1 - BLOCK, heard); // what came back is what was heard, one block later
      // The block that is being played at the call has been counted or will be.
      assert.ok(heard >= before && heard <= after + BLOCK + 480, `${heard}, cleared from ${before} to ${after}`);
      assert.deepEqual(stream.glitches, []);
      for (let i = BLOCK; i < heard - 480 + BLOCK; i++) assert.equal(out[i], i + 1 - BLOCK);
      for (let i = heard - 480 + BLOCK; i < heard + BLOCK; i++) assert.ok(out[i] > 0 && out[i] < i + 1 - BLOCK);
      assert.equal(stream.xruns, 0);
    }
    assert.ok(late < rounds, `all of ${rounds} too late`);
  });

  it("drops what writable() was given, and the next write plays at once", async () => {
    await using stream = duplex();
    const sink = new RingBuffer(4, 2 ** 18);
    stream.setSink(sink);
    const writer = stream.writable({ bufferSize: 8192 }).getWriter();
    writer.write(ramp(RATE)); // more than the ring holds
    writer.write(ramp(RATE, RATE));
    await until(() => stream.frameCount > 4000);
    const cleared = stream.clear({ fade: 0 });
    const written = writer.write(ramp(5000, 900_000));
    const { heard, dropped } = await cleared;
    assert.equal(heard + dropped, 2 * RATE); // what waited in the WritableStream included
    await written;
    await writer.close();
    assert.equal(stream.heard, heard + 5000);
    const out = new Float32Array(new Uint8Array(sink.read()).buffer);
    const second = out.indexOf(900_001);
    assert.ok(second > 0);
    assert.equal(out.subarray(0, second).findLast((sample) => sample !== 0), heard);
    // The run ends with the last frame played, so that the last block does not come back; but where close() came late,
    // on a busy machine, silence has been played until then.
    assert.ok(out.length - second >= 5000 - BLOCK, `${out.length - second} frames`);
    const expected = new Float32Array(out.length - second);
    expected.set(ramp(5000, 900_000).subarray(0, expected.length));
    assert.deepEqual(out.subarray(second), expected);
    sink.close();
  });

  it("drops the rest of the piece that an iterable waits with", async () => {
    await using stream = duplex();
    let cleared = false;
    async function* pieces() {
      yield ramp(10 * RATE);
      assert.equal(cleared, true);
      yield ramp(1000, 900_000);
    }
    const playing = stream.play(pieces(), { bufferSize: 4096 });
    await until(() => stream.frameCount > 3000);
    cleared = true;
    const { heard, dropped } = await stream.clear();
    assert.equal(heard + dropped, 10 * RATE);
    await playing;
    assert.equal(stream.heard, heard + 1000);
  });

  it("drops the rest of the piece that an iterable in a worker waits with", async () => {
    await using stream = duplex();
    const sink = new RingBuffer(4, 2 ** 18);
    stream.setSink(sink);
    const worker = new URL("../workers/long-piece.ts", import.meta.url);
    const bufferSize = 4096;
    await stream.play({ worker }, { bufferSize, blocking: false });
    await until(() => stream.frameCount > 6000);
    const { heard, dropped } = await stream.clear({ fade: 0 });
    assert.equal(heard + dropped, 100_000);
    await stream.wait();
    assert.equal(stream.heard, heard + 1000);
  });

  it("ends loops and a caller's ring without an error", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    const ring = new RingBuffer(4, 2 ** 16);
    ring.write(ramp(2 ** 16));
    const sources: [Source<"float32">, object][] = [[ramp(1000), { loop: true }], [ring, {}]];
    for (const [source, options] of sources) {
      const playing = stream.play(source, options);
      await until(() => stream.frameCount > 2000);
      await stream.clear();
      await playing;
      assert.equal(stream.finished, true);
    }
    ring.close();
  });

  it("leaves nothing queued of a loop, in whose place silence plays", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1 }));
    const file = SoundFile.inMemory({ format: "WAV", subtype: "FLOAT", sampleRate: RATE, channels: 1 });
    file.write(ramp(1000));
    file.close();
    for (const source of [ramp(1000), file.bytes()]) {
      const playing = stream.play(source, { loop: true, frames: 2 * RATE });
      assert.equal(stream.queued, Infinity);
      await until(() => stream.frameCount > 2000);
      await assert.rejects(() => stream.heardAll(), TypeError);
      await stream.clear();
      assert.equal(stream.active, true);
      assert.equal(stream.queued, 0);
      assert.equal(await stream.heardAll(), true);
      await playing;
      assert.equal(stream.frameCount, 2 * RATE);
      assert.equal(stream.queued, 0);
    }
  });

  it("does nothing where nothing plays, and refuses nonsense", async () => {
    const stream = new OutputStream(virtual("realtime", { channels: 1 }));
    assert.deepEqual(await stream.clear(), { dropped: 0, heard: 0 });
    for (const fade of [-1, NaN, "1"]) {
      await assert.rejects(() => stream.clear({ fade: fade as number }), /fade/);
    }
    await assert.rejects(() => stream.clear({ fadeOut: 1 } as object), /fadeOut/);
    await stream.close();
    await assert.rejects(() => stream.clear(), { code: "closed" });
  });

  it("called several times at once is called once", async () => {
    await using stream = duplex();
    const playing = stream.play(ramp(RATE));
    await until(() => stream.frameCount > 2000);
    const results = await Promise.all([stream.clear(), stream.clear(), stream.clear()]);
    await playing;
    for (const { dropped, heard } of results) assert.equal(dropped + heard, RATE);
  });
});

describe("what was heard", () => {
  it("is counted to the frame, never goes back, and is kept after the end", async () => {
    await using stream = duplex();
    assert.equal(stream.heard, 0);
    const playing = stream.play(ramp(9600), { pad: 4800 });
    let last = 0;
    await until(() => stream.frameCount > 0);
    while (stream.active) {
      const { queued } = stream;
      const { heard } = stream; // read later: what is queued becomes heard
      assert.ok(heard >= last && heard <= 9600);
      assert.ok(heard + queued >= 9600 || !stream.active, `${heard} + ${queued}`);
      last = heard;
      await pause(3);
    }
    await playing;
    assert.equal(stream.heard, 9600);
    assert.equal(stream.queued, 0);
    await stream.close();
    assert.equal(stream.heard, 9600);
  });

  it("has no part in the silence that a start waits with", async () => {
    await using stream = duplex();
    const writer = stream.writable().getWriter();
    let frames = 0, begin = -1;
    for await (const chunk of stream.chunks({ chunkSize: 480 })) {
      if (frames === 0) {
        assert.equal(stream.heard, 0);
        assert.equal(stream.queued, 0);
        writer.write(ramp(2400));
      }
      const at = chunk.findIndex((sample) => sample !== 0);
      if (begin < 0 && at >= 0) begin = frames + at;
      frames += chunk.length;
      if (begin >= 0 && frames > begin + 3000) break;
    }
    assert.equal(stream.heard, 2400);

    await using short = duplex();
    const output = short.writable().getWriter();
    await output.write(ramp(100));
    assert.equal(await short.heardAll(), true);
    assert.equal(short.heard, 100);
    await output.close();
  });

  it("is waited for by heardAll()", async () => {
    await using stream = new OutputStream(virtual("realtime", { channels: 1, blockSize: BLOCK }));
    assert.equal(await stream.heardAll(), true);
    const writer = stream.writable().getWriter();
    await writer.write(ramp(4800));
    const all = stream.heardAll();
    const more = writer.write(ramp(10 * RATE));
    assert.equal(await all, true);
    assert.ok(stream.heard >= 4800 && stream.heard < 10 * RATE, String(stream.heard));
    const rest = stream.heardAll();
    await stream.clear();
    assert.equal(await rest, false);
    await more;
    await writer.close();
    const looped = stream.play(ramp(1000), { loop: true });
    await until(() => stream.active);
    assert.equal(stream.queued, Infinity);
    await assert.rejects(() => stream.heardAll(), TypeError);
    await until(() => stream.heard > 1000);
    await stream.stop();
    await looped;
  });
});
