// A source that is written to from outside: writable().
import { PS_ENDPOINT_RING } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import { memoryRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Playback } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { prebufferFrames } from "../run/ring-size.ts";
import { requireMapped, withRate } from "./shape.ts";

export class WrittenPlayback implements Playback {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  /** A start other than by its writer does not wait: there may be no write until it resolves. */
  readonly prebuffer = 0;
  /** Frames that the device waits for if the first write starts it. */
  readonly wanted: number;
  readonly shape: StreamDirection;
  readonly #end = new AbortController();
  /** Frames of silence at the beginning of the next run. */
  #lead = 0;

  constructor(direction: StreamDirection, size: number) {
    this.shape = direction;
    this.wanted = Math.min(prebufferFrames(direction), size);
    requireMapped(direction, direction.channels);
    this.ring = memoryRing("bufferSize", direction.frameBytes, size);
  }

  /** Whether it has been played, which is possible only once. */
  get over(): boolean {
    return this.signal.aborted;
  }

  /** Aborted when nothing more will be played. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  /**
   * Before a run whose input is to be written to it, in chunks of `chunkFrames`: begins with silence for as long as the
   * first chunk takes to arrive, so that no chunk comes late.
   */
  beginWithSilence(chunkFrames: number): void {
    if (!this.over && this.ring.readAvailable === 0) this.#lead = this.wanted + chunkFrames;
  }

  attach(stream: NativeStream): void {
    if (this.over) throw new TypeError("source must not be a writable() that was played before: make a new one");
    stream.setSource(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.shape), 0);
    unwrap(native().ps_stream_set_lead(stream.handle, this.#lead));
    this.#lead = 0;
  }

  end(): void {
    this.#end.abort();
  }

  release(): void {
    this.end();
    this.ring.close();
  }
}
