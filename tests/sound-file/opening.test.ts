// Opening files off the JavaScript thread: the event loop goes on while whoever writes into a pipe takes its time.
import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { setImmediate } from "node:timers";
import { native } from "../../ffi/load.ts";
import { play, playrec, readFile, SoundFile, SoundFileError, writeFile } from "../../mod.ts";
import { makePipe, noPipes, slowPipe } from "../helpers/pipes.ts";
import { made } from "../helpers/sound-bytes.ts";
import { newFolder } from "../helpers/sounds.ts";

const folder = newFolder();
after(folder.remove);

const shape = { sampleRate: 48000, channels: 1 };
const samples = Int16Array.from({ length: 4800 }, (_, i) => i * 5);
const bytes = made({ format: "WAV", ...shape }, samples);

let pipes = 0;
const slow = (): string => slowPipe(folder.path(`pipe${pipes++}`), bytes);

describe("SoundFile.open()", () => {
  it("opens what the constructor opens", async () => {
    const path = folder.path("as.wav");
    {
      using file = await SoundFile.open(path, "w", { ...shape, subtype: "PCM_16" });
      assert.deepEqual([file.mode, file.format, file.subtype, file.frames], ["w", "WAV", "PCM_16", 0]);
      file.write(samples);
    }
    using file = await SoundFile.open(path);
    assert.deepEqual([file.mode, file.name, file.frames, file.sampleRate, file.channels], ["r", path, 4800, 48000, 1]);
    assert.deepEqual(file.read(-1, { dtype: "int16" }), samples);
    using inMemory = await SoundFile.open(bytes);
    assert.deepEqual(inMemory.read(-1, { dtype: "int16" }), samples);
  });

  const notShared = process.platform === "win32" ? "a runtime's descriptors are its own" : false;
  it("opens a descriptor, which stays open", { skip: notShared }, async () => {
    const descriptor = openSync(folder.path("as.wav"), "r");
    {
      using file = await SoundFile.open(descriptor);
      assert.equal(file.name, `descriptor ${descriptor}`);
      assert.deepEqual(file.read(-1, { dtype: "int16" }), samples);
    }
    closeSync(descriptor);
  });

  it("rejects with what the constructor throws", async () => {
    writeFileSync(folder.path("text.wav"), "this is no sound file at all");
    const cases: Parameters<typeof SoundFile.open>[] = [
      [folder.path("missing.wav")],
      [folder.path("text.wav")],
      [folder.path("new.wav"), "w"],
      [folder.path("as.wav"), "x", shape],
      [folder.path("as.wav"), "r", { channels: 2 }],
      [folder.path("as.wav"), "q" as "r"],
      ["https://example.org/a.mp3"],
      [-1],
      [987654],
    ];
    for (const [file, mode, options] of cases) {
      const { name, message, cause } = thrown(() => new SoundFile(file, mode, options));
      await assert.rejects(SoundFile.open(file, mode, options), (error: Error) => {
        assert.deepEqual([error.name, error.message], [name, message]);
        assert.equal((error.cause as { code?: string })?.code, (cause as { code?: string })?.code);
        return true;
      });
    }
  });
});

function thrown(call: () => SoundFile): Error {
  try {
    call().close();
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("a pipe that has nothing yet", { skip: noPipes }, () => {
  const signal = (): AbortSignal => AbortSignal.timeout(50);

  it("keeps nobody waiting but readFile()", async () => {
    const { samples: read } = await readFile(slow(), { dtype: "int16" });
    assert.deepEqual(read, samples);
  });

  it("keeps nobody waiting but SoundFile.open()", async () => {
    using file = await SoundFile.open(slow());
    assert.deepEqual(await file.readAsync(-1, { dtype: "int16" }), samples);
  });

  it("keeps nobody waiting but SoundFile.open(), also by its descriptor", async () => {
    const path = slow();
    const descriptor = openSync(path, "r+"); // which does not wait for the other end, and has no end itself
    using file = await SoundFile.open(descriptor);
    assert.deepEqual(await file.readAsync(samples.length, { dtype: "int16" }), samples);
    file.close();
    closeSync(descriptor);
  });

  it("keeps nobody waiting but playrec() and play()", async () => {
    const virtual = { device: "virtual", hostSettings: { hostApi: "virtual", clock: "freewheel" } } as const;
    const options = { ...virtual, channels: 1, blockSize: 64, dtype: "int16", frames: 4864, offset: 64 } as const;
    assert.deepEqual(await playrec(slow(), { ...options, pad: -1 }), samples);
    await play(slow(), virtual);
  });

  it("is given up when a signal fires", async () => {
    const path = makePipe(folder.path("never"));
    await assert.rejects(play(path, { device: "virtual", signal: signal() }), { name: "TimeoutError" });
  });
});

describe("bytes of a long file", () => {
  const long = new Int16Array(2 ** 20).map((_, i) => i);
  const longBytes = made({ format: "WAV", ...shape }, long);

  /** How many turns the event loop has had when a promise settles. */
  async function turnsOf(work: Promise<unknown>): Promise<number> {
    let turns = 0;
    let on = true;
    const tick = () => {
      turns++;
      if (on) setImmediate(tick);
    };
    setImmediate(tick);
    await work.finally(() => on = false);
    return turns;
  }

  it("are opened while the event loop has its turns", async () => {
    assert.ok(longBytes.length > 2 ** 21);
    assert.ok(await turnsOf(SoundFile.open(longBytes).then((file) => file.close())) > 1);
    const { samples: read } = await readFile(longBytes, { dtype: "int16" });
    assert.deepEqual(read, long);
    using file = await SoundFile.fromStream(new Blob([longBytes]));
    assert.deepEqual(await file.readAsync(-1, { dtype: "int16" }), long);
  });

  it("must not be transferred meanwhile", async () => {
    const handles = native().ps_handle_count();
    const bytes = longBytes.slice();
    const opened = SoundFile.open(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    await assert.rejects(opened, { name: "TypeError", message: /must not be transferred/ });
    await assert.rejects(SoundFile.open(longBytes.subarray(0, 20)), SoundFileError);
    await assert.rejects(SoundFile.open(longBytes.subarray(0, 0)), SoundFileError);
    assert.equal(native().ps_handle_count(), handles);
  });
});

describe("a file that is written", () => {
  it("is refused before it is touched", async () => {
    const path = folder.path("kept.wav");
    writeFileSync(path, bytes);
    await assert.rejects(writeFile(path, samples, { ...shape, subtype: "no such" }), RangeError);
    await assert.rejects(writeFile(folder.path("no/folder.wav"), samples, shape), SoundFileError);
    assert.deepEqual((await readFile(path, { dtype: "int16" })).samples, samples);
  });
});
