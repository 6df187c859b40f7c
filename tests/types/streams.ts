// What must compile, and what must not: it is never run, `deno check` reads it. A line that is marked as an error must
// be one.
import {
  chunks,
  defaults,
  DuplexStream,
  InputStream,
  OutputStream,
  play,
  playrec,
  record,
  RingBuffer,
  type SoundFile,
  type Stream,
  type StreamOptions,
} from "../../mod.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles if both types are the same. */
function same<A, B>(_: Equal<A, B>): void {}

export async function samplesMayBeInAnyMemory(samples: Float32Array, output: OutputStream): Promise<void> {
  await play(samples);
  await play([samples, samples]);
  output.setSource(function* () {
    yield samples;
  });
  await output.writable().getWriter().write(samples);
  new InputStream().setSink(samples);
}

export async function dtypeDecidesTheArray(): Promise<void> {
  const plain = new InputStream();
  const plainSamples = await plain.record(10);
  same<typeof plainSamples, Float32Array<ArrayBuffer>>(true);
  const int16 = new InputStream({ dtype: "int16" });
  const int16Samples = await int16.record(10);
  same<typeof int16Samples, Int16Array<ArrayBuffer>>(true);
  for await (const chunk of int16.chunks()) same<typeof chunk, Int16Array<ArrayBuffer>>(true);
  for await (const planes of int16.chunks({ layout: "planar" })) same<typeof planes, Int16Array<ArrayBuffer>[]>(true);
  same<ReturnType<typeof int16.readable>, ReadableStream<Int16Array<ArrayBuffer>>>(true);
  const opened = await InputStream.open({ dtype: "int32" });
  same<typeof opened, InputStream<"int32">>(true);
  const packed = new InputStream({ dtype: "int24" });
  const packedSamples = await packed.record(1);
  same<typeof packedSamples, Uint8Array<ArrayBuffer>>(true);
  const recorded = await record(10, { dtype: "int8" });
  same<typeof recorded, Int8Array<ArrayBuffer>>(true);
  const looped = await playrec(new Int16Array(5), { dtype: "int16" });
  same<typeof looped, Int16Array<ArrayBuffer>>(true);
  await play(new Int16Array(4));
  await play(new Int16Array(4), { dtype: "int16", sampleRate: 8000 });
  await play(new Int16Array(4), {} as StreamOptions);
  await play(new Uint8Array(4), { dtype: "int16" });
  await play("a.wav", { dtype: "int16" });
  // @ts-expect-error: what is played in one call has the stream's dtype, too
  await play(new Float32Array(4), { dtype: "int16" });
  for await (const chunk of chunks({ dtype: "int16" })) same<typeof chunk, Int16Array<ArrayBuffer>>(true);
  for await (const planes of chunks({ layout: "planar" })) same<typeof planes, Float32Array<ArrayBuffer>[]>(true);

  const output = new OutputStream({ dtype: "int16" });
  await output.play(new Int16Array(4));
  await output.play(new Uint8Array(4)); // bytes
  await output.play([new Int16Array(4)]);
  await output.play(function* () {
    yield new Int16Array(4);
  });
  // @ts-expect-error: an int16 stream does not play a Float32Array
  await output.play(new Float32Array(4));
  // @ts-expect-error: nor an array of them
  await output.play([new Float32Array(4)]);
  // @ts-expect-error: nor numbers
  await output.play([1, 2, 3]);
  // @ts-expect-error: nor a generator of them
  output.setSource(function* () {
    yield new Float32Array(4);
  });
  // @ts-expect-error: nor an async one
  output.setSource(async function* () {
    yield await Promise.resolve(new Float32Array(4));
  });
  // @ts-expect-error: nor a ReadableStream of them
  output.setSource(new ReadableStream<Float32Array<ArrayBuffer>>());
  // @ts-expect-error: nor does a stream of float32 play an Int16Array
  await new OutputStream().play(new Int16Array(4));
  // @ts-expect-error: it does not record into one, either
  plain.setSink(new Int16Array(4));
  // @ts-expect-error: by no call
  await plain.record({ out: new Int16Array(4) });
  plain.setSink("take.wav");
  // @ts-expect-error: or through a WritableStream of another type
  plain.setSink(new WritableStream<Int16Array<ArrayBuffer>>());
  // @ts-expect-error: there is no such dtype
  new InputStream({ dtype: "float64" });
}

