// Encoded bytes as a source: they are decoded wherever a source is taken, and never heard as they are.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { native } from "../../ffi/load.ts";
import { chunks, DuplexStream, OutputStream, play, playrec, readFile, SoundFile, SoundFileError } from "../../mod.ts";
import type { Source, SourceOptions } from "../../mod.ts";
import { cat, made } from "../helpers/sound-bytes.ts";
import { runTs } from "../helpers/runtime.ts";
import { equalSamples, full, join, noise, pause, virtual } from "../helpers/streams.ts";
import { always, kinds, pieces, serveSounds, type SoundServer } from "../helpers/web.ts";

const BLOCK = 64;
const FRAMES = 20000;
const shape = { sampleRate: 48000, channels: 2 };
const names = Object.keys(kinds) as (keyof typeof kinds)[];
const tones = Float32Array.from({ length: 2 * FRAMES }, (_, i) => 0.4 * Math.sin((i >> 1) * (0.03 + 0.02 * (i & 1))));
const sounds = new Map<string, Uint8Array<ArrayBuffer>>(
  names.map((name) => [name, made({ ...shape, ...kinds[name] }, tones)]),
);
sounds.set("m4a", cat("\0\0\0\x20ftypM4A ", noise("uint8", 5000)));
const flac = sounds.get("flac")!;
const decoded = async (name: string) => (await readFile(sounds.get(name)!)).samples;
const options = virtual("freewheel", { channels: 2, sampleRate: 48000, blockSize: BLOCK });

/** What a source sounds like to its last frame, and the error that ended it. */
async function heard(source: Source<"float32">, given?: SourceOptions) {
  await using stream = new DuplexStream(options);
  const parts: Float32Array<ArrayBuffer>[] = [];
  const tap = stream.addSink(
    new WritableStream({ write: (part) => void parts.push(part as Float32Array<ArrayBuffer>) }),
  );
  stream.setSource(source, given);
  let error: unknown;
  try {
    await stream.start({ pad: BLOCK });
    await stream.wait();
  } catch (thrown) {
    error = thrown;
  }
  await tap.remove();
  const samples = parts.length ? join(...parts).slice(2 * BLOCK) : new Float32Array(0);
  return { samples, error, played: stream.frameCount };
}

const isSoundFileError = (part: string) => (error: unknown) =>
  error instanceof SoundFileError && error.message.includes(part);

