import { native } from "../../ffi/load.ts";
import type { ChunkPlan } from "./options.ts";
import { unwrap } from "../library/errors.ts";
import { newSamples, type SamplesOf } from "../samples/formats.ts";
import type { Direction } from "../run/opened-stream.ts";
import { fillPlanes, newPlanes } from "../samples/planar.ts";
import { type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import { requireStill } from "../samples/samples.ts";

/** Copies chunks out of the ring into memory that is used again for each. */
export class ChunkReader {
  readonly #handle: number;
  readonly #plan: ChunkPlan;
  readonly #input: Direction;
  /** Frames that fit into a chunk. */
  readonly #most: number;
  /** Bytes of the caller's memory, if that is to be filled. */
  readonly #room: number;
  /** What is handed out if the caller gives no memory. */
  #own: SamplesOf | undefined;
  /** Planar only: where samples lie before they come apart, and where they are put. */
  readonly #mixed: SamplesOf | undefined;
  #planes: SamplesOf[] = [];
  /** Frames of the last chunk that the one before did not have. */
  fresh = 0;

  constructor(ring: RingBuffer, plan: ChunkPlan, input: Direction) {
    this.#handle = ringHandle(ring);
    this.#plan = plan;
    this.#input = input;
    this.#room = plan.out?.byteLength ?? 0;
    this.#most = plan.chunkSize || (plan.out ? Math.floor(this.#room / input.frameBytes) : ring.size);
    if (plan.layout === "planar") this.#mixed = this.#newMemory();
  }

  get available(): number {
    return native().ps_ring_read_available(this.#handle);
  }

  /** Frames that must be there for a chunk, unless it is the last one. */
  get wanted(): number {
    return this.#plan.chunkSize || 1;
  }

  /** The next chunk, of at most `available` frames. */
  read(available: number): SamplesOf | SamplesOf[] {
    const { overlap } = this.#plan;
    const { dtype, sampleSize, frameBytes } = this.#input;
    const frames = Math.min(available, this.#most);
    const memory = this.#memory();
    unwrap(native().ps_ring_read_overlap(this.#handle, this.#mixed ?? memory, frames, overlap), "chunks");
    this.fresh = frames - overlap;
    if (!this.#mixed) return firstBytes(memory, frames * frameBytes);
    if (this.#planes[0]?.buffer !== memory.buffer) {
      this.#planes = newPlanes(
        (memory as SamplesOf).subarray(0, this.#mixed.length) as SamplesOf,
        this.#input.channels,
      );
    }
    fillPlanes(this.#planes, this.#mixed, frames, dtype === "int24" ? 3 : 1);
    return this.#planes.map((plane) => firstBytes(plane, frames * sampleSize));
  }

  /** What is handed out: the caller's memory, which must still be all there, or our own, anew if it was given away. */
  #memory(): ArrayBufferView {
    const { out } = this.#plan;
    if (out) {
      requireStill("out", out, this.#input, this.#room);
      return out;
    }
    if (!this.#own || this.#own.byteLength === 0) this.#own = this.#newMemory();
    return this.#own;
  }

  #newMemory(): SamplesOf {
    return newSamples(this.#input.dtype, this.#most * this.#input.channels) as SamplesOf;
  }
}

/** The first bytes of memory: itself where that is all of it. */
function firstBytes(memory: ArrayBufferView, bytes: number): SamplesOf {
  if (memory.byteLength === bytes) return memory as SamplesOf;
  if (memory instanceof DataView) return new DataView(memory.buffer, memory.byteOffset, bytes) as unknown as SamplesOf;
  const samples = memory as SamplesOf;
  return samples.subarray(0, bytes / samples.BYTES_PER_ELEMENT) as SamplesOf;
}
