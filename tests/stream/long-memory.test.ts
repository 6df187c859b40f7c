// Memory of any length is copied in pieces, between which the event loop has its turns.
import { takeNativeCalls } from "../helpers/native-calls.ts"; // first
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers";
import { DuplexStream } from "../../mod.ts";
import { equalSamples, noise, virtual } from "../helpers/streams.ts";

const BLOCK = 1024;
const FRAMES = 2 ** 20;
const PIECES = FRAMES * 4 / 2 ** 19; // of 2^19 bytes

const sound = noise("int16", 2 * FRAMES);
const planes = [0, 1].map((channel) => Int16Array.from({ length: FRAMES }, (_, i) => sound[2 * i + channel]));

const open = (options = {}) =>
  DuplexStream.open(virtual("freewheel", { channels: 2, dtype: "int16", blockSize: BLOCK, ...options } as const));

/** Turns that the event loop has while something is being done. */
async function turnsOf(work: Promise<unknown>): Promise<number> {
  let [turns, on] = [0, true];
  const turn = () => {
    turns++;
    if (on) setImmediate(turn);
  };
  setImmediate(turn);
  await work;
  on = false;
  return turns;
}

describe("long memory", () => {
  it("is played and recorded in pieces", async () => {
    await using stream = await open();
    for (const source of [sound, planes]) {
      const out = new Int16Array(2 * FRAMES);
      takeNativeCalls();
      const turns = await turnsOf(stream.playrec(source, { out, pad: BLOCK, offset: BLOCK }));
      const calls = takeNativeCalls();
      equalSamples(out, sound);
      assert.equal(calls.get("ps_ring_peek"), PIECES);
      assert.ok(calls.get("ps_ring_write")! >= PIECES);
      assert.ok(turns >= 2 * PIECES - 2, `${turns} turns`);
    }
  });

  it("has all that was recorded when a run that was stopped has ended, in each sink", async () => {
    await using stream = await open({ sampleRate: 768_000, hostSettings: { hostApi: "virtual", clock: "realtime" } });
    const [out, second] = [new Int16Array(2 * FRAMES), new Int16Array(2 * FRAMES)];
    stream.setSource(sound);
    stream.setSink(out);
    const tap = stream.addSink(second);
    for (let round = 0; round < 2; round++) {
      await stream.start();
      while (stream.frameCount < 300_000) await new Promise((resolve) => setTimeout(resolve, 5));
      takeNativeCalls();
      await stream.stop();
      assert.equal(stream.active, false);
      assert.ok(takeNativeCalls().get("ps_ring_peek")! > 2);
      const frames = stream.frameCount;
      for (const recorded of [out, second]) {
        equalSamples(recorded.subarray(2 * BLOCK, 2 * frames), sound.subarray(0, 2 * (frames - BLOCK)));
        assert.ok(recorded.subarray(2 * frames).every((sample) => sample === 0) || round > 0);
      }
    }
    await tap.remove();
  });

  it("is cut to what was recorded", async () => {
    await using stream = await open();
    const few = stream.playrec(sound, { frames: FRAMES, pad: 0 });
    assert.equal((await few).length, 2 * FRAMES);
    const recording = stream.record(FRAMES);
    while (stream.frameCount < FRAMES / 4) await new Promise((resolve) => setTimeout(resolve, 1));
    await stream.stop();
    const recorded = await recording;
    assert.equal(recorded.length, 2 * Math.min(stream.frameCount, FRAMES));
    assert.equal(recorded.byteLength, recorded.buffer.byteLength);
  });

  it("may be closed, transferred, and started again while it is copied", async () => {
    const stream = await open();
    const out = new Int16Array(2 * FRAMES);
    stream.setSource(sound);
    stream.setSink(out);
    await stream.start({ pad: BLOCK, offset: BLOCK });
    const ended = stream.wait();
    await assert.rejects(stream.start(), { code: "active" });
    await ended;
    equalSamples(out, sound);
    await stream.start({ pad: BLOCK, offset: BLOCK });
    while (stream.frameCount < FRAMES + BLOCK) await new Promise((resolve) => setImmediate(resolve));
    structuredClone(out, { transfer: [out.buffer] });
    await assert.rejects(stream.wait(), { name: "TypeError", message: /sink must not be detached/ });
    const last = new Int16Array(2 * FRAMES);
    stream.setSink(last);
    await stream.start({ pad: BLOCK, offset: BLOCK });
    while (stream.frameCount < FRAMES + BLOCK) await new Promise((resolve) => setImmediate(resolve));
    await stream.close();
    equalSamples(last, sound);
  });
});
