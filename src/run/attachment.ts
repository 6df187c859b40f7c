import { PS_ENDPOINT_NONE, PS_RUN_FATAL_XRUNS } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import type { Capture, Playback } from "./endpoint.ts";
import type { NativeStream } from "./native-stream.ts";
import { requireOffsetWithin, type RunLength, untilFull } from "./run-length.ts";
import type { StartPlan } from "./run-options.ts";

/** The source and the sink of a stream. */
export class Attachment {
  readonly #native: NativeStream;
  #source: Playback | undefined;
  #sink: Capture | undefined;
  /** The last sink that served a single run; what it recorded may not have been fetched yet. */
  #usedSink: Capture | undefined;

  constructor(native: NativeStream) {
    this.#native = native;
  }

  get source(): Playback | undefined {
    return this.#source;
  }

  set source(source: Playback | undefined) {
    this.#source?.release();
    this.#source = source;
  }

  get sink(): Capture | undefined {
    return this.#sink;
  }

  set sink(sink: Capture | undefined) {
    this.#sink?.release();
    this.#sink = sink;
  }

  /** Gives the native side everything that a run needs. */
  attach({ prebuffer, fatalXruns, ...given }: StartPlan): void {
    const { frames, pad, offset } = this.lengthOf(given);
    const { handle } = this.#native;
    this.#detach();
    this.#source?.attach(this.#native);
    try {
      this.#sink?.attach(this.#native);
    } catch (error) {
      this.#detach();
      this.#source?.end?.();
      throw error;
    }
    unwrap(native().ps_stream_set_run(handle, frames, pad, offset, fatalXruns ? PS_RUN_FATAL_XRUNS : 0));
    const wanted = prebuffer === true ? this.#source?.prebuffer ?? 0 : Number(prebuffer);
    // A source need not give more frames than are played.
    unwrap(native().ps_stream_set_prebuffer(handle, frames < 0 ? wanted : Math.min(wanted, frames)));
  }

  /** What the run before has counted is over: for a run that must open its endpoints before attach() does the same. */
  forgetCounts(): void {
    unwrap(native().ps_stream_set_run(this.#native.handle, 0, 0, 0, 0));
  }

  /** The length of a run; throws if it cannot be. The source must be open. */
  lengthOf(given: RunLength): RunLength {
    const length = this.#source ? given : untilFull(given, this.#sink?.frames);
    requireOffsetWithin(length, this.#source?.frames);
    return length;
  }

  #detach(): void {
    const { handle } = this.#native;
    native().ps_stream_set_source(handle, PS_ENDPOINT_NONE, 0, 0, 0);
    native().ps_stream_set_sink(handle, PS_ENDPOINT_NONE, 0, 0, 0);
  }

  /** After a run. `fail` is called with each error of an endpoint. A promise: recorded memory is being copied. */
  release(fail: (error: unknown) => void): Promise<void> | undefined {
    this.#detach();
    let copied: Promise<void> | void = undefined;
    for (const end of [() => this.#source?.end?.(), () => copied = this.#sink?.end?.()]) {
      try {
        end();
      } catch (error) {
        fail(error);
      }
    }
    if (this.#sink?.once) {
      this.#usedSink = this.#sink;
      this.#sink = undefined;
    }
    return (copied as Promise<void> | undefined)?.catch(fail);
  }

  /** When the stream has been closed. */
  close(): void {
    this.source = undefined;
    this.sink = undefined;
    this.#usedSink?.release();
  }
}
