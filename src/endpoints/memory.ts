// Memory that is played from or recorded into as a whole.
import { PS_ENDPOINT_RING, PS_SINK_MEMORY, PS_SOURCE_COMPLETE, PS_SOURCE_LOOP } from "../../ffi/constants.ts";
import { nextTurn, PIECE_BYTES } from "../base/event-loop.ts";
import { memoryRing, peekRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Capture, Host, Playback, SinkPort } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import type { Run } from "../run/run.ts";
import type { SamplesOf } from "../samples/formats.ts";
import { interleaveFrames, requirePlanes } from "../samples/interleave.ts";
import { requireSamples, requireUnchanged } from "../samples/samples.ts";
import { framesToFill, streamFrames, withRate } from "./shape.ts";

/** Frames that are copied at once. */
const pieceOf = ({ frameBytes }: StreamDirection): number => Math.ceil(PIECE_BYTES / frameBytes);

/** Bytes of a source of memory, which must be samples of a format or planes of them. */
function bytesOf(memory: unknown, format: StreamDirection): number {
  if (!Array.isArray(memory)) return requireSamples("source", memory, format).byteLength;
  requirePlanes(memory);
  return memory[0].byteLength * memory.length;
}

export class MemoryPlayback implements Playback {
  readonly ring: RingBuffer;
  readonly frames: number | undefined;
  readonly prebuffer = 0;
  readonly #memory: unknown;
  readonly shape: StreamDirection;
  readonly #bytes: number;
  readonly #loop: boolean;
  /** How many frames of it are in the ring. */
  #copied = 0;

  /** @param memory interleaved samples, or an array of planes */
  constructor(memory: unknown, format: StreamDirection, loop: boolean) {
    this.#memory = memory;
    this.shape = format;
    this.#bytes = bytesOf(memory, format);
    this.#loop = loop;
    if (loop && this.#bytes === 0) throw new RangeError("loop must not be set for an empty source");
    this.frames = loop ? undefined : streamFrames(this.#all, format);
    this.ring = memoryRing("source", format.frameBytes, Math.max(this.#all, 1));
    this.#fill();
  }

  /** Frames of the memory. */
  get #all(): number {
    return this.#bytes / this.shape.frameBytes;
  }

  /** Copies the first piece of the memory into the ring as it is now. */
  #fill(): void {
    this.ring.flush();
    this.#copied = 0;
    this.#copyPiece();
  }

  #copyPiece(): void {
    const to = Math.min(this.#copied + pieceOf(this.shape), this.#all);
    this.ring.write(this.#piece(this.#copied, to));
    this.#copied = to;
  }

  /** The frames `from` to `to` of the memory, which may have been transferred. */
  #piece(from: number, to: number): ArrayBufferView {
    const memory = this.#memory;
    if (Array.isArray(memory)) {
      if (bytesOf(memory, this.shape) === this.#bytes) return interleaveFrames(memory, from, to);
      throw new TypeError("the planes of source must still be as long as they were");
    }
    const { frameBytes } = this.shape;
    return requireUnchanged("source", memory, this.shape, this.#bytes).subarray(from * frameBytes, to * frameBytes);
  }

  /** Copies the rest. */
  begin(host: Host, run: Run): Promise<void> | undefined {
    if (this.#copied === this.#all) return undefined;
    return this.#copyRest(run).catch((error) => host.fail(run, error));
  }

  async #copyRest(run: Run): Promise<void> {
    while (this.#copied < this.#all) {
      await nextTurn();
      if (!run.isOn || run.ordered > 0) return;
      this.#copyPiece();
    }
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
  #copying: Promise<void> | undefined;
  #released = false;

  constructor(memory: unknown, format: StreamDirection, flags: number, once = false) {
    this.once = once;
    this.#memory = memory;
    this.shape = format;
    this.#flags = flags | PS_SINK_MEMORY;
    this.#bytes = requireSamples("sink", memory, format).byteLength;
    const frames = this.#bytes / format.frameBytes;
    this.frames = framesToFill(frames, format);
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
  end(): Promise<void> | undefined {
    const frames = Math.min(this.ring.readAvailable, this.#bytes / this.shape.frameBytes);
    if (frames > pieceOf(this.shape)) return this.#copying = this.#copyInTurns(frames);
    try {
      this.#copy(0, frames);
    } finally {
      if (this.once) this.release();
    }
    return undefined;
  }

  async #copyInTurns(frames: number): Promise<void> {
    const piece = pieceOf(this.shape);
    try {
      for (let at = 0; at < frames; at += piece) {
        this.#copy(at, Math.min(at + piece, frames));
        await nextTurn();
      }
    } finally {
      this.#copying = undefined;
      if (this.once || this.#released) this.ring.close();
    }
  }

  #copy(from: number, to: number): void {
    const { frameBytes } = this.shape;
    peekRing(this.ring, from, this.#bytesOfMemory().subarray(from * frameBytes, to * frameBytes));
  }

  release(): void {
    this.#released = true;
    if (!this.#copying) this.ring.close();
  }
}

/** The first samples, copied in pieces like all memory. */
export async function firstOf(samples: SamplesOf, length: number): Promise<SamplesOf> {
  const first = new (samples.constructor as new (length: number) => SamplesOf)(length);
  const piece = PIECE_BYTES / samples.BYTES_PER_ELEMENT;
  for (let at = 0; at < length; at += piece) {
    if (at > 0) await nextTurn();
    first.set(samples.subarray(at, Math.min(at + piece, length)), at);
  }
  return first;
}

/** A sink of memory for a single run. */
export function captureOnce(memory: SamplesOf, format: StreamDirection): Capture {
  return new MemoryCapture(memory, format, 0, true);
}
