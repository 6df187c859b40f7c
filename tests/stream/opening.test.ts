// Paths that are given to the methods of a stream: the start of a run opens pipes, and nobody else waits for that.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import process from "node:process";
import { native } from "../../ffi/load.ts";
import { DuplexStream, readFile, SoundFileError } from "../../mod.ts";
import { makePipe, noPipes, slowlyRead, slowPipe, writeSlowly } from "../helpers/pipes.ts";
import { made } from "../helpers/sound-bytes.ts";
import { newFolder } from "../helpers/sounds.ts";
import { equalSamples, noise, pause, silence, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const FRAMES = 4800;
const folder = newFolder();
after(folder.remove);
const samples = noise("int16", FRAMES, 3);
const bytes = made({ format: "WAV", sampleRate: 48000, channels: 1 }, samples);
const options = virtual("freewheel", { channels: 1, blockSize: BLOCK, dtype: "int16", sampleRate: 48000 } as const);
/** What comes back: all that was played, and only that. */
const whole = { frames: FRAMES + BLOCK, pad: -1, offset: BLOCK } as const;

let count = 0;
const newPath = (name: string): string => folder.path(`${count++}-${name}`);
const slow = (): string => slowPipe(newPath("pipe"), bytes);
const disk = (): string => {
  const path = newPath("disk.wav");
  writeFileSync(path, bytes);
  return path;
};

describe("a source whose pipe has nothing yet", { skip: noPipes }, () => {
  it("is played by playrec() and play()", async () => {
    await using stream = new DuplexStream(options);
    const recorded = stream.playrec(slow(), whole);
    assert.ok(stream.active);
    equalSamples(await recorded, samples);
    await stream.play(slow());
    assert.equal(stream.frameCount, FRAMES);
  });

  it("is played by setSource() and start(), each time anew", async () => {
    await using stream = new DuplexStream(options);
    const path = makePipe(newPath("pipe"));
    stream.setSource(path);
    for (let i = 0; i < 2; i++) {
      const written = writeSlowly(path, bytes);
      const recorded = new Int16Array(FRAMES);
      stream.setSink(recorded);
      await stream.start(whole);
      await stream.wait();
      equalSamples(recorded, samples);
      await written;
    }
  });

  it("has a run that counts from the start on, not from when the pipe has been opened", async () => {
    await using stream = new DuplexStream(options);
    await stream.playrec(samples, whole);
    const counted = () => [stream.frameCount, stream.heard, stream.queued, stream.callbackStats.count];
    assert.deepEqual(counted().map((count) => count > 0), [true, true, false, true]);
    stream.setSource(makePipe(newPath("pipe")));
    stream.setSink(new Int16Array(FRAMES));
    const start = stream.start(whole);
    assert.ok(stream.active);
    assert.deepEqual(counted(), [0, 0, 0, 0]);
    await pause(20);
    assert.deepEqual(counted(), [0, 0, 0, 0]);
    await stream.abort();
    await start;
    assert.deepEqual(counted(), [0, 0, 0, 0]);
  });

  it("is played by chunks()", async () => {
    await using stream = new DuplexStream(options);
    const { frames, offset } = whole;
    const got: number[] = [];
    for await (const chunk of stream.chunks({ chunkSize: BLOCK, playback: slow(), frames, pad: -1, offset })) {
      got.push(...chunk);
    }
    equalSamples(Int16Array.from(got), samples);
  });

  it("must fit the stream, which is found out then", async () => {
    await using stream = new DuplexStream(virtual("freewheel", { channels: 1, conversion: "never", sampleRate: 8000 }));
    await assert.rejects(stream.play(slow()), { name: "RangeError", message: /the stream's 8000 Hz/ });
    await assert.rejects(stream.play(slow(), { loop: true }), RangeError);
    assert.ok(stream.aborted);
  });
});

describe("a sink whose pipe nobody reads yet", { skip: noPipes }, () => {
  it("gets all that is recorded", async () => {
    await using stream = new DuplexStream(options);
    const out = newPath("pipe.au");
    const read = slowlyRead(out);
    await stream.playrec(samples, { ...whole, out });
    equalSamples((await readFile(await read, { dtype: "int16" })).samples, samples);
  });

  it("stands beside others", async () => {
    await using stream = new DuplexStream(options);
    const path = newPath("pipe.au");
    const read = slowlyRead(path);
    const tap = stream.addSink(path);
    equalSamples(await stream.playrec(samples, whole), samples);
    await tap.remove();
    const { samples: taken } = await readFile(await read, { dtype: "int16" });
    equalSamples(taken.subarray(BLOCK), samples);
  });
});

/** The library's own threads that open files. */
function openers(): number {
  if (process.platform !== "linux") return 0;
  return readdirSync("/proc/self/task").filter((id) => {
    try {
      return /open/.test(readFileSync(`/proc/self/task/${id}/comm`, "utf8"));
    } catch {
      return false; // it has ended meanwhile
    }
  }).length;
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await pause(1);
}

describe("an opening that takes for ever", { skip: noPipes }, () => {
  const ways: readonly [string, (stream: DuplexStream<"int16">, end: AbortController) => Promise<unknown>][] = [
    ["stop()", (stream) => stream.stop()],
    ["abort()", (stream) => stream.abort()],
    ["close()", (stream) => stream.close()],
    ["the signal", (_stream, end) => Promise.resolve(end.abort(new Error("enough")))],
  ];
  for (const [name, end] of ways) {
    it(`is ended by ${name}, and leaves nothing behind`, async () => {
      const handles = native().ps_handle_count();
      for (const isSource of [true, false]) {
        const abort = new AbortController();
        const stream = new DuplexStream({ ...options, signal: abort.signal });
        const path = makePipe(newPath("never.au"));
        const run = isSource ? stream.play(path) : stream.record({ out: path });
        assert.ok(stream.active);
        assert.throws(() => stream.setSource(samples), { code: "active" });
        await pause(20);
        assert.ok(stream.active);
        const [ended] = await Promise.allSettled([run, end(stream, abort)]);
        assert.equal(stream.active, false);
        if (name === "the signal") assert.match(String((ended as PromiseRejectedResult).reason), /enough/);
        else assert.equal(ended.status, "fulfilled");
        await stream.close().catch(() => {});
      }
      await until(() => native().ps_handle_count() === handles && openers() === 0);
    });
  }

  it("lets the stream be used again", async () => {
    await using stream = new DuplexStream(options);
    const run = stream.play(makePipe(newPath("never")), { blocking: false });
    await stream.stop();
    await run;
    equalSamples(await stream.playrec(samples, whole), samples);
  });

  it("ends as well once the header is waited for", async () => {
    await using stream = new DuplexStream(options);
    const path = makePipe(newPath("half"));
    const { open } = await import("node:fs/promises");
    const [run, writer] = [stream.play(path), await open(path, "w")];
    await writer.write(bytes.subarray(0, 20));
    await pause(20);
    await stream.abort();
    await run;
    await until(() => openers() === 0);
    await writer.close();
  });
});

describe("a path on a disk", () => {
  it("makes the stream active at once", async () => {
    await using stream = new DuplexStream(options);
    const played = stream.play(disk());
    assert.ok(stream.active);
    await played;
    const recorded = stream.record({ out: newPath("take.wav"), frames: 100 });
    assert.ok(stream.active);
    await recorded;
  });

  it("determines the length of playrec()", async () => {
    await using stream = new DuplexStream(options);
    equalSamples(await stream.playrec(disk(), { pad: BLOCK, offset: BLOCK }), samples);
    await assert.rejects(stream.playrec(disk(), { offset: FRAMES + 1 }), {
      name: "RangeError",
      message: `offset must not exceed the ${FRAMES} frames of the run, not ${FRAMES + 1}`,
    });
    await assert.rejects(stream.playrec(disk(), { loop: true }), TypeError);
  });

  it("is opened before each run that it is set for", async () => {
    await using stream = new DuplexStream(options);
    const path = disk();
    stream.setSource(path);
    for (let i = 0; i < 2; i++) {
      await stream.start();
      await stream.wait();
      assert.equal(stream.frameCount, FRAMES);
    }
    rmSync(path);
    await assert.rejects(stream.start(), SoundFileError);
    assert.equal(stream.aborted, false);
  });

  it("is an error before the run where it cannot be opened, and no recording is touched", async () => {
    await using stream = new DuplexStream(options);
    const out = disk();
    for (const playback of [newPath("missing.wav"), samples]) {
      const given = playback === samples ? { out, offset: FRAMES + 1 } : { out };
      await assert.rejects(stream.playrec(playback, given), playback === samples ? RangeError : SoundFileError);
      equalSamples((await readFile(out, { dtype: "int16" })).samples, samples);
    }
    await assert.rejects(stream.record({ out: folder.path("no/folder.wav") }), SoundFileError);
    assert.equal(stream.finished, false);
    const path = newPath("unmade.wav");
    const run = stream.playrec(newPath("missing.wav"), { out: path });
    await assert.rejects(run, SoundFileError);
    assert.ok(!existsSync(path));
    equalSamples(await stream.playrec(samples, whole), samples);
    equalSamples(await stream.playrec(silence("int16", 100), { out: new Int16Array(100) }), silence("int16", 100));
  });
});
