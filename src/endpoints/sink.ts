import { PS_SINK_DROP, PS_SINK_ENDS_RUN } from "../../ffi/constants.ts";
import { type OptionNames, requireOneOf, requireOptions, show } from "../base/validate.ts";
import { RingBuffer } from "../ring/ring-buffer.ts";
import type { Capture, TaskFunction } from "../run/endpoint.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { requireBufferSize, ringFrames } from "../run/ring-size.ts";
import type { Dtype, SamplesOf } from "../samples/formats.ts";
import { isMemory, type Samples } from "../samples/samples.ts";
import { SoundFile } from "../sound-file/sound-file.ts";
import { FileCapture } from "./file.ts";
import { MemoryCapture } from "./memory.ts";
import { RingCapture } from "./ring.ts";
import { shapeFor, shapeNames, type ShapeOptions } from "./shape.ts";
import { functionDrain, streamDrain, TaskCapture } from "./task.ts";
import { isWorkerTask, lackOfWorker, WorkerCapture, type WorkerTask } from "./worker.ts";

/** Anything that can be recorded into. */
export type Sink<D extends Dtype = Dtype> =
  | Samples<D>
  | RingBuffer
  | SoundFile
  | string // the path of a sound file that is created or replaced at each start, and closed after the run
  | URL // likewise
  | WritableStream<SamplesOf<D>>
  | TaskFunction
  | WorkerTask;

/** How to record into a sink. */
export interface SinkOptions extends ShapeOptions {
  /**
   * Frames of the ring between the device and a file or function. Default: at least 65536, more where sample rate,
   * block size and latency need it. With fewer than a block has, no block finds room.
   */
  bufferSize?: number;
  /**
   * What happens if there is no room left: "abort" (default) ends the run with a BufferFullError; "drop" drops the
   * newest frames, counts them, and adds them to the glitch log.
   */
  onOverflow?: "abort" | "drop";
}

export const sinkOptionNames: OptionNames<SinkOptions> = { ...shapeNames, bufferSize: true, onOverflow: true };

/** Checks an overflow policy. */
export function requireOverflow(onOverflow: SinkOptions["onOverflow"]): void {
  if (onOverflow !== undefined) requireOneOf("onOverflow", onOverflow, ["abort", "drop"]);
}

/** The PS_SINK_ flags of an overflow policy. */
export function overflowFlags(onOverflow: SinkOptions["onOverflow"]): number {
  requireOverflow(onOverflow);
  return onOverflow === "drop" ? PS_SINK_DROP : 0;
}

/** The PS_SINK_ flags that a sink beside others has in addition: without a policy it ends alone when it is full. */
export function tapFlags(onOverflow: SinkOptions["onOverflow"]): number {
  return onOverflow === "abort" ? PS_SINK_ENDS_RUN : 0;
}

/** Prepares a sink for a stream. Its options must have been checked for names. */
export function openCapture(sink: unknown, options: SinkOptions, direction: StreamDirection): Capture {
  const { onOverflow, bufferSize } = options;
  if (bufferSize !== undefined) requireBufferSize(bufferSize);
  const flags = overflowFlags(onOverflow);
  if (sink instanceof SoundFile || typeof sink === "string" || sink instanceof URL) {
    return new FileCapture(sink, direction, options, flags);
  }
  const shape = shapeFor("sink", direction, options);
  const size = ringFrames(shape, bufferSize);
  if (sink instanceof RingBuffer) return new RingCapture(sink, shape, flags);
  if (isMemory(sink)) return new MemoryCapture(sink, shape, flags);
  if (isWorkerTask(sink)) return new WorkerCapture(sink, shape, size, flags);
  if (typeof sink === "function") {
    return new TaskCapture(functionDrain(sink as TaskFunction), shape, size, flags);
  }
  if (sink instanceof WritableStream) return new TaskCapture(streamDrain(sink), shape, size, flags);
  throw new TypeError(
    "a sink must be samples, a RingBuffer, a SoundFile, the path or URL of one, a WritableStream, a function or a " +
      `worker task, not ${show(sink)}${lackOfWorker(sink)}`,
  );
}

/** Checks the options of setSink(), or those that playrec() has under `name`. */
export function requireSinkOptions(options: SinkOptions | undefined, name = "options"): SinkOptions {
  return requireOptions(name, options, sinkOptionNames);
}
