// The samples of a stream as Web Streams.
import { type OptionNames, requireOneOf, requireOptions } from "../base/validate.ts";
import { Chunks } from "../chunks/chunks.ts";
import { type LayoutOptions, requireChunkOptions } from "../chunks/options.ts";
import { writeAll } from "../endpoints/pump.ts";
import { WrittenPlayback } from "../endpoints/written.ts";
import { PastreamError } from "../library/errors.ts";
import type { Core } from "../run/core.ts";
import { ringFrames } from "../run/ring-size.ts";
import { requireRunLength } from "../run/run-length.ts";
import { defaultStart } from "../run/run-options.ts";
import type { Dtype, SamplesOf } from "../samples/formats.ts";
import { requireSamples, type Samples } from "../samples/samples.ts";

/** Options of writable(). */
export interface WritableOptions {
  /** Frames of the ring between the writer and the device. Default: as for a source. */
  bufferSize?: number;
}

const writableNames: OptionNames<WritableOptions> = { bufferSize: true };

/** Copies of chunks as a ReadableStream. The first read starts the stream, unless a writable() has started it. */
export function readableOf<D extends Dtype>(
  core: Core,
  options: LayoutOptions | undefined,
): ReadableStream<SamplesOf<D>> {
  const checked = requireChunkOptions(options, core.blockSize);
  requireOneOf("layout", checked.layout, ["interleaved"]);
  const chunks = new Chunks(core, checked);
  const generator = chunks.generator() as AsyncGenerator<SamplesOf<D>, void, void>;
  chunks.expectRun();
  return new ReadableStream<SamplesOf<D>>({
    async pull(controller) {
      const { done, value } = await generator.next();
      if (done) controller.close();
      else controller.enqueue(copyOf(value));
    },
    async cancel() {
      // A pending read ends with the run.
      if (chunks.active) await core.stop();
      await generator.return();
    },
  }, { highWaterMark: 0 });
}

/** A view of the same kind on memory of its own. */
function copyOf<D extends Dtype>(view: SamplesOf<D> | DataView<ArrayBuffer>): SamplesOf<D> {
  if (!(view instanceof DataView)) return view.slice() as SamplesOf<D>;
  const { buffer, byteOffset, byteLength } = view;
  return new DataView(buffer.slice(byteOffset, byteOffset + byteLength)) as unknown as SamplesOf<D>;
}

/** A WritableStream as the source of a stream. The first write starts the stream, unless it runs already. */
export function writableOf<D extends Dtype>(
  core: Core,
  options: WritableOptions | undefined,
): WritableStream<Samples<D>> {
  const { bufferSize } = requireOptions("options", options, writableNames);
  core.requireIdle();
  const { output, sampleRate, poller, endpoints } = core;
  const playback = new WrittenPlayback(output!.frameBytes, ringFrames(output!, bufferSize));
  endpoints.source = playback;
  const flow = { ring: playback.ring, format: output!, sampleRate, signal: playback.signal, poller };

  /** Throws the error for a write that comes too late. */
  const throwEnded = (): never => {
    if (endpoints.source === playback) core.run.raise();
    throw new PastreamError("closed", "writable: the stream has ended");
  };
  const play = async (chunk: unknown): Promise<void> => {
    const bytes = requireSamples("a written chunk", chunk, output!);
    if (playback.over) throwEnded();
    const { length } = bytes; // the caller may transfer them during the start
    const written = playback.ring.write(bytes) * output!.frameBytes;
    if (!core.active) await core.start(defaultStart(endpoints.sink?.length ?? requireRunLength({})));
    if (!await writeAll(flow, bytes, written, length)) throwEnded();
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
        // Neither close() nor abort() will be called after a failed write.
        if (endpoints.source === playback && core.active) await core.abort().catch(() => {});
        throw error;
      }
    },
    async close() {
      // After the end of a run as well: this throws the error that ended it.
      if (endpoints.source === playback && (core.active || playback.over)) await core.drain();
    },
    async abort() {
      if (endpoints.source === playback && core.active) await core.abort();
    },
  });
}
