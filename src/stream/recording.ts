import { PS_ERR_PENDING } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { identityMapping, requireMapping } from "../samples/channel-map.ts";
import type { ChunkOptions, Layout } from "../chunks/options.ts";
import { Chunks } from "../chunks/chunks.ts";
import type { Core } from "../run/core.ts";
import { unwrap } from "../library/errors.ts";
import { type Dtype, newSamples, type SamplesOf } from "../samples/formats.ts";
import { openRecordingFile } from "./recording-file.ts";
import type { RingBuffer } from "../ring/ring-buffer.ts";
import {
  type Blocking,
  requireOffsetWithin,
  requireRunLength,
  type RunOptions,
  totalFrames,
} from "../run/run-options.ts";
import { type Capture, FileCapture, openCapture, openOnce, type Sink, type SinkOptions } from "../endpoints/sink.ts";
import { type FileMode, SoundFile, type SoundFileOptions } from "../sound-file/sound-file.ts";
import { coreOf, Stream } from "./stream.ts";
import { requireBoolean, requireInteger, requireOptions, show } from "../base/validate.ts";
import { readableOf } from "./web-streams.ts";

/** The recording half of InputStream and DuplexStream. */
export interface Recording<D extends Dtype> {
  /**
   * Recorded channel i+1 is device channel rxMapping[i] (one-based), 0 is silence. Set it as an array, as a Map of
   * from -> to that mutes what it does not list, or as null for identity; while the stream runs, too.
   */
  get rxMapping(): readonly number[];
  /** @ignore */
  set rxMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null);

  /** Record into this at the next start; answers the ring that the device writes to. */
  setSink(sink: Sink<D>, options?: SinkOptions): RingBuffer;

  /** Open a file for writing with this stream's rate and channels and the subtype nearest to its dtype. */
  toFile(file: string | URL | number, mode?: FileMode, options?: SoundFileOptions): SoundFile;

  /** Record `frames` frames (pad included, `offset` of them dropped) into new memory. Drops a source that was set. */
  record(frames: number, options?: { offset?: number } & Blocking): Promise<SamplesOf<D>>;
  /** Record into `out`; without `frames` until memory is full, or, into anything else, until stopped. */
  record<S extends Sink<D>>(
    options: { out: S; frames?: number; offset?: number } & SinkOptions & Blocking,
  ): Promise<S>;

  /**
   * Go on recording into another file without losing a frame. Resolves with the frame of the recording at which the new
   * file begins, once the old one is finished.
   *
   * @param options.at frame at which the new file is to begin, counted from the first one recorded (what `offset` drops
   *   is not counted). Left out, or where that frame is already written: the next block. A recording that ends before it
   *   leaves the new file without frames.
   */
  nextFile(file: SoundFile, options?: { at?: number }): Promise<number>;

  /** The live input in chunks. A yielded array is reused: it is valid until the next chunk is asked for. */
  chunks(options?: ChunkOptions & { layout?: "interleaved" }): AsyncGenerator<SamplesOf<D>, void, void>;
  /** One array per channel. */
  chunks(options: ChunkOptions & { layout: "planar" }): AsyncGenerator<SamplesOf<D>[], void, void>;

  /** frameCount at the first new frame of the chunk handed out last. */
  readonly chunkFrame: number;
  /** Stream time at which the device captured that frame. */
  readonly chunkTime: number;

  /** The live input as a Web Stream of copied chunks, with back-pressure. The first read starts the stream. */
  readable(options?: ChunkOptions): ReadableStream<SamplesOf<D>>;
}

const mappings = new WeakMap<Core, readonly number[]>();

/** Records a run into a sink. Whoever records is told what went wrong. */
export async function recordInto(core: Core, sink: Capture, run: RunOptions, blocking: boolean): Promise<void> {
  core.sink = sink;
  await core.execute(run, blocking);
}

/** Records a run into new memory; of one that ended early, what there is. */
export async function recordNew<D extends Dtype>(
  core: Core,
  frames: number,
  run: RunOptions,
  blocking: boolean,
): Promise<SamplesOf<D>> {
  const input = core.input!;
  const samples = newSamples(input.dtype as D, frames * input.channels) as SamplesOf<D>;
  const sink = openOnce(samples, input);
  try {
    await recordInto(core, sink, run, blocking);
  } finally {
    // Where the run could not even begin.
    if (core.sink === sink && !core.active) core.sink = undefined;
  }
  const recorded = sink.ring.readAvailable;
  return blocking && recorded < frames ? samples.slice(0, recorded * samples.length / frames) as SamplesOf<D> : samples;
}