describe("encoded bytes as a source", () => {
  let server: SoundServer;
  before(async () => server = await serveSounds(sounds, 3));
  after(() => server.close());

  it("that arrive tell their conversion, until something else is played", async () => {
    await using stream = await OutputStream.open({ ...options, sampleRate: 44100 });
    await stream.play(await fetch(server.url("flac")));
    assert.match(String(stream), /; source 48000 -> 44100 Hz/);
    assert.deepEqual(stream.conversions.map(({ what, from }) => [what, from.sampleRate]), [["source", 48000]]);
    await stream.play(new Float32Array(2 * BLOCK));
    assert.deepEqual(stream.conversions, []);
  });

  it("are decoded while a slow server sends them", async () => {
    await Promise.all(names.map(async (name) => {
      const { samples, error } = await heard(await fetch(server.url(name)));
      assert.equal(error, undefined);
      equalSamples(samples, await decoded(name), name);
    }));
  });

  it("are heard up to where a connection breaks, and then the error names the frame", async () => {
    for (const name of ["wav", "flac", "mp3", "aiff", "caf"]) {
      const whole = await decoded(name);
      const { samples, error } = await heard(await fetch(server.url(`${name}?cut`)));
      assert.ok(isSoundFileError(`${name}?cut: the sound is cut off: it ends at frame `)(error), `${error}`);
      assert.ok((error as Error).cause instanceof Error);
      const frame = Number(/\d+$/.exec((error as Error).message)![0]);
      assert.ok(frame > FRAMES / 4, `${name}: ${frame} frames`);
      assert.ok(samples.length >= 2 * (frame - BLOCK)); // the last block is on its way in the loopback
      equalSamples(samples, whole.slice(0, samples.length), name);
    }
  });

  it("are recognized in memory of any type", async () => {
    const { buffer } = new Uint8Array([0, ...flac, 0]);
    const views = [
      flac,
      flac.slice().buffer,
      new Uint8Array(buffer, 1, flac.length),
      new DataView(buffer, 1, flac.length),
    ];
    const whole = await decoded("flac");
    for (const view of views) equalSamples((await heard(view)).samples, whole);
    for (const name of names) equalSamples((await heard(sounds.get(name)!)).samples, await decoded(name), name);
    await using stream = new DuplexStream(options);
    equalSamples(await stream.playrec(flac, { pad: BLOCK, offset: BLOCK }), whole); // its length is known
    stream.setSource(flac);
    for (let i = 0; i < 2; i++) { // from its beginning each time
      await stream.start();
      await stream.wait();
      assert.equal(stream.frameCount, FRAMES);
    }
    const looped = await stream.playrec(flac, { frames: FRAMES + 1000 + BLOCK, offset: BLOCK, loop: true });
    equalSamples(looped, join(whole, whole.slice(0, 2000)));
  });

  it("are recognized in pieces of any length, of each kind of source", async () => {
    const kinds = {
      array: (parts: Uint8Array[]) => parts,
      generator: function* (parts: Uint8Array[]) {
        yield* parts;
      },
      "async generator": async function* (parts: Uint8Array[]) {
        yield* parts;
      },
      "generator function": (parts: Uint8Array[]) =>
        function* () {
          yield* parts;
        },
      stream: (parts: Uint8Array[]) =>
        pieces(new Uint8Array(Buffer.concat(parts)), parts.map(({ length }) => length)).stream,
      blob: (parts: Uint8Array[]) => new Blob(parts as Uint8Array<ArrayBuffer>[]),
    };
    const property = fc.asyncProperty(
      fc.constantFrom(...Object.keys(kinds) as (keyof typeof kinds)[]),
      fc.constantFrom(...names),
      fc.array(fc.integer({ min: 0, max: 4001 }), { maxLength: 100 }),
      async (kind, name, lengths) => {
        const bytes = sounds.get(name)!;
        const parts: Uint8Array[] = [];
        let at = 0;
        for (const length of lengths) parts.push(bytes.slice(at, at += length));
        parts.push(bytes.slice(at));
        const { samples, error } = await heard(kinds[kind](parts) as Source<"float32">);
        assert.equal(error, undefined);
        equalSamples(samples, await decoded(name), `${name} from ${kind}`);
      },
    );
    await fc.assert(property, { numRuns: full ? 500 : 25 });
  });

  it("are played in one call, and bring rate and channels", async () => {
    const mono = made({ format: "FLAC", sampleRate: 44100, channels: 1 }, tones.subarray(0, 10000));
    const whole = (await readFile(mono)).samples;
    async function* parts() {
      yield mono.subarray(0, 1);
      yield mono.subarray(1);
    }
    const sources = (): Source<"float32">[] => [
      mono,
      mono.slice().buffer,
      new Blob([mono]),
      new Response(mono),
      new Response(mono).body!,
      parts(),
      [mono.subarray(0, 100), mono.subarray(100)],
    ];
    const device = virtual("freewheel", { blockSize: BLOCK, channels: [1, undefined] as const });
    for (const source of sources()) {
      const frames = source === mono || source instanceof ArrayBuffer ? undefined : 10000;
      const recorded = await playrec(source, { ...device, frames, pad: BLOCK, offset: BLOCK });
      equalSamples(recorded, whole);
    }
    for (const source of sources()) await play(source, virtual("freewheel"));
    for (const source of sources()) {
      const all = [];
      for await (const chunk of chunks({ ...device, playback: source, pad: BLOCK, offset: BLOCK, chunkSize: 1000 })) {
        all.push(chunk.slice());
      }
      equalSamples(join(...all), whole);
    }
  });

  it("have a rate and channels of their own, which are converted", async () => {
    const mono = made({ format: "FLAC", sampleRate: 24000, channels: 1 }, tones.subarray(0, 5000));
    await using stream = new DuplexStream(options);
    const wanted = await stream.playrec(mono, { pad: BLOCK, offset: BLOCK }); // its length is known
    assert.equal(wanted.length, 2 * 10000);
    for (const source of [new Response(mono), new Blob([mono]), [mono.subarray(0, 9), mono.subarray(9)]]) {
      const { samples, error } = await heard(source as Source<"float32">);
      assert.equal(error, undefined);
      equalSamples(samples, wanted);
    }
    await using strict = new OutputStream({ ...options, conversion: "never" });
    await assert.rejects(strict.play(new Blob([mono])), RangeError);
  });

  it("are samples with raw: true", async () => {
    const bytes = flac.subarray(0, flac.length & ~3);
    const raw = { raw: true };
    for (const source of [bytes, [bytes], new Blob([bytes]), new Response(bytes), new Response(bytes).body!]) {
      await using stream = new DuplexStream({ ...options, dtype: "int16" as const });
      const frames = bytes.length / 4;
      const recorded = await stream.playrec(source as Source<"int16">, { frames, pad: BLOCK, offset: BLOCK, ...raw });
      assert.deepEqual(new Uint8Array(recorded.buffer), bytes.slice());
    }
    await play(bytes.slice(), { ...options, dtype: "int16", ...raw });
    await assert.rejects(play(bytes, { ...options, raw: 1 as unknown as boolean }), TypeError);
  });

  it("leave samples alone that only look alike", async () => {
    // An int16 of -1 is FF FF, as MPEG frames begin; and these come one byte at a time.
    const almost = [Uint8Array.of(0xff), Uint8Array.of(0xfb, 0x90, 0), new Uint8Array(396), cat("RI", "F")];
    const bytes = join(...almost, new Uint8Array(1));
    await using stream = new DuplexStream({ ...options, dtype: "int16" as const });
    const recorded = await stream.playrec(almost.concat(new Uint8Array(1)) as Source<"int16">, {
      frames: bytes.length / 4,
      pad: BLOCK,
      offset: BLOCK,
    });
    assert.deepEqual(new Uint8Array(recorded.buffer), bytes);
    for (const source of [Float32Array.of(...new Float32Array(cat("RIFF\0\0\0\0").buffer)), new Int16Array(8)]) {
      await using other = new OutputStream({ ...options, dtype: source instanceof Int16Array ? "int16" : "float32" });
      await other.play(source as Float32Array<ArrayBuffer>);
      await other.play([source as Float32Array<ArrayBuffer>]);
    }
    const empty = await heard(new Response("").body!);
    assert.deepEqual([empty.error, empty.played], [undefined, BLOCK]);
  });

  it("that no codec reads are an error, and silent", async () => {
    const m4a = sounds.get("m4a")!;
    await using stream = new OutputStream(options);
    assert.throws(() => stream.setSource(m4a), isSoundFileError("MP4"));
    for (const source of [[m4a], new Blob([m4a]), await fetch(server.url("m4a")), new Response(m4a).body!]) {
      const { samples, error } = await heard(source as Source<"float32">);
      assert.ok(isSoundFileError("MP4")(error), `${error}`);
      assert.ok(samples.every((sample) => sample === 0));
    }
    await assert.rejects(play(new Blob([m4a]), options), isSoundFileError("MP4"));
    for (const nothing of [new Blob([]), new Blob([noise("uint8", 1000)]), new Response("<html>")]) {
      assert.ok((await heard(nothing)).error instanceof SoundFileError);
      await assert.rejects(play(nothing instanceof Blob ? nothing : new Response("<html>"), options), SoundFileError);
    }
  });

  it("are refused before the start where that is known", async () => {
    await using stream = new OutputStream(options);
    const missing = await fetch(server.url("none"));
    await assert.rejects(stream.play(missing), isSoundFileError("404"));
    await assert.rejects(play(new Response("", { status: 500 })), isSoundFileError("500"));
    const response = new Response(flac);
    assert.throws(() => stream.setSource(response, { loop: true }), TypeError);
    await stream.play(response);
    await assert.rejects(stream.play(response), TypeError);
    const address = "http://example.org/a.mp3";
    for (const source of [address, new URL(address)]) {
      const line = (error: Error) =>
        error instanceof TypeError && error.message.includes(`await play(await fetch("${address}"))`);
      assert.throws(() => stream.setSource(source), line);
      await assert.rejects(play(source), line);
      await assert.rejects(stream.play(source), line);
    }
    const blob = new Blob([flac]); // a Blob can be read again
    for (let i = 0; i < 2; i++) await stream.play(blob);
    const lower = made({ format: "WAV", sampleRate: 8000, channels: 2 }, tones);
    const file = await SoundFile.fromStream(new Blob([lower]));
    file.close();
    assert.throws(() => stream.setSource(file), { code: "closed" });
  });

  it("need the header before the start, which a start without prebuffer does not wait for", async () => {
    await using stream = new OutputStream(options);
    stream.setSource((async function* () {
      await pause(20);
      yield flac;
    })());
    await stream.start({ prebuffer: false });
    await assert.rejects(stream.wait(), { name: "TypeError" });
    stream.setSource(new Response(flac));
    await stream.start({ prebuffer: false });
    await stream.wait();
    assert.equal(stream.frameCount, FRAMES);
  });

  it("come no more when the stream is stopped, aborted, drained, closed, or its signal fires", async () => {
    const handles = native().ps_handle_count();
    for (const how of ["stop", "abort", "close", "drain", "signal"] as const) {
      for (const when of ["header", "sound"]) {
        const control = new AbortController();
        const stream = new OutputStream(virtual("realtime", { ...shape, signal: control.signal }));
        const { stream: body, state } = pieces(
          made({ ...shape, format: "WAV" }, new Int16Array(2 * 2 ** 20)),
          always(10000),
        );
        const { readable, writable } = new TransformStream<Uint8Array>();
        const writer = writable.getWriter(); // sends nothing: the header is waited for
        const rejected = writer.closed.then(() => {}, () => {});
        const playing = stream.play(when === "sound" ? body : readable);
        playing.catch(() => {});
        if (when === "sound") { while (stream.frameCount < 1000) await pause(1); }
        else await pause(5);
        if (how === "signal") control.abort(new Error("enough"));
        else await stream[how]();
        if (how === "signal") await assert.rejects(playing, /enough/);
        else if (when === "sound" && how !== "close") await playing;
        if (when === "sound") {
          while (!state.cancelled) await pause(1);
          assert.ok(state.taken < 2 ** 20 + 2 ** 20);
        } else {
          await rejected;
        }
        await stream.close().catch(() => {});
      }
    }
    assert.equal(native().ps_handle_count(), handles);

    while ([...server.sent.values()].some(({ open }) => open)) await pause(1);
    const stream = new OutputStream(virtual("realtime", shape));
    await stream.play(await fetch(server.url("wav?stall")), { blocking: false });
    assert.equal(server.sent.get("/wav?stall")!.open, true);
    await stream.close();
    while (server.sent.get("/wav?stall")!.open) await pause(1);
  });

  it("are played in a worker, and leave no process hanging", async () => {
    const program = new URL("../programs/play-web.ts", import.meta.url);
    const { code, stdout, stderr } = await runTs(program, { args: [server.url("wav")] });
    assert.deepEqual([code, stdout.trim().split("\n"), stderr], [0, [`worker ${FRAMES}`, `main ${FRAMES}`], ""]);
  });
});
