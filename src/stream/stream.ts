import { countOf } from "../base/count.ts";
import {
  PS_DEVICE_VIRTUAL,
  PS_NUMBER_CPU_LOAD,
  PS_NUMBER_FRAME_COUNT,
  PS_NUMBER_STATUS,
  PS_NUMBER_TIME,
  PS_NUMBER_XRUNS,
  PS_STATE_ABORTED,
  PS_STATE_STOPPED,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { showAsText } from "../base/inspect.ts";
import { queryDevices } from "../device/devices.ts";
import { unwrap } from "../library/native-error.ts";
import { type Conversion, conversionsOf, describeConversion } from "../run/conversions.ts";
import { Core } from "../run/core.ts";
import type { StreamKind, StreamOptions } from "../device/stream-options.ts";
import { type OpenedStream, openNow, type StreamDirection } from "../run/opened-stream.ts";
import type { CallbackStats, Glitch, Levels, XrunCounts } from "../run/readings.ts";
import { requireStartPlan, type StartOptions } from "../run/run-options.ts";
import type { Dtype } from "../samples/formats.ts";

/** Flag of `status`: the device had no input for a block. */
export const paInputUnderflow = 1;
/** Flag of `status`: input was lost before a block. */
export const paInputOverflow = 2;
/** Flag of `status`: the device had nothing to play before a block. */
export const paOutputUnderflow = 4;
/** Flag of `status`: output was dropped. */
export const paOutputOverflow = 8;
/** Flag of `status`: output was used to fill the buffers of the device. */
export const paPrimingOutput = 16;

let coreFrom: (stream: Stream) => Core;

/** The internals of a stream, for the files of this package. */
export function coreOf(stream: Stream): Core {
  return coreFrom(stream);
}

/** What the constructor of a class takes instead of opening a device. */
let handed: { readonly Class: unknown; readonly opened: OpenedStream } | undefined;

/** Makes a stream of a class, which may be a user's, from one that has been opened with the options. */
export function fromOpened<S extends Stream>(
  Class: new (options?: never) => S,
  opened: OpenedStream,
  options: unknown,
): S {
  handed = { Class, opened };
  try {
    return new Class(options as never);
  } catch (error) {
    opened.native.free();
    throw error;
  } finally {
    handed = undefined;
  }
}

/** For the constructor of a class: what fromOpened() has handed over, or else what it opens itself. */
export function takeOpened(Class: unknown, kind: StreamKind, options: StreamOptions | undefined): OpenedStream {
  if (handed?.Class !== Class) return openNow(kind, options);
  const { opened } = handed!;
  handed = undefined;
  return opened;
}

/**
 * What all streams have in common. The constructor opens the device, start() and the methods for one purpose (play(),
 * record(), chunks() and others) start a run, and close() or `await using` closes the device.
 */
export abstract class Stream implements AsyncDisposable {
  readonly #core: Core;

  /** Called by the constructors of InputStream, OutputStream and DuplexStream. */
  protected constructor(opened: OpenedStream) {
    this.#core = new Core(this, opened);
  }

  static {
    coreFrom = (stream) => stream.#core;
    showAsText(this);
  }

  /** Index of the device; of a DuplexStream a pair, here and below. */
  abstract get device(): number | readonly [input: number, output: number];
  /** Number of channels. */
  abstract get channels(): number | readonly [input: number, output: number];
  /** Sample format. */
  abstract get dtype(): Dtype | readonly [input: Dtype, output: Dtype];
  /** Bytes in one sample. */
  abstract get sampleSize(): number | readonly [input: number, output: number];
  /** Seconds, as the device reports it. */
  abstract get latency(): number | readonly [input: number, output: number];

  /** Hz. */
  get sampleRate(): number {
    return this.#core.sampleRate;
  }

  /** Rate that the device runs at, in Hz. If it differs from `sampleRate`, samples are converted between the two. */
  get deviceRate(): number {
    return this.#core.deviceRate;
  }

  /** What is converted: between the device and the stream, and between the stream and its source and sinks as set. */
  get conversions(): readonly Conversion[] {
    return conversionsOf(this.#core);
  }

  /** Frames per callback; 0 if the backend decides. */
  get blockSize(): number {
    return this.#core.blockSize;
  }

  /** Whether it plays and records. */
  get isDuplex(): boolean {
    return this.#core.input !== undefined && this.#core.output !== undefined;
  }

  /** Whether a run has started and not ended. */
  get active(): boolean {
    return this.#core.active;
  }

  /** Whether a run has ended: by itself, or because it was stopped or aborted. */
  get finished(): boolean {
    return this.#core.finished;
  }

  /** Whether the last run was ended by stop(). */
  get stopped(): boolean {
    return this.#core.finished && this.#core.run.outcome === PS_STATE_STOPPED;
  }

  /** Whether the last run was ended by abort() or by an error. */
  get aborted(): boolean {
    return this.#core.finished && this.#core.run.outcome === PS_STATE_ABORTED;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#core.closed;
  }

  /** Frames processed since the last start. */
  get frameCount(): number {
    return this.#core.readings.number(PS_NUMBER_FRAME_COUNT);
  }

  /** How often the device or a source was late since the last start. */
  get xruns(): number {
    return this.#core.readings.number(PS_NUMBER_XRUNS);
  }

  /** The same by kind. */
  get xrunCounts(): XrunCounts {
    return this.#core.readings.xrunCounts();
  }

  /** The log of gaps and losses since the last start: the last 256, oldest first. */
  get glitches(): readonly Glitch[] {
    return this.#core.readings.glitches();
  }

  /** PaStreamCallbackFlags seen since the last start, or-ed: paInputUnderflow and so on. */
  get status(): number {
    return this.#core.readings.number(PS_NUMBER_STATUS);
  }

  /** Seconds, by the stream's clock. */
  get time(): number {
    return this.#core.readings.number(PS_NUMBER_TIME);
  }

  /** Share of the available time that the callback needs, 0 to 1. */
  get cpuLoad(): number {
    return this.#core.readings.number(PS_NUMBER_CPU_LOAD);
  }

  /** Level of each channel since this was last read. */
  get levels(): Levels {
    return this.#core.readings.levels();
  }

  /** How late callbacks came and how long they took, since the last start. */
  get callbackStats(): CallbackStats {
    return this.#core.readings.callbackStats();
  }

  /**
   * Settles when the current run, or the first one if none has started, has ended and its files have been flushed. It
   * rejects with the error that ended the run, but never as an unhandled rejection. If it is awaited, stop(),
   * abort() and close() do not throw that error again.
   */
  get ended(): Promise<void> {
    return this.#core.run.ended;
  }

  /**
   * Starts a run: it plays what setSource() has set, and records into what setSink() has set. With a function, iterable
   * or file as source it waits until `prebuffer` frames are in the ring (true, the default: the first write).
   */
  async start(options?: StartOptions): Promise<void> {
    await this.#core.start(requireStartPlan(options));
  }

  /** Plays what is in the device's buffers, then stops. What is still in rings and files is not played. */
  async stop(): Promise<void> {
    await this.#core.stop();
  }

  /** Ends the source, waits until all of it has been played, then stops. */
  async drain(): Promise<void> {
    await this.#core.drain();
  }

  /** Stops at once, and drops what has not been played. */
  async abort(): Promise<void> {
    await this.#core.abort();
  }

  /** Aborts the stream if it is active, and closes the device. A second call has no effect. */
  async close(): Promise<void> {
    await this.#core.close();
  }

  /**
   * Waits until the run has ended, files have been flushed and sinks have settled; returns false if that takes longer
   * than `timeout` seconds. Throws the error that ended the run, unless an earlier call has thrown it.
   */
  async wait(timeout?: number): Promise<boolean> {
    return await this.#core.wait(timeout);
  }

  /** The same as close(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#core.close();
  }

  /** Lets the process end while this stream is active. */
  unref(): void {
    this.#core.keepAlive(false);
  }

  /** Keeps the process alive while this stream is active: the default. */
  ref(): void {
    this.#core.keepAlive(true);
  }

  /** A short description of the stream, and of what is converted. */
  toString(): string {
    const { input, output, sampleRate, blockSize } = this.#core;
    const both = [input, output].filter((direction) => direction !== undefined);
    const once = (texts: string[]) => [...new Set(texts)].join(" / ");
    const channels = this.isDuplex
      ? `${input!.channels} in, ${output!.channels} out`
      : countOf(both[0].channels, "channel");
    const what = [
      once(both.map((direction) => `'${deviceName(direction)}'`)),
      `${sampleRate} Hz`,
      channels,
      once(both.map(({ dtype }) => dtype)),
      `blockSize ${blockSize}`,
    ];
    const converted = this.conversions.map((conversion) => `; ${conversion.what} ${describeConversion(conversion)}`);
    return `${this.constructor.name}(${what.join(", ")}${converted.join("")})`;
  }
}

function deviceName({ device }: StreamDirection): string {
  return device === PS_DEVICE_VIRTUAL ? "virtual" : queryDevices()[device]?.name ?? `device ${device}`;
}

/** The index of the device in the list of all devices. */
export function deviceIndex({ device }: StreamDirection): number {
  return device === PS_DEVICE_VIRTUAL ? unwrap(native().ps_device_count(), "device") - 1 : device;
}
