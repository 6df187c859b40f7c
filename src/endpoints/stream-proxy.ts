import {
  PS_COMMAND_ABORT,
  PS_COMMAND_STOP,
  PS_NUMBER_CPU_LOAD,
  PS_NUMBER_FRAME_COUNT,
  PS_NUMBER_STATUS,
  PS_NUMBER_TIME,
  PS_NUMBER_XRUNS,
  PS_STATE_COMPLETED,
  PS_STATE_STOPPED,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import type { Host, TaskStream } from "../run/endpoint.ts";
import { isRunning } from "../run/native-stream.ts";
import { liveReadings, type Readings } from "../run/readings.ts";

/** The properties of a stream that do not change, and its native handle. It survives postMessage. */
export type StreamDescription =
  & { readonly handle: number }
  & Pick<TaskStream, "channels" | "dtype" | "sampleSize" | "latency" | "sampleRate" | "blockSize" | "isDuplex">;

export function describeStream({ stream, native }: Host): StreamDescription {
  const { channels, dtype, sampleSize, latency, sampleRate, blockSize, isDuplex } = stream;
  return { handle: native.handle, channels, dtype, sampleSize, latency, sampleRate, blockSize, isDuplex };
}

/** The stream of a task in a worker: it asks the native stream, not the thread that it belongs to. */
export class StreamProxy implements TaskStream {
  readonly channels: StreamDescription["channels"];
  readonly dtype: StreamDescription["dtype"];
  readonly sampleSize: StreamDescription["sampleSize"];
  readonly latency: StreamDescription["latency"];
  readonly sampleRate: number;
  readonly blockSize: number;
  readonly isDuplex: boolean;
  readonly #handle: number;
  readonly #readings: Readings;
  readonly #ended: () => boolean;
  #seenRunning = false;

  /** @param ended whether the stream's own thread has reported its end */
  constructor(description: StreamDescription, ended: () => boolean) {
    this.channels = description.channels;
    this.dtype = description.dtype;
    this.sampleSize = description.sampleSize;
    this.latency = description.latency;
    this.sampleRate = description.sampleRate;
    this.blockSize = description.blockSize;
    this.isDuplex = description.isDuplex;
    this.#handle = description.handle;
    this.#readings = liveReadings(description.handle, [0, 0]);
    this.#ended = ended;
  }

  /** Reads the native state, so that it is right even while the stream's own thread is busy. */
  get active(): boolean {
    if (this.#ended()) return false;
    const running = isRunning(this.#readings.state());
    this.#seenRunning ||= running;
    return running || !this.#seenRunning; // the worker was started together with the stream
  }

  get finished(): boolean {
    return !this.active;
  }

  get stopped(): boolean {
    return this.finished && this.#readings.state() === PS_STATE_STOPPED;
  }

  get aborted(): boolean {
    return this.finished && ![PS_STATE_STOPPED, PS_STATE_COMPLETED].includes(this.#readings.state());
  }

  get frameCount(): number {
    return this.#readings.number(PS_NUMBER_FRAME_COUNT);
  }

  get xruns(): number {
    return this.#readings.number(PS_NUMBER_XRUNS);
  }

  get status(): number {
    return this.#readings.number(PS_NUMBER_STATUS);
  }

  get time(): number {
    return this.#readings.number(PS_NUMBER_TIME);
  }

  get cpuLoad(): number {
    return this.#readings.number(PS_NUMBER_CPU_LOAD);
  }

  // deno-lint-ignore require-await
  async stop(): Promise<void> {
    unwrap(native().ps_stream_command(this.#handle, PS_COMMAND_STOP), "stop");
  }

  // deno-lint-ignore require-await
  async abort(): Promise<void> {
    unwrap(native().ps_stream_command(this.#handle, PS_COMMAND_ABORT), "abort");
  }
}
