// Memory that is played from or recorded into as a whole.
import { PS_ENDPOINT_RING, PS_SINK_MEMORY, PS_SOURCE_COMPLETE, PS_SOURCE_LOOP } from "../../ffi/constants.ts";
import { nextTurn } from "../base/event-loop.ts";
import { memoryRing, peekRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Capture, Host, Playback, SinkPort } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import type { Run } from "../run/run.ts";
import type { SamplesOf } from "../samples/formats.ts";
import { interleave } from "../samples/interleave.ts";
import { requireSamples, requireUnchanged } from "../samples/samples.ts";
import { streamFrames, withRate } from "./shape.ts";

/** Bytes that are copied without giving the event loop a turn: the pages for them may take a millisecond or two. */
const PIECE_BYTES = 2 ** 19;

export class MemoryPlayback implements Playback {
  readonly ring: RingBuffer;
  readonly frames: number | undefined;
  readonly prebuffer = 0;
  readonly #memory: () => unknown;
  readonly shape: StreamDirection;
  readonly #bytes: number;
  readonly #loop: boolean;
  /** What is being copied, */
  #interleaved: unknown;
  /** and how many bytes of it are in the ring. */
  #copied = 0;

  /** @param memory interleaved samples, or an array of planes */
  constructor(memory: unknown, format: StreamDirection, loop: boolean) {
    this.#memory = () => Array.isArray(memory) ? interleave(memory) : memory;
    this.shape = format;
    this.#bytes = requireSamples("source", this.#memory(), format).byteLength;
    this.#loop = loop;
    if (loop && this.#bytes === 0) throw new RangeError("loop must not be set for an empty source");
    const frames = this.#bytes / format.frameBytes;
    this.frames = loop ? undefined : streamFrames(frames, format);
    this.ring = memoryRing("source", format.frameBytes, Math.max(frames, 1));
    this.#fill();
  }

  /** Copies the first piece of the memory into the ring as it is now. */
  #fill(): void {
    this.ring.flush();
    this.#copied = 0;
    this.#interleaved = this.#memory();
    this.#copyPiece();
  }

  #copyPiece(): void {
    const bytes = requireUnchanged("source", this.#interleaved, this.shape, this.#bytes);
    const { frameBytes } = this.shape;
    const length = Math.ceil(PIECE_BYTES / frameBytes) * frameBytes;
    this.ring.write(bytes.subarray(this.#copied, this.#copied + length));
    this.#copied = Math.min(this.#copied + length, this.#bytes);
    if (this.#copied === this.#bytes) this.#interleaved = undefined;
  }

  /** Copies the rest. */
  begin(host: Host, run: Run): Promise<void> | undefined {
    if (this.#copied === this.#bytes) return undefined;
    return this.#copyRest(run).catch((error) => host.fail(run, error));
  }

  async #copyRest(run: Run): Promise<void> {
    while (this.#copied < this.#bytes) {
      await nextTurn();
      if (!run.isOn || run.ordered > 0) return;
      this.#copyPiece();
    }
  }

  get loops(): boolean {
    return this.#loop;
  }

  attach(stream: NativeStream): void {
    this.#fill();
    const flags = PS_SOURCE_COMPLETE | (this.#loop ? PS_SOURCE_LOOP : 0);
    stream.setSource(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.shape), flags);
  }

  release(): void {
    this.ring.close();
  }
}

export class MemoryCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames: number;
  readonly once: boolean;
  readonly #memory: unknown;
  readonly shape: StreamDirection;
  readonly #bytes: number;
  readonly #flags: number;

  constructor(memory: unknown, format: StreamDirection, flags: number, once = false) {
    this.once = once;
    this.#memory = memory;
    this.shape = format;
    this.#flags = flags | PS_SINK_MEMORY;
    this.#bytes = requireSamples("sink", memory, format).byteLength;
    const frames = this.#bytes / format.frameBytes;
    // The stream's frame that fills it may be more than it has room for.
    this.frames = format.stream ? Math.ceil(frames * format.stream.sampleRate / format.sampleRate) : frames;
    this.ring = memoryRing("sink", format.frameBytes, Math.max(frames, 1));
  }

  #bytesOfMemory(): Uint8Array {
    return requireUnchanged("sink", this.#memory, this.shape, this.#bytes);
  }

  attach(port: SinkPort): void {
    this.#bytesOfMemory();
    this.ring.flush();
    if (this.frames === 0) this.ring.advanceWriteIndex(1); // a ring cannot have a size of 0
    port.setSink(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.shape), this.#flags);
  }

  /** Copies what was recorded to the caller's memory, which may have been transferred during the run. */
  end(): void {
    try {
      peekRing(this.ring, this.#bytesOfMemory());
    } finally {
      if (this.once) this.release();
    }
  }

  release(): void {
    this.ring.close();
  }
}

/** A sink of memory for a single run. */
export function captureOnce(memory: SamplesOf, format: StreamDirection): Capture {
  return new MemoryCapture(memory, format, 0, true);
}
