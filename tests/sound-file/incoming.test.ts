// Sound files that are decoded while they arrive.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { native } from "../../ffi/load.ts";
import { info, PastreamError, readFile, SoundFile, SoundFileError, writeFile } from "../../mod.ts";
import { cat, made } from "../helpers/sound-bytes.ts";
import { full, newFolder } from "../helpers/sounds.ts";
import { equalSamples, eventually, noise, pause } from "../helpers/streams.ts";
import { collectGarbage } from "../helpers/collect.ts";
import { always, kinds as webKinds, pieces, serveSounds, type SoundServer } from "../helpers/web.ts";

const FRAMES = 20000;
const FRAMES_OF_OGG = 96000; // of several pages
const shape = { sampleRate: 48000, channels: 2 };
/** Tones with noise in them: short enough for lossy codecs, and different at every frame. */
const samples = Float32Array.from(
  noise("int16", 2 * FRAMES_OF_OGG, 5),
  (x, i) => 0.4 * Math.sin((i >> 1) * (0.03 + 0.02 * (i & 1))) + x / 1e6,
);

const kinds = {
  ...webKinds,
  aiff: { format: "AIFF", subtype: "PCM_24" },
  caf: { format: "CAF", subtype: "FLOAT" },
  au: { format: "AU", subtype: "PCM_16" },
  w64: { format: "W64", subtype: "PCM_16" },
};
type Kind = keyof typeof kinds;
const names = Object.keys(kinds) as Kind[];
const framesOf = (name: Kind) => kinds[name].format === "OGG" ? FRAMES_OF_OGG : FRAMES;
const sounds = new Map<string, Uint8Array<ArrayBuffer>>(
  names.map((name) => [name, made({ ...shape, ...kinds[name] }, samples.subarray(0, 2 * framesOf(name)))]),
);
const gathered = (name: Kind) => name === "voc";
const decoded = async (bytes: Uint8Array) => (await readFile(bytes)).samples;

/** Reads to the end; what was read, and the error that ended it. */
async function readUntilError(file: SoundFile): Promise<{ samples: Float32Array<ArrayBuffer>; error: unknown }> {
  const parts: number[] = [];
  for (;;) {
    try {
      const part = await file.readAsync(1000);
      if (part.length === 0) return { samples: Float32Array.from(parts), error: undefined };
      for (const sample of part) parts.push(sample);
    } catch (error) {
      return { samples: Float32Array.from(parts), error };
    }
  }
}

const isSoundFileError = (part: string) => (error: unknown) =>
  error instanceof SoundFileError && error.code === "soundfile" && error.message.includes(part);

