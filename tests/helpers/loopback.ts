// What the original was tested for, on any device that plays into its own input: the delay may be any.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import {
  BufferEmptyError,
  DuplexStream,
  InputStream,
  OutputStream,
  readFile,
  RingBuffer,
  type SamplesOf,
  SoundFile,
  type Stream,
  type StreamOptions,
  type TaskContext,
  writeFile,
} from "../../mod.ts";
import { runTs } from "./runtime.ts";
import { equalSamples, noise, pause } from "./streams.ts";

const stdinToStdout = new URL("../programs/stdin-to-stdout.ts", import.meta.url);

type LoopDtype = "int32" | "float32";

/** Where it is tested. */
export interface Place {
  readonly options: StreamOptions;
  readonly dtype: LoopDtype;
  readonly channels: number;
  /** How long things take, in frames. */
  readonly frames: number;
}

const open = ({ options, dtype, channels }: Place): DuplexStream<LoopDtype> =>
  new DuplexStream<LoopDtype>({ ...options, dtype, channels } as StreamOptions<LoopDtype>);

const ringOf = ({ channels }: Place, size: number) => new RingBuffer(4 * channels, size);

type Loop = SamplesOf<LoopDtype>;

/** Where in `played` a recording is that begins with `first`; noise is nowhere twice. */
function positionOf(first: Loop, played: Loop, channels: number): number {
  for (let at = 0; at < played.length; at += channels) {
    if (played[at] === first[0] && first.every((sample, i) => sample === (played[at + i] ?? 0))) return at;
  }
  return -1;
}

/**
 * That a recording is a part of what was played, with nothing but silence before and after it. Returns how many of its
 * frames were heard.
 */
function hears(recorded: Loop, played: Loop, channels: number): number {
  const start = recorded.findIndex((sample) => sample !== 0);
  if (start < 0) return 0;
  assert.equal(start % channels, 0, `it begins at sample ${start}`);
  const heard = recorded.slice(start) as Loop;
  const at = positionOf(heard.slice(0, 16 * channels) as Loop, played, channels);
  assert.ok(at >= 0, "what is heard was not played");
  const expected = heard.slice().fill(0) as Loop;
  expected.set(played.subarray(at, at + heard.length));
  equalSamples(heard, expected);
  return Math.min(heard.length, played.length - at) / channels;
}

/** Plays a random signal from a function, and compares what chunks() give with it. */
async function looper(place: Place, mapping?: "tx" | "rx", out?: Uint8Array): Promise<void> {
  const { dtype, channels, frames } = place;
  await using stream = open(place);
  const map = Array.from({ length: channels }, (_, i) => (i + 1) % channels + 1);
  if (mapping === "tx") stream.txMapping = map;
  if (mapping === "rx") stream.rxMapping = map;
  const signal = noise(dtype, (frames + 3 * stream.sampleRate) * channels, frames) as Loop;
  const expected = mapping ? signal.map((_, i) => signal[i - i % channels + map[i % channels] - 1]) as Loop : signal;
  stream.setSource(async (_: Stream, ring: RingBuffer, { signal: end }: TaskContext) => {
    for (let at = 0; !end.aborted && at < signal.length; await pause(2)) {
      at += ring.write(signal.subarray(at, at + ring.writeAvailable * channels)) * channels;
    }
  });
  let compared = -1;
  for await (const chunk of stream.chunks({ chunkSize: 1024, out })) {
    const Samples = signal.constructor as Float32ArrayConstructor;
    const samples = new Samples(chunk.buffer, chunk.byteOffset, chunk.byteLength / 4) as Loop;
    const start = compared >= 0 ? 0 : samples.findIndex((sample) => sample !== 0);
    if (start < 0) continue;
    compared = Math.max(compared, 0);
    const heard = samples.slice(start) as Loop;
    equalSamples(heard, expected.slice(compared, compared + heard.length), `samples from ${compared} on`);
    compared += heard.length;
    if (compared >= frames * channels) break;
  }
  assert.ok(compared >= frames * channels, `${compared} samples compared`);
  assert.equal(stream.finished, true);
}

