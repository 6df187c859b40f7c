// Calls that return promises do little at a time on the JavaScript thread: what they copy between two turns of the
// event loop is counted, which is the same on any machine.
import { watchNativeCalls } from "../helpers/native-calls.ts";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { closeSync, openSync, read } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { LoopYield } from "../../src/base/event-loop.ts";
import { Gathering, requireReading } from "../../src/sound-file/samples.ts";
import { DuplexStream, readFile, writeFile } from "../../mod.ts";
import { makePipe } from "../helpers/pipes.ts";
import { made } from "../helpers/sound-bytes.ts";
import { newFolder, randomFrom, randomSamples } from "../helpers/sounds.ts";

const folder = newFolder();
after(folder.remove);

const MOST = 2 ** 21 + 2 ** 12; // bytes between two turns: a piece, and what a runtime itself copies, such as a path
const shape = { sampleRate: 48000, channels: 2 } as const;
const long = new Float32Array(2 ** 23).map((_, i) => i / 2 ** 23); // 32 MiB
const FRAME_BYTES = 8;

let copied = 0; // in this turn
let most = 0; // in any turn

const copies = (bytes: number): void => void (most = Math.max(most, copied += Math.max(bytes, 0)));

watchNativeCalls((name, args, result) => {
  if (name === "ps_job_take") copies(result * FRAME_BYTES);
  if (name === "ps_job_write") copies(Number(args[2]) * FRAME_BYTES);
  if (name === "ps_opening_write") copies(Number(args[2]));
});

const arrays = Object.getPrototypeOf(Uint8Array.prototype);
const { set, fill } = arrays;
arrays.set = function (this: Uint8Array, source: ArrayLike<number>, at?: number) {
  copies(source.length * this.BYTES_PER_ELEMENT);
  return set.call(this, source, at);
};
arrays.fill = function (this: Uint8Array, value: number, from = 0, to: number = this.length) {
  copies((to - from) * this.BYTES_PER_ELEMENT);
  return fill.call(this, value, from, to);
};
after(() => Object.assign(arrays, { set, fill }));

/** deepEqual() compares number by number. */
function assertSame(samples: Float32Array, wanted: Float32Array): void {
  const bytes = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);
  assert.equal(Buffer.compare(bytes(samples), bytes(wanted)), 0);
}

/** The most bytes that were copied between two turns of the event loop. */
async function mostCopied(work: () => Promise<unknown>): Promise<number> {
  let on = true;
  copied = most = 0;
  const turn = () => {
    copied = 0;
    if (on) setImmediate(turn);
  };
  setImmediate(turn);
  await work().finally(() => on = false);
  return most;
}

async function assertLittle(work: () => Promise<unknown>): Promise<void> {
  const bytes = await mostCopied(work);
  assert.ok(bytes > 0 && bytes <= MOST, `${bytes} bytes in one turn`);
}

describe("between two turns of the event loop", () => {
  it("little is written and read", async () => {
    const path = folder.path("long.wav");
    await assertLittle(() => writeFile(path, long, { ...shape, subtype: "FLOAT" }));
    await assertLittle(async () => assertSame((await readFile(path)).samples, long));
  });

  it("little is read of bytes", async () => {
    const bytes = made({ format: "WAV", subtype: "FLOAT", ...shape }, long);
    await assertLittle(async () => assertSame((await readFile(bytes)).samples, long));
  });

  it("little is moved where memory grows, or is filled", async () => {
    const frames = long.length / 2;
    for (const [total, came, trusted] of [[frames, frames, false], [frames, frames - 1, false], [Infinity, frames]]) {
      await assertLittle(async () => {
        const gathering = new Gathering(requireReading<"float32">({}, 2), Number(total), Boolean(trusted));
        const bytes = new Uint8Array(long.buffer, 0, Number(came) * FRAME_BYTES);
        for (let room = gathering.room(); room && gathering.done < Number(came); room = gathering.room()) {
          const count = Math.min(room.frames, Number(came) - gathering.done, 2 ** 16);
          const part = bytes.subarray(gathering.done * FRAME_BYTES, (gathering.done + count) * FRAME_BYTES);
          set.call(room.bytes, part);
          gathering.advance(count);
        }
        assertSame(await gathering.samplesInTurns(), long.subarray(0, 2 * Number(came)));
      });
    }
    await assertLittle(async () => {
      const gathering = new Gathering(requireReading<"float32">({ fillValue: 0.5 }, 2), frames, true);
      assert.ok(gathering.room());
      gathering.advance(1);
      const samples = await gathering.samplesInTurns();
      assert.equal(samples.length, long.length);
      assert.ok(samples.subarray(0, 2).every((sample) => sample === 0));
      assert.ok(samples.subarray(2).every((sample) => sample === 0.5));
    });
  });
});

