// A stream's samples as Web Streams.
import { PS_SIDE_RING } from "../ffi/constants.ts";
import { native } from "../ffi/load.ts";
import type { ChunkOptions } from "./chunk-options.ts";
import type { Core } from "./core.ts";
import { PastreamError, unwrap } from "./errors.ts";
import type { Dtype, SamplesOf } from "./formats.ts";
import type { NativeStream } from "./native-stream.ts";
import { writeAll } from "./pump.ts";
import { RingBuffer, ringHandle } from "./ring-buffer.ts";
import { requireBufferSize } from "./run-options.ts";
import { requireSamples, type Samples } from "./samples.ts";
import type { Playback } from "./source.ts";

/** Chunks, copied, as a ReadableStream. The stream is started by the first read. */
export function readableOf<D extends Dtype>(
  core: Core,
  chunks: (options?: ChunkOptions) => AsyncGenerator<SamplesOf<D>, void, void>,
  options?: ChunkOptions,
): ReadableStream<SamplesOf<D>> {
  const iterator = chunks(options);
  let started = false;
  return new ReadableStream<SamplesOf<D>>({
    async pull(controller) {
      started = true;
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value.slice() as SamplesOf<D>);
    },
    async cancel() {
      // A read that is under way ends with the run.
      if (started && core.active) await core.stop();
      await iterator.return();
    },
  }, { highWaterMark: 0 });
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
    unwrap(native().ps_stream_set_source(stream.handle, PS_SIDE_RING, ringHandle(this.ring), 0, 0), "source");
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
  return new WritableStream<Samples<D>>({
    start(controller) {
      // A write that waits for room ends with the run.
      controller.signal?.addEventListener("abort", () => core.active && core.abort().catch(() => {}));
    },
    async write(chunk) {
      const bytes = requireSamples("what is written", chunk, output!);
      if (playback.over) ended();
      const written = playback.ring.write(bytes) * output!.frameBytes;
      if (!core.active) await core.start();
      if (!await writeAll(flow, bytes, written)) ended();
    },
    async close() {
      if (core.source === playback && core.active) await core.drain();
    },
    async abort() {
      if (core.source === playback && core.active) await core.abort();
    },
  });
}
