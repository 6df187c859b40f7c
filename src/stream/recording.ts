// The methods for the input of a stream.
import { PS_DIRECTION_INPUT } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { change } from "../base/poller.ts";
import { type OptionNames, requireInteger, requireOptions, show } from "../base/validate.ts";
import type { ChunkOptions } from "../chunks/options.ts";
import { FileCapture } from "../endpoints/file.ts";
import { captureOnce, firstOf } from "../endpoints/memory.ts";
import {
  openCapture,
  requireSinkOptions,
  type Sink,
  sinkOptionNames,
  type SinkOptions,
  tapFlags,
} from "../endpoints/sink.ts";
import { isPending, unwrap } from "../library/native-error.ts";
import { MAX_RING_SIZE } from "../ring/native-ring.ts";
import type { RingBuffer } from "../ring/ring-buffer.ts";
import type { Core } from "../run/core.ts";
import type { Capture } from "../run/endpoint.ts";
import { requireOffsetWithin, requireRunLength, type RunLength } from "../run/run-length.ts";
import { type Blocking, blockingNames, defaultStart, requireBlocking } from "../run/run-options.ts";
import type { Tap } from "../run/tap.ts";
import { setMapping } from "./mapping.ts";
import { type Dtype, newSamples, type SamplesOf } from "../samples/formats.ts";
import { type FileMode, SoundFile, type SoundFileOptions } from "../sound-file/sound-file.ts";

/** What the streams with an input, InputStream and DuplexStream, have in common. */
export interface Recording<D extends Dtype> {
  /**
   * Recorded channel i+1 is device channel rxMapping[i] (one-based); 0 is silence. It can be set to an array, to a Map
   * of from -> to that mutes the channels that it does not list, or to null for the identity; also while the stream
   * runs.
   */
  get rxMapping(): readonly number[];
  /** @ignore */
  set rxMapping(mapping: readonly number[] | ReadonlyMap<number, number> | null);

  /** Sets what the next run records into. Returns the ring that the device writes to. */
  setSink(sink: Sink<D>, options?: SinkOptions): RingBuffer;

  /**
   * Adds a sink, to the run that is on and to all that come, until it is removed; at most 16. It takes nothing from
   * setSink(), chunks() and readable(). If its ring has no more room it ends alone, with `error` set, unless
   * `onOverflow` says otherwise.
   */
  addSink(sink: Sink<D>, options?: SinkOptions): Tap;

  /** Opens a file for writing with the stream's rate and channels, and the subtype nearest to its dtype. */
  toFile(file: string | URL | number, mode?: FileMode, options?: SoundFileOptions): SoundFile;

  /** Records `frames` frames, including pad, into new memory; `offset` of them are dropped. Removes the source. */
  record(frames: number, options?: { offset?: number } & Blocking): Promise<SamplesOf<D>>;
  /**
   * Records into `out`; without `frames`, until memory is full, or, for any other sink, until the stream is stopped.
   */
  record<S extends Sink<D>>(
    options: { out: S; frames?: number; offset?: number } & SinkOptions & Blocking,
  ): Promise<S>;

  /**
   * Continues the recording in another file without losing a frame. Resolves with the frame of the recording at which
   * the new file begins, once the old one is finished.
   *
   * @param options.at frame at which the new file is to begin, counted from the first one recorded, without those that
   *   `offset` drops. Default, and where that frame has been written: the next block. If the recording ends before that
   *   frame, the new file has no frames.
   */
  nextFile(file: SoundFile, options?: NextFileOptions): Promise<number>;

  /** The live input in chunks. The array of a chunk is reused: it is valid until the next chunk is requested. */
  chunks(options?: ChunkOptions & { layout?: "interleaved" }): AsyncGenerator<SamplesOf<D>, void, void>;
  /** The live input in chunks with one array per channel. */
  chunks(options: ChunkOptions & { layout: "planar" }): AsyncGenerator<SamplesOf<D>[], void, void>;

  /** The frame of the run at which the last chunk begins, not counting its overlap. */
  readonly chunkFrame: number;
  /** The stream time at which the device captured that frame. */
  readonly chunkTime: number;

  /** The live input as a Web Stream of copied chunks, with back-pressure. The first read starts the stream. */
  readable(options?: ChunkOptions): ReadableStream<SamplesOf<D>>;
}

/** Options of nextFile(). */
export interface NextFileOptions {
  /** Frame of the recording at which the new file is to begin. Default: that of the next block. */
  at?: number;
}

const nextFileNames: OptionNames<NextFileOptions> = { at: true };

interface RecordOptions extends SinkOptions, Blocking {
  out?: unknown;
  frames?: number;
  offset?: number;
}

const recordNames: OptionNames<RecordOptions> = {
  ...sinkOptionNames,
  ...blockingNames,
  out: true,
  frames: true,
  offset: true,
};
const recordFramesNames = { ...blockingNames, offset: true } as const;

