// A source that is written to from outside: writable().
import { PS_ENDPOINT_RING } from "../../ffi/constants.ts";
import { memoryRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Playback } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";

export class WrittenPlayback implements Playback {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly prebuffer = 0;
  readonly #end = new AbortController();

  constructor(frameBytes: number, size: number) {
    this.ring = memoryRing("bufferSize", frameBytes, size);
  }

  /** Whether it has been played: that is possible once. */
  get over(): boolean {
    return this.signal.aborted;
  }

  /** Aborted when nothing more will be played. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  attach(stream: NativeStream): void {
    if (this.over) throw new TypeError("source must not be a writable() that was played before: make a new one");
    stream.setSource(PS_ENDPOINT_RING, ringHandle(this.ring), 0);
  }

  end(): void {
    this.#end.abort();
  }

  release(): void {
    this.end();
    this.ring.close();
  }
}
