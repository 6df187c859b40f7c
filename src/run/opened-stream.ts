import {
  PS_ACTUAL_BLOCK_SIZE,
  PS_ACTUAL_DEVICE_RATE,
  PS_ACTUAL_INPUT_CHANNELS,
  PS_ACTUAL_INPUT_DEVICE,
  PS_ACTUAL_INPUT_LATENCY,
  PS_ACTUAL_INPUT_RATE,
  PS_ACTUAL_SAMPLE_RATE,
  PS_ACTUAL_SIZE,
  PS_COMMAND_OPEN,
  PS_CONFIG_CONVERSION,
  PS_CONFIG_FOLLOW,
  PS_CONVERSION_NEVER,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { cString } from "../../ffi/text.ts";
import { hostTexts } from "../device/host-settings.ts";
import { withCandidates } from "../device/devices.ts";
import { areOlderThan, noteLists, prepareLists, refreshLists, refreshListsNow } from "../device/lists.ts";
import {
  type CheckedStreamOptions,
  namesDevice,
  requireStreamOptions,
  streamConfig,
  withLastingDevices,
} from "../device/stream-config.ts";
import type { StreamKind, StreamOptions } from "../device/stream-options.ts";
import { DeviceNotFoundError, LibraryNotFoundError, PortAudioError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import type { Dtype } from "../samples/formats.ts";
import type { FrameFormat } from "../samples/samples.ts";
import { NativeStream } from "./native-stream.ts";

/** One direction of an open stream, as the device gave it. */
export interface StreamDirection extends FrameFormat {
  /** The native number of the device. */
  readonly device: number;
  readonly sampleSize: number;
  /** Seconds, as the device reports it. */
  readonly latency: number;
  readonly sampleRate: number;
  /** Frames per callback; 0 if the backend decides. */
  readonly blockSize: number;
  /** Whether sources and sinks that do not fit are converted. */
  readonly conversion: "auto" | "never";
  /** The channel map that was set for it; undefined: none. */
  mapping: readonly number[] | undefined;
  /** Channels of the last source that was refused because a map must say which of them go where. */
  refused?: number;
  /** Of an endpoint with other frames than the stream: the stream's own direction. */
  readonly stream?: StreamDirection;
}

/** A stream whose device is open and that has not been started: what the stream classes are constructed from. */
export class OpenedStream {
  readonly #read: () => Float64Array;
  readonly native: NativeStream;
  readonly sampleRate: number;
  readonly blockSize: number;
  readonly signal: AbortSignal | undefined;
  /** Whether it goes on on another device when its own is lost. */
  readonly follows: boolean;
  /** Undefined for a direction that the stream lacks. */
  readonly directions: readonly [input: StreamDirection | undefined, output: StreamDirection | undefined];

  constructor(native: NativeStream, { formats, signal, config }: CheckedStreamOptions) {
    const read = this.#read = actualReader(native);
    const actual = read();
    const sampleRate = actual[PS_ACTUAL_SAMPLE_RATE];
    const blockSize = actual[PS_ACTUAL_BLOCK_SIZE];
    this.native = native;
    this.sampleRate = sampleRate;
    this.blockSize = blockSize;
    this.signal = signal;
    this.follows = config[PS_CONFIG_FOLLOW] === 1;
    const conversion = config[PS_CONFIG_CONVERSION] === PS_CONVERSION_NEVER ? "never" : "auto";
    const direction = (side: number): StreamDirection | undefined => {
      const format = formats[side];
      if (!format) return undefined;
      const channels = actual[PS_ACTUAL_INPUT_CHANNELS + side];
      return {
        get device() {
          return read()[PS_ACTUAL_INPUT_DEVICE + side];
        },
        channels,
        dtype: format.dtype as Dtype,
        sampleSize: format.sampleSize,
        frameBytes: channels * format.sampleSize,
        get latency() {
          return read()[PS_ACTUAL_INPUT_LATENCY + side];
        },
        sampleRate,
        blockSize,
        conversion,
        mapping: undefined,
      };
    };
    this.directions = [direction(0), direction(1)];
  }

  /** In Hz. It changes, as do a direction's device and latency, when the stream goes on on another device. */
  get deviceRate(): number {
    return this.#read()[PS_ACTUAL_DEVICE_RATE];
  }

  /** In Hz, of an input device that has a clock of its own; else 0. */
  get inputClockRate(): number {
    return this.#read()[PS_ACTUAL_INPUT_RATE];
  }
}

/** Returns a function that returns what the device gives now; after the stream is closed, what it gave last. */
function actualReader({ handle }: NativeStream): () => Float64Array {
  const actual = new Float64Array(new ArrayBuffer(PS_ACTUAL_SIZE * 8));
  unwrap(native().ps_stream_actual(handle, actual, PS_ACTUAL_SIZE));
  return () => {
    native().ps_stream_actual(handle, actual, PS_ACTUAL_SIZE);
    return actual;
  };
}

/** Makes a native stream that is not open yet, and a function for when it is. */
function create(checked: CheckedStreamOptions): [NativeStream, () => OpenedStream] {
  const { signal } = checked;
  signal?.throwIfAborted();
  const { config, list } = streamConfig(checked);
  const texts = hostTexts(checked.hostSettings);
  const stream = new NativeStream(config, list);
  for (const [what, text] of texts) unwrap(native().ps_stream_set_text(stream.handle, what, cString(text)));
  return [stream, () => new OpenedStream(stream, checked)];
}

/**
 * PaErrorCodes of what the device is asked for and cannot do, however often: channels, rates, formats, settings; and of
 * a device that was waited for in vain, for which another try would wait as long again.
 */
const REFUSALS = [-9998, -9997, -9995, -9994, -9987, -9984];

/**
 * Whether another look at the devices may help after an open that began at a time: a device may have come since they
 * were looked at, or its server may be another one by now.
 */
function isWorthALook(error: unknown, begun: number): boolean {
  if (!areOlderThan(begun)) return false;
  if (error instanceof PortAudioError) return !REFUSALS.includes(error.paCode);
  return error instanceof DeviceNotFoundError || error instanceof LibraryNotFoundError; // a device is not in the list
}

/** Of the errors before and after another look, the one to report: the lists of the second are new. */
function reported(first: unknown, second: unknown): unknown {
  return withCandidates(first instanceof DeviceNotFoundError ? second : first);
}

function openOnceNow(checked: CheckedStreamOptions): OpenedStream {
  noteLists();
  const [stream, opened] = create(checked);
  try {
    stream.openNow();
    return opened();
  } catch (error) {
    stream.free();
    throw error;
  }
}

/** Opens a stream, and blocks until that is done. */
export function openNow(kind: StreamKind, options: StreamOptions | undefined): OpenedStream {
  const checked = requireStreamOptions(kind, options);
  const begun = performance.now();
  try {
    return openOnceNow(checked);
  } catch (first) {
    if (!isWorthALook(first, begun)) throw withCandidates(first);
    const lasting = withLastingDevices(checked);
    refreshListsNow();
    try {
      return openOnceNow(lasting);
    } catch (second) {
      throw reported(first, second);
    }
  }
}

async function openOnce(checked: CheckedStreamOptions): Promise<OpenedStream> {
  if (namesDevice(checked)) await prepareLists();
  noteLists();
  const [stream, opened] = create(checked);
  try {
    await stream.command(PS_COMMAND_OPEN);
    checked.signal?.throwIfAborted();
    return opened();
  } catch (error) {
    stream.free();
    throw error;
  }
}

/** Opens a stream off this thread. */
export async function open(kind: StreamKind, options: StreamOptions | undefined): Promise<OpenedStream> {
  const checked = requireStreamOptions(kind, options);
  checked.signal?.throwIfAborted();
  const begun = performance.now();
  try {
    return await openOnce(checked);
  } catch (first) {
    if (first instanceof DeviceNotFoundError && !namesDevice(checked)) await prepareLists();
    if (!isWorthALook(first, begun)) throw withCandidates(first);
    const lasting = withLastingDevices(checked);
    await refreshLists();
    try {
      return await openOnce(lasting);
    } catch (second) {
      throw reported(first, second);
    }
  }
}