export function setRxMapping(core: Core, mapping: unknown): void {
  core.requireOpen();
  core.rxMapping = setMapping(core, PS_DIRECTION_INPUT, mapping);
}

export function setSink(core: Core, sink: unknown, options: SinkOptions | undefined): RingBuffer {
  core.requireIdle();
  return (core.endpoints.sink = openCapture(sink, requireSinkOptions(options), core.input!)).ring;
}

export function addSink(core: Core, sink: unknown, options: SinkOptions | undefined): Tap {
  core.requireOpen();
  const given = requireSinkOptions(options);
  const capture = openCapture(sink, given, core.input!);
  try {
    return core.addTap(capture, { flags: tapFlags(given.onOverflow), offset: 0, frames: -1 });
  } catch (error) {
    capture.release();
    throw error;
  }
}

/** Records one run into a sink. */
export async function recordInto(core: Core, sink: Capture, length: RunLength, blocking: boolean): Promise<void> {
  core.endpoints.sink = sink;
  await core.execute(defaultStart(length), blocking);
}

/**
 * Records one run into new memory for as many frames as `framesOf` returns once the source is open. If the run ended
 * early, returns what it has recorded; if it took longer, up to `more` frames more.
 */
export async function recordNew(
  core: Core,
  framesOf: () => number,
  length: RunLength,
  blocking: boolean,
  more = 0,
): Promise<SamplesOf> {
  const input = core.input!;
  let samples = newSamples(input.dtype, 0) as SamplesOf; // unless the run ends before that
  let room = 0;
  let sink: Capture | undefined;
  core.endpoints.sink = undefined;
  try {
    await core.execute(defaultStart(length), blocking, () => {
      const frames = requireInteger("frames", framesOf(), 0, MAX_RING_SIZE); // before the memory is allocated
      room = frames + (blocking ? more : 0);
      samples = newSamples(input.dtype, room * input.channels) as SamplesOf;
      core.endpoints.sink = sink = captureOnce(samples, input);
    });
  } finally {
    // The run may not even have begun.
    if (sink && core.endpoints.sink === sink && !core.active) core.endpoints.sink = undefined;
  }
  const recorded = sink?.ring.readAvailable ?? 0;
  return blocking && recorded < room ? await firstOf(samples, recorded * samples.length / room) : samples;
}

/** record() of a number of frames, or into a sink. */
export async function record(core: Core, first: unknown, options: unknown): Promise<unknown> {
  core.requireIdle();
  if (typeof first === "number") return await recordFrames(core, first, options as { offset?: number } & Blocking);
  return await recordOut(core, first);
}

async function recordFrames(
  core: Core,
  frames: number,
  options: ({ offset?: number } & Blocking) | undefined,
): Promise<SamplesOf> {
  requireInteger("frames", frames, 0);
  const given = requireOptions("options", options, recordFramesNames);
  const blocking = requireBlocking(given);
  const length = requireRunLength({ frames, offset: given.offset });
  requireOffsetWithin(length, undefined);
  core.endpoints.source = undefined;
  return await recordNew(core, () => frames - length.offset, length, blocking);
}

async function recordOut(core: Core, given: unknown): Promise<unknown> {
  const options = requireOptions("options", given as RecordOptions | undefined, recordNames);
  if (options.out === undefined) throw new TypeError("record() requires a number of frames, or an option out");
  const { out, frames, offset } = options;
  const blocking = requireBlocking(options);
  const length = requireRunLength({ frames, offset });
  requireOffsetWithin(length, undefined);
  const sink = openCapture(out, options, core.input!);
  const room = options.onOverflow === "drop" ? undefined : sink.frames;
  if (room !== undefined && length.frames - length.offset > room) {
    sink.release();
    throw new RangeError(`out must have room for ${length.frames - length.offset} frames, not ${room}`);
  }
  core.endpoints.source = undefined;
  await recordInto(core, sink, length, blocking);
  return out;
}

export async function nextFile(core: Core, file: unknown, options: NextFileOptions | undefined): Promise<number> {
  core.requireOpen();
  const { at = -1 } = requireOptions("options", options, nextFileNames);
  requireInteger("at", at, -1);
  if (!(file instanceof SoundFile)) {
    throw new TypeError(`file must be a SoundFile, as toFile() of the stream opens one, not ${show(file)}`);
  }
  const { sink } = core.endpoints;
  if (!(sink instanceof FileCapture) || sink.isClosed || !core.active) {
    throw new TypeError("nextFile() requires a running recording into a file");
  }
  sink.switchTo(file, at, core.native);
  const { handle } = core.native;
  return await core.poller.until(
    () => {
      const begin = native().ps_stream_next_file_at(handle);
      return isPending(begin) ? undefined : unwrap(begin, "nextFile");
    },
    undefined,
    { keepAlive: true, reason: change },
  );
}
