// The samples of a stream as Web Streams.
import { timers } from "../base/timers.ts";
import { type OptionNames, requireOneOf, requireOptions } from "../base/validate.ts";
import { Chunks } from "../chunks/chunks.ts";
import { type LayoutOptions, requireChunkOptions } from "../chunks/options.ts";
import { type Flow, writeRest } from "../endpoints/pump.ts";
import { WrittenPlayback } from "../endpoints/written.ts";
import { PastreamError } from "../library/errors.ts";
import type { Core } from "../run/core.ts";
import { ringFrames } from "../run/ring-size.ts";
import { requireRunLength } from "../run/run-length.ts";
import { defaultStart } from "../run/run-options.ts";
import type { Dtype, SamplesOf } from "../samples/formats.ts";
import { holdElements, writeHeld } from "../ring/ring-buffer.ts";
import { FrameJoiner } from "../samples/frame-joiner.ts";
import { requirePiece, type Samples } from "../samples/samples.ts";

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
      await chunks.leave(); // a pending read ends with it
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

/** Writes to a stream, which the first write starts. */
class StreamWriter {
  readonly #core: Core;
  readonly #playback: WrittenPlayback;
  readonly #flow: Flow;
  readonly #joiner: FrameJoiner;
  readonly #onFailure: (error: unknown) => void;
  /** For each chunk that waits for its turn, what holdElements() returned when it was written. */
  readonly #waiting: number[] = [];

  /** `onFailure` is called with the error of a start that failed. */
  constructor(core: Core, size: number, onFailure: (error: unknown) => void) {
    const { output, poller, endpoints } = core;
    this.#core = core;
    this.#onFailure = onFailure;
    this.#playback = new WrittenPlayback(output!, size);
    endpoints.source = this.#playback;
    const { ring, signal } = this.#playback;
    this.#flow = { ring, format: output!, signal, poller, queue: core.queue };
    this.#joiner = new FrameJoiner(output!.frameBytes);
  }

  /** Whether this is still the source of the stream. */
  get #isSource(): boolean {
    return this.#core.endpoints.source === this.#playback;
  }

  /** Called at each write(), before the chunks that were written earlier have been taken. */
  enqueue(chunk: unknown): number {
    const { ring, format } = this.#flow;
    const bytes = ArrayBuffer.isView(chunk) || chunk instanceof ArrayBuffer ? chunk.byteLength : 0;
    this.#waiting.push(this.#playback.over ? 0 : holdElements(ring, Math.floor(bytes / format.frameBytes)));
    return 1;
  }

  async write(chunk: unknown): Promise<void> {
    const clears = this.#waiting.shift()!;
    try {
      const { ring, format, queue } = this.#flow;
      const bytes = this.#joiner.join(requirePiece("a written chunk", chunk, format));
      if (this.#playback.over) this.#throwEnded();
      if (queue.serving) await queue.serving;
      const { length } = bytes; // the caller may transfer them while this waits for room
      const written = writeHeld(ring, bytes, clears) * format.frameBytes;
      if (!this.#core.active) this.#start();
      if (!await writeRest(this.#flow, { bytes, length, clears }, written)) this.#throwEnded();
    } catch (error) {
      // Neither close() nor abort() will be called after a failed write.
      await this.abort().catch(() => {});
      throw error;
    }
  }

  /** Starts the stream. More can be written while the device waits for the first frames. */
  #start(): void {
    const core = this.#core;
    const playback = this.#playback;
    const length = core.admitExpectants() ?? requireRunLength({});
    const start = core.start({ ...defaultStart(length), prebuffer: playback.wanted });
    // A short sound must be heard even if nothing follows.
    const timer = timers().setTimeout(() => core.startNow(), playback.wanted / core.sampleRate * 1000);
    start.catch(this.#onFailure).finally(() => timers().clearTimeout(timer));
  }

  /** Throws the error for a write that comes too late. */
  #throwEnded(): never {
    if (this.#isSource) this.#core.run.raise();
    const why = this.#isSource || this.#core.closed
      ? "has ended"
      : "has got another source, such as a second writable()";
    throw new PastreamError("closed", `writable: the stream ${why}`);
  }

  async close(): Promise<void> {
    // After the end of a run as well: this throws the error that ended it.
    if (this.#isSource && (this.#core.active || this.#playback.over)) await this.#core.drain();
    this.#joiner.requireWhole("what is written");
  }

  async abort(): Promise<void> {
    if (this.#isSource && this.#core.active) await this.#core.abort();
  }
}

/** A WritableStream as the source of a stream. The first write starts the stream, unless it runs already. */
export function writableOf<D extends Dtype>(
  core: Core,
  options: WritableOptions | undefined,
): WritableStream<Samples<D>> {
  const { bufferSize } = requireOptions("options", options, writableNames);
  core.requireIdle();
  let writer: StreamWriter;
  const size = ringFrames(core.output!, bufferSize);
  return new WritableStream<Samples<D>>({
    start(controller) {
      writer = new StreamWriter(core, size, (error) => controller.error(error));
      // A write that waits for room ends with the run.
      controller.signal?.addEventListener("abort", () => void writer.abort().catch(() => {}));
    },
    write: (chunk) => writer.write(chunk),
    close: () => writer.close(),
    abort: () => writer.abort(),
  }, { size: (chunk) => writer.enqueue(chunk) });
}
