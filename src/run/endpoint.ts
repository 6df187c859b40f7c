// The contract between a run and its endpoints: what a stream plays (a source) and what it records into (a sink). Each
// kind of endpoint is a file of endpoints/.
import type { Dtype } from "../samples/formats.ts";
import type { Poller } from "../base/poller.ts";
import type { RingBuffer } from "../ring/ring-buffer.ts";
import type { NativeStream } from "./native-stream.ts";
import type { StreamDirection } from "./opened-stream.ts";
import type { Run } from "./run.ts";

/** The stream of a task: on the main thread the stream itself, in a worker an object that stands for it. */
export interface TaskStream {
  /** Number of channels; of a stream that plays and records a pair, here and below. */
  readonly channels: number | readonly [input: number, output: number];
  /** Sample format. */
  readonly dtype: Dtype | readonly [input: Dtype, output: Dtype];
  /** Bytes in one sample. */
  readonly sampleSize: number | readonly [input: number, output: number];
  /** Seconds, as the device reports it. */
  readonly latency: number | readonly [input: number, output: number];
  /** Hz. */
  readonly sampleRate: number;
  /** Frames per callback; 0 if the backend decides. */
  readonly blockSize: number;
  /** Whether it plays and records. */
  readonly isDuplex: boolean;
  /** Whether it has started and has not finished. */
  readonly active: boolean;
  /** Whether it has run and has ended. */
  readonly finished: boolean;
  /** Whether it was ended by stop(). */
  readonly stopped: boolean;
  /** Whether it was ended by abort() or by an error. */
  readonly aborted: boolean;
  /** Frames processed since the start. */
  readonly frameCount: number;
  /** How often the device or a source was late since the start. */
  readonly xruns: number;
  /** PaStreamCallbackFlags seen since the start, or-ed. */
  readonly status: number;
  /** Seconds, by the stream's clock. */
  readonly time: number;
  /** Share of the available time that the callback needs, 0 to 1. */
  readonly cpuLoad: number;
  /** Stops the stream. In a worker the promise resolves when the command has been given. */
  stop(): Promise<void>;
  /** Aborts the stream. In a worker the promise resolves when the command has been given. */
  abort(): Promise<void>;
}

/** The third argument of a task. */
export interface TaskContext {
  /** The `loop` option of the source. */
  readonly loop: boolean;
  /** Aborted when the stream ends. */
  readonly signal: AbortSignal;
  /** The `data` of a worker task; undefined otherwise. */
  readonly data?: unknown;
}

/** A function that fills or empties the ring of a stream while it runs. A source ends when its function returns. */
export type TaskFunction = {
  // Written as a method, so that a function may also ask for one of the stream classes.
  task(stream: TaskStream, ring: RingBuffer, context: TaskContext): void | Promise<void>;
}["task"];

/** What an endpoint knows of the stream that uses it. */
export interface Host {
  readonly stream: TaskStream;
  readonly native: NativeStream;
  readonly poller: Poller;
  readonly sampleRate: number;
  /**
   * Milliseconds until the sink's ring is expected to have `frames` frames, after `checks` checks without success; 0 if
   * it has them, or if no more will come.
   */
  dueIn(frames: number, checks: number): number;
  /** The sink that this is: 0 that of the run, else the number of a tap; undefined: none that is on. */
  readonly sink: number | undefined;
  /** Whether the source is being cleared. */
  readonly queue: Clearing;
  /** Ends a run with an error. */
  fail(run: Run, error: unknown): void;
}

/** What the writer of a source needs to know about clear(). */
export interface Clearing {
  /** Settles when the device has dropped what was queued; undefined unless that is under way. */
  readonly serving: Promise<void> | undefined;
}

/** For a ring that is never cleared. */
export const neverCleared: Clearing = { serving: undefined };

/** Where a sink tells the native side what to record into: as ps_stream_set_sink, for the sink of the run or a tap. */
export interface SinkPort {
  setSink(kind: number, object: number, flags: number, between?: number): void;
}

/** What opens an endpoint for a run: what keeps it waiting must give up when the signal is aborted. */
export interface Opening {
  readonly signal: AbortSignal;
  readonly poller: Poller;
}

/** What sources and sinks have in common. */
export interface Endpoint {
  /** Its frames; `stream` is set where they are not the stream's. */
  readonly shape: StreamDirection;
  /** Whether a start must open it first: it may have to wait for another process. */
  readonly isClosed?: boolean;
  /** At a start, before it is attached, if it is closed: opens it off this thread. An error ends the run. */
  open?(opening: Opening): Promise<void>;
}

/** A source that has been prepared for a stream. */
export interface Playback extends Endpoint {
  /** The ring that the device reads from. */
  readonly ring: RingBuffer;
  /** Frames of the stream that it would play from now on; undefined if that is not known, or endless. */
  readonly frames: number | undefined;
  /** The default number of frames that must be in the ring before the device starts, as for ps_stream_set_prebuffer. */
  readonly prebuffer: number;
  /** Before a start: tells the native side what to play. */
  attach(native: NativeStream): void;
  /**
   * At a start: begins to fill the ring, where JavaScript does that. The device waits for the promise, which does not
   * reject. With `waits` it waits for what is to be played anyway.
   */
  begin?(host: Host, run: Run, waits: boolean): Promise<void> | void;
  /** Ends the source: only what is in the ring is still played. */
  drain?(): void;
  /** Gives an error of the run that comes from the native side the cause that JavaScript knows. */
  explain?(error: unknown): unknown;
  /** After a run. */
  end?(): void;
  /** It is not needed any more. */
  release(): void;
}

/** A sink that has been prepared for a stream. */
export interface Capture extends Endpoint {
  /** The ring that the device writes to. */
  readonly ring: RingBuffer;
  /** Frames of the stream that it has room for; undefined if there is no limit. */
  readonly frames: number | undefined;
  /** Whether it serves a single run, and releases itself. */
  readonly once?: boolean;
  /** Before a start, and of a tap also during a run: tells the native side what to record into. */
  attach(port: SinkPort): void;
  /** Before the device starts, which waits for the promise. An error ends the run. */
  prepare?(host: Host, run: Run): Promise<void> | void;
  /** After the device has started: begins to empty the ring, where JavaScript does that. */
  begin?(host: Host, run: Run): void;
  /** After a run, which has not ended before the promise resolves. It may throw an error of the sink, or reject. */
  end?(): Promise<void> | void;
  /** It is not needed any more. */
  release(): void;
}
