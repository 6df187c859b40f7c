// Sinks that are given by a path or a URL: the stream makes the file at a start, and closes it after the run.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { native } from "../../ffi/load.ts";
import { DuplexStream, readFile, SoundFile, SoundFileError } from "../../mod.ts";
import { noise, virtual } from "../helpers/streams.ts";

const BLOCK = 64;
const folder = mkdtempSync(join(tmpdir(), "pastream-"));
after(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);
const options = virtual("freewheel", { blockSize: BLOCK, channels: 2, dtype: "int16", sampleRate: 44100 });
const played = noise("int16", 2 * 5000, 7);

/** Plays into the sinks that are set, and records to the end of what comes back. */
async function playAll(stream: DuplexStream<"int16">): Promise<void> {
  stream.setSource(played);
  await stream.start({ pad: BLOCK, offset: BLOCK });
  await stream.wait();
}

async function assertPlayed(name: string): Promise<void> {
  const { samples, sampleRate, channels } = await readFile(path(name), { dtype: "int16" });
  assert.deepEqual([samples, sampleRate, channels], [played, 44100, 2]);
}

describe("a path as a sink", () => {
  it("is a file with the stream's rate, channels and samples, closed after the run", async () => {
    const stream = new DuplexStream(options);
    const before = native().ps_handle_count();
    const out = path("take.wav");
    const result = await stream.playrec(played, { out, pad: BLOCK, offset: BLOCK });
    assert.equal(result, out);
    await assertPlayed("take.wav");
    using file = new SoundFile(out);
    assert.deepEqual([file.format, file.subtype], ["WAV", "PCM_16"]);
    file.close();
    await stream.close();
    assert.ok(native().ps_handle_count() < before);
  });

  it("is made anew at each start, not before", async () => {
    const stream = new DuplexStream(options);
    stream.setSink(pathToFileURL(path("again.flac")));
    assert.ok(!existsSync(path("again.flac")));
    for (let i = 0; i < 2; i++) {
      await playAll(stream);
      await assertPlayed("again.flac");
    }
    await stream.close();
  });

  it("stands beside others, with a rate and channels of its own", async () => {
    const stream = new DuplexStream(options);
    stream.setSink(path("whole.wav"));
    const tap = stream.addSink(path("speech.wav"), { sampleRate: 16000, channels: 1 });
    await playAll(stream);
    await tap.remove();
    await assertPlayed("whole.wav");
    const { samples, sampleRate, channels } = await readFile(path("speech.wav"));
    assert.deepEqual([samples.length, sampleRate, channels], [Math.round((5000 + BLOCK) * 16000 / 44100), 16000, 1]);
    await stream.close();
  });

  it("may be followed by the next file", async () => {
    const stream = new DuplexStream(options);
    stream.setSink(path("first.wav"));
    stream.setSource(played, { loop: true });
    await stream.start();
    using next = stream.toFile(path("next.wav"));
    const frames = await stream.nextFile(next);
    await stream.stop();
    await stream.close();
    assert.equal((await readFile(path("first.wav"))).samples.length, 2 * frames);
  });

  it("that cannot be made is an error, and the stream can go on", async () => {
    const stream = new DuplexStream(options);
    for (
      const [sink, message] of [
        ["https://example.com/a.wav", /not the web address/],
        [path("nameless"), /a name that says its format/],
        [5, /a sink must be samples/],
      ] as const
    ) {
      assert.throws(() => stream.setSink(sink as string), { name: "TypeError", message });
    }
    stream.setSink(path("missing/take.wav"));
    await assert.rejects(stream.start({ frames: 10 }), SoundFileError);
    stream.setSink(path("after.wav"));
    await playAll(stream);
    await assertPlayed("after.wav");
    await stream.close();
  });
});