describe("SoundFile.fromStream()", () => {
  let server: SoundServer;
  before(async () => server = await serveSounds(sounds, 7));
  after(() => server.close());

  it("decodes each format from a slow server", async () => {
    await Promise.all(names.map(async (name) => {
      const response = await fetch(server.url(name));
      using file = await SoundFile.fromStream(response);
      assert.equal(file.name, server.url(name));
      assert.deepEqual([file.sampleRate, file.channels, file.format], [48000, 2, kinds[name].format]);
      assert.equal(file.frames, gathered(name) ? FRAMES : -1, name);
      assert.equal(file.seekable, gathered(name), name);
      equalSamples(await file.readAsync(), await decoded(sounds.get(name)!), name);
    }));
  });

  it("gives what came before a connection broke, and then the frame, with the body's error as cause", async () => {
    await Promise.all(names.map(async (name) => {
      const whole = await decoded(sounds.get(name)!);
      const response = await fetch(server.url(`${name}?cut`));
      using file = await SoundFile.fromStream(response);
      const { samples, error } = await readUntilError(file);
      equalSamples(samples, whole.slice(0, samples.length), name);
      assert.ok(samples.length > framesOf(name) / 2, `${name}: ${samples.length / 2} frames`);
      assert.ok(isSoundFileError(`${name}?cut: the sound is cut off: it ends at frame ${samples.length / 2}`)(error));
      assert.ok((error as Error).cause instanceof Error);
    }));
  });

  it("gives the body's own error as cause", async () => {
    const error = new RangeError("the tape is torn");
    using file = await SoundFile.fromStream(pieces(sounds.get("flac")!, always(1000), error).stream);
    await assert.rejects(file.readAsync(), (e: unknown) => (e as Error).cause === error);
    const nothing = pieces(new Uint8Array(0), [], error).stream;
    await assert.rejects(SoundFile.fromStream(nothing), (e: unknown) => (e as Error).cause === error);
  });

  it("says where a body ends that has less than its header says", async () => {
    for (const name of ["wav", "flac", "mp3", "aiff", "caf", "au", "w64"] as const) {
      const bytes = sounds.get(name)!;
      using file = await SoundFile.fromStream(new Blob([bytes.subarray(0, bytes.length >> 1)]));
      const { samples, error } = await readUntilError(file);
      assert.ok(samples.length > 0);
      assert.ok(isSoundFileError(`at frame ${samples.length / 2}`)(error), `${name}: ${error}`);
    }
  });

  it("takes pieces of any length", async () => {
    const property = fc.asyncProperty(
      fc.constantFrom(...names),
      fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 4001 })), { maxLength: 200 }),
      async (name, lengths) => {
        const bytes = sounds.get(name)!;
        using file = await SoundFile.fromStream(pieces(bytes, lengths).stream);
        equalSamples(await file.readAsync(), await decoded(bytes), name);
      },
    );
    await fc.assert(property, { numRuns: full ? 300 : 12 });
  });

  it("takes a Blob, a File, a body, an iterable, and samples without a header", async () => {
    const flac = sounds.get("flac")!;
    async function* parts() {
      yield flac.subarray(0, 1);
      yield flac.slice(1).buffer as unknown as Uint8Array;
    }
    const wanted = await decoded(flac);
    // Node ends the body of a fetched response that is garbage, unless the body is being read.
    const response = await fetch(server.url("flac"));
    const sources = [new Blob([flac]), new File([flac], "take.flac"), response.body!, parts()];
    const called = [];
    for (const source of sources) {
      using file = await SoundFile.fromStream(source);
      called.push(file.name);
      equalSamples(await file.readAsync(), wanted);
    }
    assert.deepEqual(called, ["the blob", "take.flac", "the stream", "the stream"]);
    assert.ok(response.bodyUsed); // and so the response was not garbage until here
    const raw = { format: "RAW", subtype: "PCM_16", sampleRate: 8000, channels: 1 };
    using file = await SoundFile.fromStream(new Blob([Int16Array.of(1, 2, 3)]), raw);
    assert.deepEqual([...await file.readAsync(undefined, { dtype: "int16" })], [1, 2, 3]);
  });

  it("asks for no more bytes than there is room for, and for none after close()", async () => {
    const long = made({ format: "WAV", subtype: "PCM_16", ...shape }, new Int16Array(2 * 2 ** 20)); // 4 MiB
    const handles = native().ps_handle_count();
    const { stream, state } = pieces(long, always(4001));
    using file = await SoundFile.fromStream(stream);
    let before = -1;
    while (state.taken > before) { // until it comes to rest
      before = state.taken;
      await pause(50);
    }
    assert.ok(state.taken <= 2 ** 20 + 64 * 1024 + 2 * 4001, `${state.taken} bytes were taken`);
    let most = 0, read = 0;
    while (read < 2 ** 19) {
      read += (await file.readAsync(4096, { dtype: "int16" })).length / 2;
      most = Math.max(most, state.taken - 4 * read);
    }
    assert.ok(most <= 2 ** 20 + 128 * 1024, `${most} bytes were in flight`);
    assert.ok(state.taken > 2 ** 21 - 4096);
    file.close();
    await eventually(() => state.cancelled);
    const taken = state.taken;
    await pause(20);
    assert.equal(state.taken, taken);
    assert.equal(native().ps_handle_count(), handles);
  });

  it(
    "keeps at most 256 MiB of a format that is read as a whole",
    { skip: full ? false : "takes a while" },
    async () => {
      const mebibytes = pieces(new Uint8Array(2 ** 28), always(2 ** 20)).stream;
      const stream = mebibytes.pipeThrough(
        new TransformStream({ start: (controller) => controller.enqueue(sounds.get("voc")!) }),
      );
      await assert.rejects(SoundFile.fromStream(stream), isSoundFileError("at most 256 MiB"));
    },
  );

  it("ends a download that it cannot use", async () => {
    const handles = native().ps_handle_count();
    const m4a = cat("\0\0\0\x20ftypM4A ", new Uint8Array(2 ** 22));
    const { stream, state } = pieces(m4a, always(4001));
    await assert.rejects(
      SoundFile.fromStream(stream),
      isSoundFileError("MP4 (m4a, AAC or ALAC in MP4) is not supported"),
    );
    assert.ok(state.cancelled && state.taken < 2 ** 21);
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(0), "there are no bytes"],
      [cat("<!DOCTYPE html><html>not found"), "web page"],
      [cat("RIFF\x10\0\0\0WAVE"), ""],
      [noise("uint8", 5000), ""],
    ];
    for (const [bytes, part] of cases) {
      await assert.rejects(SoundFile.fromStream(new Blob([bytes as Uint8Array<ArrayBuffer>])), isSoundFileError(part));
    }
    await assert.rejects(SoundFile.fromStream(new Response(null)), isSoundFileError("there are no bytes"));
    assert.equal(native().ps_handle_count(), handles);
  });

  it("refuses responses that are errors or were read, and what brings no bytes", async () => {
    await assert.rejects(SoundFile.fromStream(await fetch(server.url("none"))), isSoundFileError("404"));
    await assert.rejects(SoundFile.fromStream(new Response("x", { status: 503 })), isSoundFileError("503"));
    const read = await fetch(server.url("flac"));
    await read.arrayBuffer();
    await assert.rejects(SoundFile.fromStream(read), TypeError);
    await assert.rejects(SoundFile.fromStream(42 as unknown as Blob), TypeError);
    await assert.rejects(SoundFile.fromStream([1, 2] as unknown as AsyncIterable<Uint8Array>), (error: unknown) => {
      return (error as Error).cause instanceof TypeError;
    });
    await assert.rejects(
      SoundFile.fromStream(new Blob([sounds.get("wav")!]), { sampleRate: 8000 }),
      { name: "RangeError" },
    );
    await assert.rejects(
      SoundFile.fromStream(new Blob([sounds.get("wav")!]), { samplerate: 8000 } as object),
      { name: "TypeError" },
    );
  });

  it("ends the download of a file that was dropped", async () => {
    const handles = native().ps_handle_count();
    const long = pieces(new Uint8Array(made({ format: "WAV", ...shape }, new Int16Array(2 ** 21))), always(4001));
    const open = async () => (await SoundFile.fromStream(long.stream)).channels;
    assert.equal(await open(), 2);
    while (!long.state.cancelled) await collectGarbage();
    assert.equal(native().ps_handle_count(), handles);
  });

  it("does not wait in a call that would keep its bytes from coming", async () => {
    using file = await SoundFile.fromStream(await fetch(server.url("wav?stall")));
    assert.throws(() => file.read(1), (error: unknown) => error instanceof PastreamError && error.code === "busy");
    assert.equal((await file.readAsync(100)).length, 200);
    const waiting = file.readAsync(); // for ever
    waiting.catch(() => {});
    await pause(20);
    assert.throws(() => file.close(), (error: unknown) => error instanceof PastreamError && error.code === "busy");
    server.close();
    await assert.rejects(waiting, isSoundFileError("cut off"));
    using blob = await SoundFile.fromStream(new Blob([sounds.get("wav")!.subarray(0, 44 + 4000)]));
    await blob.readAsync(10); // by then all has come
    while (true) {
      try {
        assert.equal(blob.read(100).length, 200);
        break;
      } catch (error) {
        assert.equal((error as PastreamError).code, "busy");
        await pause(1);
      }
    }
  });
});

