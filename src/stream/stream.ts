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
import { Core } from "../run/core.ts";
import { queryDevices } from "../device/devices.ts";
import { unwrap } from "../library/errors.ts";
import type { Dtype } from "../samples/formats.ts";
import type { Direction, OpenedStream } from "../run/opened-stream.ts";
import type { CallbackStats, Glitch, Levels, XrunCounts } from "../run/readings.ts";
import type { StartOptions } from "../run/run-options.ts";

/** PaStreamCallbackFlags, for `status`: no input was there before a block. */
export const paInputUnderflow = 1;
/** Input was lost before a block. */
export const paInputOverflow = 2;
/** The device had nothing to play before a block. */
export const paOutputUnderflow = 4;
/** Output was thrown away. */
export const paOutputOverflow = 8;
/** Some of the output is being used to fill the device's buffers. */
export const paPrimingOutput = 16;

let coreFrom: (stream: Stream) => Core;

/** What is behind a stream, for the files of this package. */
export function coreOf(stream: Stream): Core {
  return coreFrom(stream);
}

/** What all streams share. Opened by its constructor, running after start(), freed by close() or `await using`. */
export abstract class Stream implements AsyncDisposable {
  readonly #core: Core;

  /** Made by the constructors of InputStream, OutputStream and DuplexStream. */
  protected constructor(opened: OpenedStream) {
    this.#core = new Core(this, opened);
  }

  static {
    coreFrom = (stream) => stream.#core;
  }

  /** Index of the device; a pair on a DuplexStream, here and below. */
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

  /** Frames per callback; 0: the backend decides. */
  get blockSize(): number {
    return this.#core.blockSize;
  }

  /** Whether it plays and records. */
  get isDuplex(): boolean {
    return this.#core.input !== undefined && this.#core.output !== undefined;
  }

  /** Started, and not yet finished. */
  get active(): boolean {
    return this.#core.active;
  }

  /** Was started, and completed, was stopped or was aborted. */
  get finished(): boolean {
    return this.#core.finished;
  }

  /** Ended by stop(). */
  get stopped(): boolean {
    return this.#core.finished && this.#core.run.outcome === PS_STATE_STOPPED;
  }

  /** Ended by abort() or by an error. */
  get aborted(): boolean {
    return this.#core.finished && this.#core.run.outcome === PS_STATE_ABORTED;
  }

  /** Freed by close(). */
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

  /** What went wrong since the last start, the last 256 of it, oldest first. */
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

  /** The share of its time that the callback takes, 0 to 1. */
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
   * Settles when the current run, or the first one to come, has ended and its files are flushed; rejects with the error
   * that ended it. It is never an unhandled rejection.
   */
  get ended(): Promise<void> {
    return this.#core.run.ended;
  }

  /**
   * Start playing what setSource() has set and recording into what setSink() has set. With a function, iterable or file
   * source it waits until `prebuffer` frames are in the ring (true, the default: the first write).
   */
  async start(options?: StartOptions): Promise<void> {
    await this.#core.start(options);
  }

  /** Play what is in the device's buffers, then stop; what is still in rings and files is not played. */
  async stop(): Promise<void> {
    await this.#core.stop();
  }

  /** End the source and wait until all of it has been played, then stop. */
  async drain(): Promise<void> {
    await this.#core.drain();
  }

  /** Stop at once and drop what is queued. */
  async abort(): Promise<void> {
    await this.#core.abort();
  }

  /** Free the device. Aborts first if it is running. Calling it again does nothing. */
  async close(): Promise<void> {
    await this.#core.close();
  }

  /**
   * Wait until the run has ended, files are flushed and sinks have settled; false if `timeout` seconds ran out first.
   * Throws what ended the run, if an error did that nobody has been told.
   */
  async wait(timeout?: number): Promise<boolean> {
    return await this.#core.wait(timeout);
  }

  /** The same as close(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#core.close();
  }

  /** Let the process end while this stream is active. */
  unref(): void {
    this.#core.keepAlive(false);
  }

  /** Keep the process alive while this stream is active: the default. */
  ref(): void {
    this.#core.keepAlive(true);
  }

  /** What kind of stream it is, for people. */
  toString(): string {
    const { input, output, sampleRate, blockSize } = this.#core;
    const both = [input, output].filter((direction) => direction !== undefined);
    const once = (texts: string[]) => [...new Set(texts)].join(" / ");
    const channels = this.isDuplex
      ? `${input!.channels} in, ${output!.channels} out`
      : `${both[0].channels} channel${both[0].channels === 1 ? "" : "s"}`;
    const what = [
      once(both.map((direction) => `'${deviceName(direction)}'`)),
      `${sampleRate} Hz`,
      channels,
      once(both.map(({ dtype }) => dtype)),
      `blockSize ${blockSize}`,
    ];
    return `${this.constructor.name}(${what.join(", ")})`;
  }
}

function deviceName({ device }: Direction): string {
  return device === PS_DEVICE_VIRTUAL ? "virtual" : queryDevices()[device]?.name ?? `device ${device}`;
}

/** The index of a direction's device in the list of all. */
export function deviceIndex({ device }: Direction): number {
  return device === PS_DEVICE_VIRTUAL ? unwrap(native().ps_device_count(), "device") - 1 : device;
}