/** Runs something in a folder of its own. */
async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(joinPath(tmpdir(), "pastream-"));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Each proves one behaviour. */
export const behaviours: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  "chunks of a function's signal": (place) => looper(place),

  "chunks into memory of the caller's": (place) => looper(place, undefined, new Uint8Array(1024 * 4 * place.channels)),

  "a permuted txMapping": (place) => looper(place, "tx"),

  "a permuted rxMapping": (place) => looper(place, "rx"),

  "a file to a file": (place) =>
    inFolder(async (folder) => {
      const { dtype, channels, frames } = place;
      const [from, to] = [joinPath(folder, "from.wav"), joinPath(folder, "to.wav")];
      const played = noise(dtype, frames * channels) as Loop;
      const subtype = dtype === "float32" ? "FLOAT" : "PCM_32";
      await writeFile(from, played, { sampleRate: 48000, channels, subtype });
      await using stream = DuplexStream.fromFile(
        from,
        { ...place.options, dtype, channels } as StreamOptions<LoopDtype>,
      );
      using file = stream.toFile(to);
      await stream.playrec(from, { out: file, pad: 8192 });
      file.close();
      const recorded = await readFile(to, { dtype });
      assert.equal(recorded.samples.length, (frames + 8192) * channels);
      assert.equal(hears(recorded.samples as Loop, played, channels), frames);
    }),

  "standard input to standard output": async ({ options, dtype, channels, frames }) => {
    const played = noise(dtype, frames * channels) as Loop;
    const subtype = dtype === "float32" ? "FLOAT" : "PCM_32";
    const file = SoundFile.inMemory({ format: "AU", subtype, sampleRate: 48000, channels });
    file.write(played);
    const args = [JSON.stringify({ ...options, dtype, channels }), "8192"];
    const { code, stdoutBytes, stderr } = await runTs(stdinToStdout, { args, stdin: file.bytes() });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    const recorded = await readFile(stdoutBytes, { dtype });
    assert.equal(recorded.samples.length, (frames + 8192) * channels);
    assert.equal(hears(recorded.samples as Loop, played, channels), frames);
  },

  "offset": async (place) => {
    const { dtype, channels } = place;
    await using stream = open(place);
    const played = noise(dtype, 8192 * channels) as Loop;
    for (const offset of [256, 512, 1024]) {
      const recorded = await stream.playrec(played, { frames: 2048, offset });
      assert.equal(recorded.length, (2048 - offset) * channels);
      hears(recorded, played.slice(0, 2048 * channels) as Loop, channels);
    }
  },

  "frames": async (place) => {
    const { dtype, channels } = place;
    await using stream = open(place);
    const played = noise(dtype, 65536 * channels) as Loop;
    for (let frames = 256; frames <= place.frames; frames *= 2) {
      const recorded = await stream.playrec(played, { frames });
      assert.equal(recorded.length, frames * channels);
      assert.equal(stream.frameCount, frames);
      hears(recorded, played.slice(0, frames * channels) as Loop, channels);
    }
  },

  "pad": async (place) => {
    const { dtype, channels } = place;
    await using stream = open(place);
    const played = noise(dtype, 4096 * channels) as Loop;
    for (let pad = 256; pad <= place.frames; pad *= 2) {
      const recorded = await stream.playrec(played, { frames: 1024, pad });
      assert.equal(recorded.length, (1024 + pad) * channels);
      const heard = hears(recorded, played.slice(0, 1024 * channels) as Loop, channels);
      if (pad >= 8192) assert.equal(heard, 1024);
    }
  },

  "a source that has ended is not looked at again": async (place) => {
    await using stream = open(place);
    const [source, sink] = [ringOf(place, 1024), ringOf(place, 1 << 17)];
    stream.setSource(source);
    stream.setSink(sink);
    source.advanceWriteIndex(1024);
    const pad = place.frames;
    await stream.start({ pad });
    while (stream.active && stream.frameCount <= 1024) await pause(1);
    if (stream.active) source.advanceWriteIndex(1024);
    else source.write(new Uint8Array(4096 * place.channels));
    await stream.wait();
    assert.equal(sink.readAvailable, 1024 + pad);
    assert.equal(source.readAvailable, 1024);
  },

  "frames, pad and offset together": async (place) => {
    await using stream = open(place);
    const [source, sink] = [ringOf(place, 1 << 17), ringOf(place, 1 << 17)];
    stream.setSource(source);
    stream.setSink(sink);
    const longest = Math.log2(place.frames) | 0;
    for (let x = 0; x < 7; x++) {
      const [frames, pad, offset] = [1 << x + longest - 8, 1 << longest - x, 1 << x + longest - 10];
      source.advanceWriteIndex(frames);
      await stream.start({ frames, pad, offset });
      await stream.wait();
      assert.equal(sink.readAvailable, frames + pad - offset);
      sink.flush();
      source.flush();
    }
  },

  "a stream that is played again, aborted and stopped": async (place) => {
    const { options, dtype, channels } = place;
    await using stream = new OutputStream({ ...options, dtype, channels });
    const source = ringOf(place, 8192);
    stream.setSource(source);
    const ending = () => [stream.finished, stream.stopped, stream.aborted];
    source.advanceWriteIndex(8192);
    await stream.start();
    assert.equal(await stream.wait(5), true);
    assert.deepEqual(ending(), [true, false, false]);
    for (const end of ["abort", "stop"] as const) {
      source.advanceWriteIndex(source.writeAvailable);
      await stream.start({ pad: -1 });
      assert.equal(stream.active, true);
      assert.equal(await stream.wait(0.001), false);
      await stream[end]();
      assert.deepEqual(ending(), [true, end === "stop", end === "abort"]);
    }
  },

  "memory that is looped": async (place) => {
    const { dtype, channels } = place;
    await using stream = open(place);
    const [length, frames] = [333, place.frames];
    const played = noise(dtype, length * channels) as Loop;
    const recorded = await stream.playrec(played, { frames, loop: true });
    const expected = Array.from({ length: frames * channels }, (_, i) => played[i % played.length]);
    assert.ok(hears(recorded, (played.constructor as Float32ArrayConstructor).from(expected) as Loop, channels) > 0);
  },

  "a file that is looped": (place) =>
    inFolder(async (folder) => {
      const { dtype, channels, frames } = place;
      await using stream = open(place);
      const path = joinPath(folder, "short.wav");
      const played = noise(dtype, 1111 * channels) as Loop;
      await writeFile(path, played, { sampleRate: 48000, channels, subtype: dtype === "float32" ? "FLOAT" : "PCM_32" });
      const recorded = await stream.playrec(path, { frames, loop: true });
      const expected = Array.from({ length: frames * channels }, (_, i) => played[i % played.length]);
      assert.ok(hears(recorded, (played.constructor as Float32ArrayConstructor).from(expected) as Loop, channels) > 0);
    }),

  "a source function that throws": async ({ options }) => {
    const stream = new OutputStream({ ...options, channels: 1 });
    const ring = stream.setSource(async (_stream, _ring, { signal }) => {
      await pause(5);
      assert.equal(signal.aborted, false);
      throw new Error("BOO-urns!");
    }, { bufferSize: 8192 });
    ring.advanceWriteIndex(8192);
    const run = async () => {
      await stream.start();
      await stream.wait(5);
    };
    await assert.rejects(run, { message: "BOO-urns!" });
    assert.equal(stream.aborted, true);
    await stream.close();
  },

  "a sink function that throws": async ({ options }) => {
    const stream = new InputStream({ ...options, channels: 1 });
    stream.setSink(() => {
      throw new Error("BOO!");
    }, { bufferSize: 8192 });
    await stream.start();
    await assert.rejects(() => stream.wait(5), { message: "BOO!" });
    assert.equal(stream.aborted, true);
    await stream.close();
  },

  "fewer frames than asked for": async (place) => {
    const stream = open(place);
    const source = ringOf(place, 8192);
    source.advanceWriteIndex(8192);
    stream.setSource(source);
    await stream.start({ frames: 9000 });
    await assert.rejects(() => stream.wait(), BufferEmptyError);
    assert.equal(stream.frameCount, 8192);
    await stream.close();
  },
};
