import { native } from "../../ffi/load.ts";
import type { ChunkPlan } from "./options.ts";
import { unwrap } from "../library/native-error.ts";
import { newSamples, type SamplesOf } from "../samples/formats.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { fillPlanes, newPlanes } from "../samples/planar.ts";
import { type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import { requireUnchanged } from "../samples/samples.ts";

/** Copies chunks from a ring into memory that is reused for each. */
export class ChunkReader {
  readonly #handle: number;
  readonly #plan: ChunkPlan;
  readonly #input: StreamDirection;
  /** Frames that fit into a chunk. */
  readonly #capacity: number;
  /** Bytes of the caller's memory, if that is used. */
  readonly #outBytes: number;
  /** What is yielded unless the caller's memory is used. */
  #own: SamplesOf | undefined;
  /** Planar chunks only: the interleaved samples, and the array of each channel. */
  readonly #interleaved: SamplesOf | undefined;
  #planes: SamplesOf[] = [];
  /** Frames of the last chunk that were not in the one before. */
  newFrames = 0;

  constructor(ring: RingBuffer, plan: ChunkPlan) {
    const { input } = plan;
    this.#handle = ringHandle(ring);
    this.#plan = plan;
    this.#input = input;
    this.#outBytes = plan.out?.byteLength ?? 0;
    this.#capacity = plan.chunkSize || (plan.out ? Math.floor(this.#outBytes / input.frameBytes) : ring.size);
    if (plan.layout === "planar") this.#interleaved = this.#newMemory();
  }

  get available(): number {
    return native().ps_ring_read_available(this.#handle);
  }

  /** Frames that the ring must hold for a chunk that is not the last one. */
  get wanted(): number {
    return this.#plan.chunkSize || 1;
  }

  /** The next chunk, of at most `available` frames. */
  read(available: number): SamplesOf | SamplesOf[] {
    const { overlap } = this.#plan;
    const { dtype, sampleSize, frameBytes } = this.#input;
    const frames = Math.min(available, this.#capacity);
    const memory = this.#memory();
    unwrap(native().ps_ring_read_overlap(this.#handle, this.#interleaved ?? memory, frames, overlap), "chunks");
    this.newFrames = frames - overlap;
    if (!this.#interleaved) return firstBytes(memory, frames * frameBytes);
    if (this.#planes[0]?.buffer !== memory.buffer) {
      this.#planes = newPlanes(
        (memory as SamplesOf).subarray(0, this.#interleaved.length) as SamplesOf,
        this.#input.channels,
      );
    }
    fillPlanes(this.#planes, this.#interleaved, frames, dtype === "int24" ? 3 : 1);
    return this.#planes.map((plane) => firstBytes(plane, frames * sampleSize));
  }

  /** The memory that is yielded: the caller's, which must not have been transferred, or our own, renewed if it was. */
  #memory(): ArrayBufferView {
    const { out } = this.#plan;
    if (out) {
      requireUnchanged("out", out, this.#input, this.#outBytes);
      return out;
    }
    if (!this.#own || this.#own.byteLength === 0) this.#own = this.#newMemory();
    return this.#own;
  }

  #newMemory(): SamplesOf {
    return newSamples(this.#input.dtype, this.#capacity * this.#input.channels) as SamplesOf;
  }
}

/** A view on the first bytes of memory; the memory itself if they are all of it. */
function firstBytes(memory: ArrayBufferView, bytes: number): SamplesOf {
  if (memory.byteLength === bytes) return memory as SamplesOf;
  if (memory instanceof DataView) return new DataView(memory.buffer, memory.byteOffset, bytes) as unknown as SamplesOf;
  const samples = memory as SamplesOf;
  return samples.subarray(0, bytes / samples.BYTES_PER_ELEMENT) as SamplesOf;
}
