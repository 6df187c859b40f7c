// A stream's samples as Web Streams.
import { PS_ENDPOINT_RING } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import type { ChunkOptions, Layout } from "../chunks/options.ts";
import { Chunks } from "../chunks/chunks.ts";
import type { Core } from "../run/core.ts";
import { PastreamError, unwrap } from "../library/errors.ts";
import type { Dtype, SamplesOf } from "../samples/formats.ts";
import type { NativeStream } from "../run/native-stream.ts";
import { writeAll } from "../endpoints/pump.ts";
import { RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import { requireBufferSize } from "../run/run-options.ts";
import { requireSamples, type Samples } from "../samples/samples.ts";
import type { Playback } from "../endpoints/source.ts";
import { requireOneOf } from "../base/validate.ts";

/** Chunks, copied, as a ReadableStream. The stream is started by the first read, unless a writable() has started it. */
export function readableOf<D extends Dtype>(
  core: Core,
  options: (ChunkOptions & { layout?: Layout }) | undefined,
): ReadableStream<SamplesOf<D>> {
  if (options?.layout !== undefined) requireOneOf("layout", options.layout, ["interleaved"]);
  const chunks = new Chunks(core, options);
  const steps = chunks.steps() as AsyncGenerator<SamplesOf<D>, void, void>;
  chunks.expectRun();
  return new ReadableStream<SamplesOf<D>>({
    async pull(controller) {
      const { done, value } = await steps.next();
      if (done) controller.close();
      else controller.enqueue(copyOf(value));
    },
    async cancel() {
      // A read that is under way ends with the run.
      if (chunks.active) await core.stop();
      await steps.return();
    },
  }, { highWaterMark: 0 });
}

/** The same kind of view, over memory of its own. */
function copyOf<D extends Dtype>(view: SamplesOf<D> | DataView<ArrayBuffer>): SamplesOf<D> {
  if (!(view instanceof DataView)) return view.slice() as SamplesOf<D>;
  const { buffer, byteOffset, byteLength } = view;
  return new DataView(buffer.slice(byteOffset, byteOffset + byteLength)) as unknown as SamplesOf<D>;
}

/** A source that is written to from outside. */
class WrittenPlayback implements Playback {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly prebuffer = 0;
  /** Whether it has been played: it is not played twice. */
  over = false;
  readonly #end = new AbortController();

  constructor(frameBytes: number, size: number) {
    this.ring = new RingBuffer(frameBytes, size);
  }

  /** Fires when nothing more is played. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  attach(stream: NativeStream): void {
    if (this.over) throw new TypeError("source must not be a writable() that was played before: make a new one");
    unwrap(native().ps_stream_set_source(stream.handle, PS_ENDPOINT_RING, ringHandle(this.ring), 0, 0), "source");
  }

  end(): void {
    this.over = true;
    this.#end.abort();
  }

  release(): void {
    this.end();
    this.ring.close();
  }
}

/** The stream's source as a WritableStream. The stream is started by the first write, unless it runs already. */
export function writableOf<D extends Dtype>(
  core: Core,
  options: { bufferSize?: number } = {},
): WritableStream<Samples<D>> {
  core.requireIdle();
  const { output, sampleRate, waiting } = core;
  const playback = new WrittenPlayback(output!.frameBytes, requireBufferSize(options.bufferSize));
  core.source = playback;
  const flow = { ring: playback.ring, format: output!, sampleRate, signal: playback.signal, waiting };

  /** Why nothing more can be written. */
  const ended = (): never => {
    if (core.source === playback) core.run.raise();
    throw new PastreamError("closed", "writable: the stream has ended");
  };
  const play = async (chunk: unknown): Promise<void> => {
    const bytes = requireSamples("what is written", chunk, output!);
    if (playback.over) ended();
    const { length } = bytes; // they may be given away during the start
    const written = playback.ring.write(bytes) * output!.frameBytes;
    if (!core.active) await core.start(core.sink?.length);
    if (!await writeAll(flow, bytes, written, length)) ended();
  };
  return new WritableStream<Samples<D>>({
    start(controller) {
      // A write that waits for room ends with the run.
      controller.signal?.addEventListener("abort", () => core.active && core.abort().catch(() => {}));
    },
    async write(chunk) {
      try {
        await play(chunk);
      } catch (error) {
        // It was the last write, and neither close() nor abort() will come.
        if (core.source === playback && core.active) await core.abort().catch(() => {});
        throw error;
      }
    },
    async close() {
      // Also after a run that has ended: if an error ended it, that is told here.
      if (core.source === playback && (core.active || playback.over)) await core.drain();
    },
    async abort() {
      if (core.source === playback && core.active) await core.abort();
    },
  });
}
