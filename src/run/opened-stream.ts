import {
  PS_ACTUAL_BLOCK_SIZE,
  PS_ACTUAL_INPUT_CHANNELS,
  PS_ACTUAL_INPUT_DEVICE,
  PS_ACTUAL_INPUT_LATENCY,
  PS_ACTUAL_SAMPLE_RATE,
  PS_ACTUAL_SIZE,
  PS_COMMAND_OPEN,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/errors.ts";
import type { Dtype, Format } from "../samples/formats.ts";
import { NativeStream } from "./native-stream.ts";
import type { FrameFormat } from "../samples/samples.ts";
import { streamConfig, type StreamKind, type StreamOptions } from "../device/stream-options.ts";
import { show } from "../base/validate.ts";

/** One direction of an open stream, as the device gave it. */
export interface Direction extends FrameFormat {
  /** The native side's number of the device. */
  readonly device: number;
  readonly sampleSize: number;
  readonly latency: number;
}

/** A stream that is open and has not been started: what the constructors of streams begin with. */
export class OpenedStream {
  readonly native: NativeStream;
  readonly sampleRate: number;
  readonly blockSize: number;
  readonly signal: AbortSignal | undefined;
  /** Undefined for a direction that the stream lacks. */
  readonly directions: readonly [input: Direction | undefined, output: Direction | undefined];

  constructor(native: NativeStream, formats: readonly (Format | undefined)[], signal: AbortSignal | undefined) {
    const actual = actualOf(native);
    this.native = native;
    this.sampleRate = actual[PS_ACTUAL_SAMPLE_RATE];
    this.blockSize = actual[PS_ACTUAL_BLOCK_SIZE];
    this.signal = signal;
    const direction = (side: number): Direction | undefined => {
      const format = formats[side];
      if (!format) return undefined;
      const channels = actual[PS_ACTUAL_INPUT_CHANNELS + side];
      return {
        device: actual[PS_ACTUAL_INPUT_DEVICE + side],
        channels,
        dtype: format.dtype as Dtype,
        sampleSize: format.sampleSize,
        frameBytes: channels * format.sampleSize,
        latency: actual[PS_ACTUAL_INPUT_LATENCY + side],
      };
    };
    this.directions = [direction(0), direction(1)];
  }
}

function actualOf({ handle }: NativeStream): Float64Array {
  const actual = new Float64Array(new ArrayBuffer(PS_ACTUAL_SIZE * 8));
  unwrap(native().ps_stream_actual(handle, actual, PS_ACTUAL_SIZE));
  return actual;
}

/** A native stream of these options, which is not open yet, and what makes an opened one of it. */
function create(kind: StreamKind, options: StreamOptions | undefined): [NativeStream, () => OpenedStream] {
  const { config, list, formats } = streamConfig(kind, options);
  const signal = options?.signal;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal must be an AbortSignal, not ${show(signal)}`);
  }
  signal?.throwIfAborted();
  const stream = new NativeStream(config, list);
  return [stream, () => new OpenedStream(stream, formats, signal)];
}

/** Opens a stream, and blocks until that is done. */
export function openNow(kind: StreamKind, options: StreamOptions | undefined): OpenedStream {
  const [stream, opened] = create(kind, options);
  try {
    stream.openNow();
    return opened();
  } catch (error) {
    stream.free();
    throw error;
  }
}

/** Opens a stream off this thread. */
export async function open(kind: StreamKind, options: StreamOptions | undefined): Promise<OpenedStream> {
  const [stream, opened] = create(kind, options);
  try {
    await stream.command(PS_COMMAND_OPEN);
    options?.signal?.throwIfAborted();
    return opened();
  } catch (error) {
    stream.free();
    throw error;
  }
}
