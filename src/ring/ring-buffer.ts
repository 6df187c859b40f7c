import { PS_END_READER, PS_END_WRITER } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { showAsText } from "../base/inspect.ts";
import { requireInteger, show } from "../base/validate.ts";
import { unwrap } from "../library/native-error.ts";
import { requireView, requireWholeElements } from "../samples/memory.ts";
import { MAX_RING_SIZE, type NativeRing, newMemoryRing, newRing, sharedRing } from "./native-ring.ts";

/** What `RingBuffer.share()` returns: a plain object that survives postMessage. */
export interface RingHandle {
  /** The native ring. */
  readonly pastreamRing: number;
  /** Bytes in one element. */
  readonly elementSize: number;
  /** Capacity in elements. */
  readonly size: number;
  /** The ring's storage, if that is shared memory of the caller's own. */
  readonly storage?: Uint8Array;
}

let ringOf: (owner: RingOwner) => NativeRing;

/**
 * Holds the native ring of a RingBuffer. The constructor of RingBuffer makes a new one; this one takes one that exists.
 *
 * @internal
 */
class RingOwner {
  readonly #ring: NativeRing;

  constructor(ring: NativeRing) {
    this.#ring = ring;
  }

  static {
    ringOf = (owner) => owner.#ring;
  }
}

/**
 * Lock-free ring buffer for one reader and one writer, which JavaScript shares with the native audio callback and file
 * threads, or with a worker.
 *
 * Its memory is the library's own, unless `buffer` is given. A stream that runs works on a copy of memory of the
 * caller's own, which is brought up to date when the run has ended: the runtime may free such memory while the audio
 * callback still uses it (at an uncaught error, or when a worker ends). `read()` and `write()` go on working meanwhile.
 *
 * @example
 * ```ts
 * import { RingBuffer } from "@pastream/pastream";
 *
 * using ring = new RingBuffer(4, 1024); // 1024 elements of 4 bytes
 * ring.write(new Float32Array([0.5, -0.5]));
 * const samples = new Float32Array(2);
 * ring.readInto(samples);
 * ```
 */
export class RingBuffer extends RingOwner implements Disposable {
  /**
   * A new ring, empty.
   *
   * @param elementSize bytes in one element (for audio: bytes in one frame)
   * @param size number of elements, a power of 2; may be omitted when `buffer` is given
   * @param buffer memory to use as the storage
   */
  constructor(elementSize: number, size?: number, buffer?: ArrayBufferView | ArrayBufferLike) {
    super(newRing(elementSize, size, buffer));
  }

  static {
    showAsText(this);
  }

  /** Bytes in one element; for audio, in one frame. */
  get elementSize(): number {
    return ringOf(this).elementSize;
  }

  /** Capacity in elements. */
  get size(): number {
    return ringOf(this).size;
  }

  /** Number of elements that can be read. */
  get readAvailable(): number {
    return ringOf(this).readAvailable;
  }

  /** Number of elements that can be written. */
  get writeAvailable(): number {
    return ringOf(this).writeAvailable;
  }

  /** Copies out up to `size` elements (default: all that can be read) into new memory. */
  read(size?: number): Uint8Array<ArrayBuffer> {
    const available = unwrap(native().ps_ring_read_available(ringOf(this).handle), "RingBuffer");
    const count = size === undefined ? available : Math.min(requireInteger("size", size, 0), available);
    const data = new Uint8Array(new ArrayBuffer(count * this.elementSize));
    unwrap(native().ps_ring_read(ringOf(this).handle, data, count), "RingBuffer");
    return data;
  }

  /** Copies out into `data`, as much as fits or can be read. Returns the number of elements. */
  readInto(data: ArrayBufferView): number {
    const count = wholeElements(ringOf(this), data);
    return unwrap(native().ps_ring_read(ringOf(this).handle, data, count), "RingBuffer");
  }

  /** Copies in up to `size` elements of `data` (default: all). Returns how many fitted. */
  write(data: ArrayBufferView, size?: number): number {
    const count = size === undefined ? wholeElements(ringOf(this), data) : firstElements(ringOf(this), data, size);
    return unwrap(native().ps_ring_write(ringOf(this).handle, data, count), "RingBuffer");
  }

  /**
   * The readable region without a copy: [elements, first part, second part]; the second is empty unless the region
   * wraps. Read it, then go on with `advanceReadIndex()`. Under Deno this needs `--allow-ffi` without a path.
   */
  getReadBuffers(size?: number): [count: number, part1: Uint8Array, part2: Uint8Array] {
    return regions(ringOf(this), PS_END_READER, size);
  }

  /** The writable region, likewise. Write to it, then go on with `advanceWriteIndex()`. */
  getWriteBuffers(size?: number): [count: number, part1: Uint8Array, part2: Uint8Array] {
    return regions(ringOf(this), PS_END_WRITER, size);
  }

  /** Removes up to `count` elements without a copy. Returns how many. */
  advanceReadIndex(count: number): number {
    const checked = requireInteger("count", count, 0, MAX_RING_SIZE);
    return unwrap(native().ps_ring_advance_read(ringOf(this).handle, checked), "RingBuffer");
  }

