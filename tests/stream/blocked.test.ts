// From file to file JavaScript does nothing: not one frame differs while its thread is blocked.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { after, before, describe, it } from "node:test";
import { DuplexStream, readFile, SoundFile, writeFile } from "../../mod.ts";
import { clocks, equalSamples, eventually, noise, silence, virtual } from "../helpers/streams.ts";

const PREAMBLE = 4096;
const DELAY = 256;
const FRAMES = 20000;
/** Smaller than the file; in real time a second of it, for a file's thread that is late on a busy machine. */
const BUFFER = 16384;
const rates = { realtime: 16000, freewheel: 48000 } as const;
const subtypes = { int16: "PCM_16", int32: "PCM_32", float32: "FLOAT" } as const;

describe("file to file", () => {
  let folder = "";
  before(() => void (folder = mkdtempSync(joinPath(tmpdir(), "pastream-"))));
  after(() => rmSync(folder, { recursive: true }));

  /** A sound file of a preamble and noise. */
  async function write(dtype: keyof typeof subtypes, frames: number, sampleRate: number) {
    const samples = noise(dtype, 2 * (PREAMBLE + frames), frames);
    samples.fill(dtype === "float32" ? 1 : dtype === "int16" ? 32767 : 2147483647, 0, 2 * PREAMBLE);
    const path = joinPath(folder, `${dtype}-${frames}.wav`);
    await writeFile(path, samples, { sampleRate, channels: 2, subtype: subtypes[dtype] });
    return { path, samples };
  }

  for (const clock of clocks) {
    for (const dtype of Object.keys(subtypes) as (keyof typeof subtypes)[]) {
      it(`gives ${dtype} back bit for bit, ${clock}`, async () => {
        const { path, samples } = await write(dtype, FRAMES, rates[clock]);
        await using stream = DuplexStream.fromFile(path, virtual(clock, { dtype, blockSize: DELAY }));
        const out = joinPath(folder, "out.wav");
        using file = stream.toFile(out, "w+");
        using source = new SoundFile(path);
        await stream.playrec(source, { out: file, pad: DELAY, bufferSize: BUFFER });
        file.seek(0);
        const recorded = file.read(undefined, { dtype });
        equalSamples(recorded.slice(2 * DELAY), samples);
        equalSamples(recorded.slice(0, 2 * DELAY), silence(dtype, 2 * DELAY));
        assert.equal(stream.xruns, 0);
      });
    }
  }

  it("is not disturbed by a thread that is blocked for two seconds", async () => {
    const { path, samples } = await write("int16", 48000 * 4, 48000);
    await using stream = DuplexStream.fromFile(path, virtual("realtime", { dtype: "int16", channels: 2 }));
    const out = joinPath(folder, "blocked.wav");
    const file = stream.toFile(out);
    const recording = stream.playrec(path, { out: file, pad: DELAY });
    await eventually(() => stream.frameCount > 4800);
    const before = stream.frameCount;
    const end = performance.now() + 30_000;
    while (stream.frameCount - before < 96000) assert.ok(performance.now() < end, "nothing goes on");
    await recording;
    file.close();
    const recorded = await readFile(out, { dtype: "int16" });
    assert.equal(recorded.samples.length, samples.length + 2 * DELAY);
    equalSamples(recorded.samples.slice(2 * DELAY), samples);
    assert.equal(stream.xruns, 0);
    assert.deepEqual(stream.glitches, []);
  });
});