describe("sound files in memory and on the web", () => {
  it("are read from an ArrayBuffer, and by readFile() from all that arrives", async () => {
    const flac = sounds.get("flac")!;
    const wanted = await decoded(flac);
    using file = new SoundFile(flac.slice().buffer);
    equalSamples(file.read(), wanted);
    assert.equal(info(flac.slice().buffer).frames, FRAMES);
    const sources = [flac.slice().buffer, new Response(flac), new Blob([flac]), new Response(flac).body!];
    for (const source of sources) equalSamples((await readFile(source)).samples, wanted);
    const shared = new SharedArrayBuffer(flac.length);
    new Uint8Array(shared).set(flac);
    using other = new SoundFile(new Uint8Array(shared));
    equalSamples(other.read(), wanted);
  });

  it("are fetched by fetch(), which the error for an address shows", async () => {
    const folder = newFolder();
    const path = folder.path("a.wav");
    await writeFile(path, new Float32Array(10), { sampleRate: 8000, channels: 1 });
    for (const address of ["https://example.org/a.wav", new URL("HTTP://example.org/a.wav")]) {
      const line = `await SoundFile.fromStream(await fetch("${String(address)}"))`;
      assert.throws(() => new SoundFile(address), (e: Error) => e instanceof TypeError && e.message.includes(line));
      await assert.rejects(readFile(address), TypeError);
    }
    for (const url of [pathToFileURL(path), pathToFileURL(path).href]) assert.equal(info(url).frames, 10);
    folder.remove();
  });
});