  /** Adds up to `count` elements that have been written in place. Returns how many. */
  advanceWriteIndex(count: number): number {
    const checked = requireInteger("count", count, 0, MAX_RING_SIZE);
    return unwrap(native().ps_ring_advance_write(ringOf(this).handle, checked), "RingBuffer");
  }

  /** Its size; console.log() shows it. */
  override toString(): string {
    return `RingBuffer(${this.size} elements of ${this.elementSize} bytes)`;
  }

  /** Empties it. Call it only while neither side is using it. */
  flush(): void {
    unwrap(native().ps_ring_flush(ringOf(this).handle), "RingBuffer");
  }

  /**
   * A handle that survives postMessage; `RingBuffer.from(handle)` opens the same ring in a worker. The ring stays this
   * RingBuffer's: close it when all are done with it. Of its two ends each belongs to one thread at a time.
   */
  share(): RingHandle {
    const ring = ringOf(this);
    const handle = { pastreamRing: ring.share(), elementSize: ring.elementSize, size: ring.size };
    return ring.storage ? { ...handle, storage: ring.storage } : handle;
  }

  /** Opens a ring that another thread has shared. Closing it here does not close it there. */
  static from(handle: RingHandle): RingBuffer {
    if (typeof handle !== "object" || handle === null) {
      throw new TypeError(`handle must be what share() returns, not ${show(handle)}`);
    }
    const { storage = null } = handle;
    const ring = sharedRing(requireInteger("handle.pastreamRing", handle.pastreamRing, 1, MAX_RING_SIZE), storage);
    const { size, elementSize } = ring;
    if (size !== handle.size || elementSize !== handle.elementSize) {
      throw new TypeError(
        `handle names a ring of ${size} elements of ${elementSize} bytes, not of ${show(handle.size)} of ` +
          show(handle.elementSize),
      );
    }
    if (storage !== null && !(storage instanceof Uint8Array && storage.byteLength >= size * elementSize)) {
      throw new TypeError(
        `handle.storage must be the ring's ${size * elementSize} bytes or more, not ${show(storage)}`,
      );
    }
    return ringBufferOf(ring);
  }

  /** Frees the ring. Views on it become empty, and using it afterwards is an error. A second call has no effect. */
  close(): void {
    ringOf(this).close();
  }

  /** The same as close(). */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Elements in a caller's memory, which must be whole ones; no more than could be moved at once. */
function wholeElements(ring: NativeRing, data: ArrayBufferView): number {
  const elements = requireWholeElements("data", requireView("data", data).byteLength, ring.elementSize);
  return Math.min(elements, ring.size);
}

/** `size`, which must not be more than a caller's memory has; no more than could be moved at once. */
function firstElements(ring: NativeRing, data: ArrayBufferView, size: number): number {
  const elements = Math.floor(requireView("data", data).byteLength / ring.elementSize);
  return Math.min(requireInteger("size", size, 0, elements), ring.size);
}

function regions(ring: NativeRing, end: number, size: number = ring.size): [number, Uint8Array, Uint8Array] {
  return ring.regions(end, Math.min(requireInteger("size", size, 0), ring.size));
}

/** A RingBuffer of a native ring that exists. */
function ringBufferOf(ring: NativeRing): RingBuffer {
  return Reflect.construct(RingOwner, [ring], RingBuffer) as RingBuffer;
}

/** The native ring of a RingBuffer. */
export function nativeRing(ring: RingBuffer): NativeRing {
  return ringOf(ring);
}

/** The native handle. Throws for a closed ring. */
export function ringHandle(ring: RingBuffer): number {
  return ringOf(ring).openHandle;
}

/**
 * A ring of the library's own memory and of any size. `name` is the option that determines its size. Streams never work
 * on memory of JavaScript: when a process or worker ends, the runtime frees that before the audio callback has stopped,
 * which crashes the process (measured: Deno at uncaught errors, Deno and Node at the end of a worker). Samples are
 * copied in before a run with `write()`, and out after it with `peekRing()`.
 */
export function memoryRing(name: string, elementSize: number, size: number): RingBuffer {
  return ringBufferOf(newMemoryRing(name, elementSize, size));
}

/**
 * Says that `count` elements are going to be written with `writeHeld()`, and returns the number to do that with. They
 * are dropped if the stream that plays the ring is cleared before.
 */
export function holdElements(ring: RingBuffer, count: number): number {
  return unwrap(native().ps_ring_hold(ringHandle(ring), Math.min(count, MAX_RING_SIZE)), "RingBuffer");
}

/** As `ring.write(data)`. Once the ring has been cleared since, nothing is written, and all counts as if it were. */
export function writeHeld(ring: RingBuffer, data: Uint8Array, clears: number): number {
  const count = Math.floor(data.byteLength / ring.elementSize);
  return unwrap(native().ps_ring_write_held(ringHandle(ring), data, count, clears), "RingBuffer");
}

/** Copies elements of a ring into `data` without removing them, those after the first `from`; returns how many. */
export function peekRing(ring: RingBuffer, from: number, data: ArrayBufferView): number {
  const count = Math.min(Math.floor(data.byteLength / ring.elementSize), ring.size);
  return unwrap(native().ps_ring_peek(ringHandle(ring), from, data, count), "RingBuffer");
}