export async function duplexHasPairs(): Promise<void> {
  const duplex = new DuplexStream({ dtype: ["int16", "float32"] as const });
  same<typeof duplex, DuplexStream<"int16", "float32">>(true);
  same<typeof duplex.channels, readonly [input: number, output: number]>(true);
  same<typeof duplex.dtype, readonly [input: "int16", output: "float32"]>(true);
  same<typeof duplex.latency, readonly [input: number, output: number]>(true);
  const recorded = await duplex.playrec(new Float32Array(4));
  same<typeof recorded, Int16Array<ArrayBuffer>>(true);
  // @ts-expect-error: what is played has the output's dtype
  await duplex.playrec(new Int16Array(4));
  // @ts-expect-error: a pair is not a number
  const channels: number = duplex.channels;
  const one: number = new InputStream().channels;
  new DuplexStream({ channels: [1, 2], device: ["a", 1], latency: ["low", 0.1] });
  // @ts-expect-error: what is recorded has the input's dtype
  await duplex.playrec(new Float32Array(4), { out: new Float32Array(4) });
  // @ts-expect-error: a pair has two values
  new DuplexStream({ channels: [1, 2, 3] });
  void [channels, one];
}

export async function whatIsRecordedIntoIsAnswered(): Promise<void> {
  const stream = new DuplexStream();
  const ring = await stream.record({ out: new RingBuffer(8, 16) });
  same<typeof ring, RingBuffer>(true);
  const file = await stream.playrec("a.wav", { out: stream.toFile("b.wav") });
  same<typeof file, SoundFile>(true);
  // @ts-expect-error: it must be said into what
  await stream.record({ frames: 5 });
  // @ts-expect-error: or how much
  await stream.record();
}

export async function halvesAreWhereTheyBelong(): Promise<void> {
  const input = new InputStream();
  const output = new OutputStream();
  // @ts-expect-error: an input does not play
  await input.play(new Float32Array(4));
  // @ts-expect-error: an output does not record
  await output.record(5);
  // @ts-expect-error: nor has it chunks
  output.chunks();
  // @ts-expect-error: only a duplex stream does both
  await input.playrec(new Float32Array(4));
  input.rxMapping = [1, 2];
  input.rxMapping = new Map([[1, 2]]);
  input.rxMapping = null;
  same<typeof input.rxMapping, readonly number[]>(true);
  // @ts-expect-error: a mapping is not a number
  input.rxMapping = 1;
  // @ts-expect-error: what a stream tells cannot be set
  input.frameCount = 5;
  // @ts-expect-error: a Stream is made by its subclasses
  new (null as unknown as typeof Stream)();
}

export async function optionsAreChecked(): Promise<void> {
  const stream = new DuplexStream();
  await stream.start({ frames: 5, pad: -1, offset: 1, prebuffer: 100, fatalXruns: true });
  // @ts-expect-error: a misspelt option
  await stream.start({ frame: 5 });
  // @ts-expect-error: a text is not a number of frames
  await stream.play("a.wav", { frames: "5" });
  // @ts-expect-error: an overflow policy is "abort" or "drop"
  stream.setSink(new Float32Array(4), { onOverflow: "ignore" });
  // @ts-expect-error: a layout is "interleaved" or "planar"
  stream.chunks({ layout: "diagonal" });
  await play(new Float32Array(4), { device: "virtual", hostSettings: { hostApi: "virtual", clock: "freewheel" } });
  // @ts-expect-error: the clock is the virtual device's
  new InputStream({ hostSettings: { hostApi: "wasapi", clock: "freewheel" } });
  // @ts-expect-error: a stall has a length
  new InputStream({ hostSettings: { hostApi: "virtual", faults: [{ atFrame: 4, kind: "stall" }] } });
  // @ts-expect-error: a worker's module is a URL
  stream.setSource({ worker: "./tone.ts" });
  // @ts-expect-error: a signal is not its controller
  new InputStream({ signal: new AbortController() });
  // @ts-expect-error: a signal is of one stream
  defaults.signal = AbortSignal.abort();
  // @ts-expect-error: a latency is "low", "high" or seconds
  new InputStream({ latency: "medium" });
}