describe("a loop that never waits", () => {
  const { now } = performance;
  after(() => Object.assign(performance, { now }));

  it("gives the event loop a turn every few milliseconds", async () => {
    for (const step of [0.001, 0.05, 0.07, 0.3, 0.9, 5]) {
      let time = 1000;
      performance.now = () => time;
      const loopYield = new LoopYield();
      for (let turn = 0; turn < 20; turn++) {
        const begun = time;
        let due: Promise<void> | undefined;
        do time += step; while (!(due = loopYield.due()) && time - begun < 100);
        assert.ok(time - begun <= 2 + step, `steps of ${step} ms: ${time - begun} ms`);
        await due;
      }
    }
  });
});

describe("a Blob", () => {
  const samples = Int16Array.from({ length: 4800 }, (_, i) => i * 5);
  const bytes = made({ format: "WAV", sampleRate: 48000, channels: 1 }, samples);

  it("is read in pieces, unless nobody knows how long it is", async () => {
    class Sized extends Blob {
      override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
        throw new Error("all of it would come at once");
      }
    }
    class Endless extends Blob {
      override get size(): number {
        return Infinity;
      }
    }
    for (const Kind of [Sized, Endless]) {
      assert.deepEqual((await readFile(new Kind([bytes]), { dtype: "int16" })).samples, samples, Kind.name);
    }
  });
});

describe("the end of a file", { skip: process.platform === "linux" ? false : "fills a pipe of 64 KiB" }, () => {
  // The codec has 4095 frames when the file is closed, which the pipe has no room for until it is read.
  const channels = 2;
  const frames = 4 * 4096 - 1;
  const noise = randomSamples("int16", channels * frames, randomFrom(1));
  const expected = made({ format: "FLAC", subtype: "PCM_16", sampleRate: 48000, channels }, noise);

  /** What comes out of a pipe whose reader waits for some turns of the event loop. */
  async function readLate(path: string, write: () => Promise<unknown>): Promise<Uint8Array> {
    const end = openSync(makePipe(path), "r+");
    try {
      const bytes = new Uint8Array(expected.length);
      const written = write();
      for (let turn = 0; turn < 50; turn++) await sleep(1);
      for (let at = 0; at < bytes.length;) {
        at += (await promisify(read)(end, bytes, at, bytes.length - at, null)).bytesRead;
      }
      await written;
      return bytes;
    } finally {
      closeSync(end);
    }
  }

  it("is written while the event loop goes on", async () => {
    assert.ok(expected.length > 65536 && expected.length - 4095 * 4 < 65536 - 256, `${expected.length} bytes`);
    const options = { sampleRate: 48000, channels, subtype: "PCM_16" };
    const bytes = await readLate(folder.path("late.flac"), () => writeFile(folder.path("late.flac"), noise, options));
    assert.deepEqual((await readFile(bytes, { dtype: "int16" })).samples, noise);
  });

  it("is written while the event loop goes on, of a recording", async () => {
    const virtual = { device: "virtual", hostSettings: { hostApi: "virtual", clock: "freewheel" } } as const;
    await using stream = new DuplexStream({ ...virtual, sampleRate: 48000, channels, blockSize: 64, dtype: "int16" });
    const path = folder.path("recorded.flac");
    const bytes = await readLate(path, async () => {
      stream.setSource(noise);
      stream.setSink(path);
      await stream.start({ frames: frames + 64, offset: 64, pad: -1 });
      await stream.wait();
    });
    assert.deepEqual((await readFile(bytes, { dtype: "int16" })).samples, noise);
  });
});