/** The methods of Recording, for the classes that have an input. */
export abstract class RecordingMethods<D extends Dtype> extends Stream implements Recording<D> {
  get rxMapping(): readonly number[] {
    const core = coreOf(this);
    return mappings.get(core) ?? identityMapping(core.input!.channels);
  }

  set rxMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null) {
    const core = coreOf(this);
    core.requireOpen();
    const { channels } = core.input!;
    const checked = requireMapping("rxMapping", mapping, channels);
    unwrap(native().ps_stream_set_map(core.native.handle, 0, Int32Array.from(checked), channels), "rxMapping");
    mappings.set(core, Object.freeze(checked));
  }

  setSink(sink: Sink<D>, options?: SinkOptions): RingBuffer {
    const core = coreOf(this);
    core.requireIdle();
    return (core.sink = openCapture(sink, options, core.input!, core.sampleRate)).ring;
  }

  toFile(file: string | URL | number, mode: FileMode = "w", options?: SoundFileOptions): SoundFile {
    const core = coreOf(this);
    core.requireOpen();
    return openRecordingFile(file, mode, core.sampleRate, core.input!, options);
  }

  record(frames: number, options?: { offset?: number } & Blocking): Promise<SamplesOf<D>>;
  record<S extends Sink<D>>(
    options: { out: S; frames?: number; offset?: number } & SinkOptions & Blocking,
  ): Promise<S>;
  async record(first: unknown, options?: { offset?: number } & Blocking): Promise<unknown> {
    const core = coreOf(this);
    core.requireIdle();
    return await (typeof first === "number" ? recordFrames(core, first, options) : recordOut(core, first));
  }

  async nextFile(file: SoundFile, { at = -1 }: { at?: number } = {}): Promise<number> {
    const core = coreOf(this);
    core.requireOpen();
    requireInteger("at", at, -1);
    if (!(file instanceof SoundFile)) throw new TypeError(`file must be a SoundFile, not ${show(file)}`);
    if (!(core.sink instanceof FileCapture) || !core.active) {
      throw new TypeError("nextFile() must be called while a file is being recorded");
    }
    core.sink.switchTo(file, at, core.native);
    const { handle } = core.native;
    return await core.waiting.until(
      () => {
        const begin = native().ps_stream_next_file_at(handle);
        return begin === PS_ERR_PENDING ? undefined : unwrap(begin, "nextFile");
      },
      undefined,
      { keepAlive: true },
    );
  }

  chunks(options?: ChunkOptions & { layout?: "interleaved" }): AsyncGenerator<SamplesOf<D>, void, void>;
  chunks(options: ChunkOptions & { layout: "planar" }): AsyncGenerator<SamplesOf<D>[], void, void>;
  chunks(options?: ChunkOptions & { layout?: Layout }): unknown {
    return new Chunks(coreOf(this), options).steps();
  }

  get chunkFrame(): number {
    return coreOf(this).chunk?.find().frame ?? 0;
  }

  get chunkTime(): number {
    return coreOf(this).chunk?.find().time ?? 0;
  }

  readable(options?: ChunkOptions): ReadableStream<SamplesOf<D>> {
    return readableOf<D>(coreOf(this), options);
  }
}

/** Records so many frames into new memory. */
async function recordFrames<D extends Dtype>(
  core: Core,
  frames: number,
  options: ({ offset?: number } & Blocking) | undefined,
): Promise<SamplesOf<D>> {
  const { offset, blocking = true } = requireOptions("options", options);
  requireBoolean("blocking", blocking);
  requireInteger("frames", frames, 0);
  const length = requireRunLength({ frames, offset });
  requireOffsetWithin(length, frames);
  core.source = undefined;
  return await recordNew<D>(core, frames - length.offset, length, blocking);
}

/** Records into what the caller gives. */
async function recordOut(core: Core, given: unknown): Promise<unknown> {
  const options = requireOptions(
    "options",
    given as { out: unknown; frames?: number } & SinkOptions & Blocking & RunOptions,
  );
  if (options.out === undefined) throw new TypeError("record() must be given a number of frames, or { out }");
  const { out, frames, offset, blocking = true } = options;
  requireBoolean("blocking", blocking);
  const length = requireRunLength({ frames, offset });
  requireOffsetWithin(length, totalFrames(length, undefined));
  const sink = openCapture(out, options, core.input!, core.sampleRate);
  const room = sink.frames;
  if (room !== undefined && length.frames - length.offset > room) {
    sink.release();
    throw new RangeError(`out must have room for ${length.frames - length.offset} frames, not ${room}`);
  }
  core.source = undefined;
  await recordInto(core, sink, length, blocking);
  return out;
}
