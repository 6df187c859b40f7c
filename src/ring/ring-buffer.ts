import { PS_RING_ELEMENT_SIZE, PS_RING_SIZE } from "../../ffi/constants.ts";
import { native, nativeView } from "../../ffi/load.ts";
import { PastreamError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import { detach, requireBytes, requireView, requireWholeElements } from "../samples/memory.ts";
import { requireInteger, show } from "../base/validate.ts";

/** What `RingBuffer.share()` gives: a plain object that survives postMessage. */
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

const MAX_ELEMENT_SIZE = 65536;
/** The most elements of a ring: what an int32_t can count. */
export const MAX_RING_SIZE = 2 ** 31 - 1;
/** The largest view that every runtime makes; asked for a larger one, Node 20 dies. */
const MAX_VIEW = 2 ** 32;
const READ_SIDE = 0;
const WRITE_SIDE = 1;

/** A native ring that exists already, for the constructor to take over. */
class Opened {
  readonly handle: number;
  readonly size: number;
  /** Whether closing the RingBuffer frees the ring. */
  readonly owned: boolean;
  readonly storage: Uint8Array | null;

  constructor(handle: number, size: number, owned: boolean, storage: Uint8Array | null) {
    this.handle = handle;
    this.size = size;
    this.owned = owned;
    this.storage = storage;
  }
}

/** Frees rings that were dropped without being closed, and rings whose views outlived them. */
const forgotten = new FinalizationRegistry<number>((handle) => native().ps_ring_free(handle));
/** A view keeps its ring, and with it the memory that it shows. */
const keptByView = new WeakMap<ArrayBuffer, RingBuffer>();

let handleOf: (ring: RingBuffer) => number;
let lend: (ring: RingBuffer) => number;
let takeBack: (ring: RingBuffer) => void;

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
export class RingBuffer implements Disposable {
  /** Bytes in one element; for audio, in one frame. */
  readonly elementSize: number;
  /** Capacity in elements. */
  readonly size: number;
  #handle: number;
  readonly #owned: boolean;
  /** Memory of the caller's own, if that is the storage. */
  readonly #storage: Uint8Array | null;
  /** How many streams work on a copy of that. */
  #loans = 0;
  /** Another thread may use that. */
  #shared = false;
  /** The one view on native storage, made on first use. */
  #view: Uint8Array<ArrayBuffer> | null = null;
  /** A handle of this view's own, where the ring belongs to another thread. */
  #viewHandle = 0;
  #regions: Int32Array | null = null;
  #lastAvailable: { readonly read: number; readonly write: number } = { read: 0, write: 0 };

  /**
   * A new ring, empty.
   *
   * @param elementSize bytes in one element (for audio: bytes in one frame)
   * @param size number of elements, a power of 2; may be omitted when `buffer` is given
   * @param buffer memory to use as the storage
   */
  constructor(elementSize: number, size?: number, buffer?: ArrayBufferView | ArrayBufferLike);
  constructor(elementSize: number, size?: number, buffer?: ArrayBufferView | ArrayBufferLike | Opened) {
    const opened = buffer instanceof Opened ? buffer : open(elementSize, size, buffer);
    this.elementSize = elementSize;
    this.size = opened.size;
    this.#handle = opened.handle;
    this.#owned = opened.owned;
    this.#storage = opened.storage;
    if (opened.owned) forgotten.register(this, opened.handle, this);
  }

  /** Number of elements that can be read. */
  get readAvailable(): number {
    if (this.#handle === 0) return this.#lastAvailable.read;
    return unwrap(native().ps_ring_read_available(this.#live()), "RingBuffer");
  }

  /** Number of elements that can be written. */
  get writeAvailable(): number {
    if (this.#handle === 0) return this.#lastAvailable.write;
    return unwrap(native().ps_ring_write_available(this.#live()), "RingBuffer");
  }

  /** Copies out up to `size` elements (default: all that can be read) into new memory. */
  read(size?: number): Uint8Array<ArrayBuffer> {
    const available = unwrap(native().ps_ring_read_available(this.#live()), "RingBuffer");
    const count = size === undefined ? available : Math.min(requireInteger("size", size, 0), available);
    const data = new Uint8Array(new ArrayBuffer(count * this.elementSize));
    unwrap(native().ps_ring_read(this.#live(), data, count), "RingBuffer");
    return data;
  }

  /** Copies out into `data`, as much as fits or can be read. Returns the number of elements. */
  readInto(data: ArrayBufferView): number {
    const count = this.#elements(data);
    return unwrap(native().ps_ring_read(this.#live(), data, count), "RingBuffer");
  }

  /** Copies in up to `size` elements of `data` (default: all). Returns how many fitted. */
  write(data: ArrayBufferView, size?: number): number {
    const count = size === undefined ? this.#elements(data) : this.#elementsOf(data, size);
    return unwrap(native().ps_ring_write(this.#live(), data, count), "RingBuffer");
  }

  /**
   * The readable region without a copy: [elements, first part, second part]; the second is empty unless the region
   * wraps. Read it, then go on with `advanceReadIndex()`. Under Deno this needs `--allow-ffi` without a path.
   */
  getReadBuffers(size?: number): [count: number, part1: Uint8Array, part2: Uint8Array] {
    return this.#parts(READ_SIDE, size);
  }

  /** The writable region, likewise. Write to it, then go on with `advanceWriteIndex()`. */
  getWriteBuffers(size?: number): [count: number, part1: Uint8Array, part2: Uint8Array] {
    return this.#parts(WRITE_SIDE, size);
  }

  /** Removes up to `count` elements without a copy. Returns how many. */
  advanceReadIndex(count: number): number {
    const checked = requireInteger("count", count, 0, MAX_RING_SIZE);
    return unwrap(native().ps_ring_advance_read(this.#live(), checked), "RingBuffer");
  }

  /** Adds up to `count` elements that have been written in place. Returns how many. */
  advanceWriteIndex(count: number): number {
    const checked = requireInteger("count", count, 0, MAX_RING_SIZE);
    return unwrap(native().ps_ring_advance_write(this.#live(), checked), "RingBuffer");
  }

  /** Empties it. Call it only while neither side is using it. */
  flush(): void {
    unwrap(native().ps_ring_flush(this.#live()), "RingBuffer");
  }

  /**
   * A handle that survives postMessage; `RingBuffer.from(handle)` opens the same ring in a worker. The ring stays this
   * RingBuffer's: close it when all are done with it. Of the two sides each belongs to one thread at a time.
   */
  share(): RingHandle {
    const handle = { pastreamRing: this.#live(), elementSize: this.elementSize, size: this.size };
    unwrap(native().ps_ring_info(handle.pastreamRing, PS_RING_SIZE), "RingBuffer");
    if (this.#storage && !(this.#storage.buffer instanceof SharedArrayBuffer)) {
      throw new TypeError("a ring over memory of this thread's own cannot be shared: give it a SharedArrayBuffer");
    }
    this.#requireBack("cannot be shared");
    // Another thread may hold on to it when nobody here does.
    forgotten.unregister(this);
    this.#shared = true;
    return this.#storage ? { ...handle, storage: this.#storage } : handle;
  }

  /** Opens a ring that another thread has shared. Closing it here does not close it there. */
  static from(handle: RingHandle): RingBuffer {
    if (typeof handle !== "object" || handle === null) {
      throw new TypeError(`handle must be what share() gives, not ${show(handle)}`);
    }
    const ring = requireInteger("handle.pastreamRing", handle.pastreamRing, 1, MAX_RING_SIZE);
    const size = unwrap(native().ps_ring_info(ring, PS_RING_SIZE), "RingBuffer.from");
    const elementSize = unwrap(native().ps_ring_info(ring, PS_RING_ELEMENT_SIZE), "RingBuffer.from");
    if (size !== handle.size || elementSize !== handle.elementSize) {
      throw new TypeError(
        `handle names a ring of ${size} elements of ${elementSize} bytes, not of ${show(handle.size)} of ` +
          show(handle.elementSize),
      );
    }
    const { storage = null } = handle;
    if (storage !== null && !(storage instanceof Uint8Array && storage.byteLength >= size * elementSize)) {
      throw new TypeError(
        `handle.storage must be the ring's ${size * elementSize} bytes or more, not ${show(storage)}`,
      );
    }
    return adopt(elementSize, new Opened(ring, size, false, storage));
  }

  /** Frees the ring. Views on it become empty, and using it afterwards is an error. A second call has no effect. */
  close(): void {
    if (this.#handle === 0) return;
    const handle = this.#handle;
    const { ps_ring_read_available, ps_ring_write_available, ps_ring_free } = native();
    this.#lastAvailable = {
      read: Math.max(0, ps_ring_read_available(handle)),
      write: Math.max(0, ps_ring_write_available(handle)),
    };
    this.#handle = 0;
    forgotten.unregister(this);
    const toFree = this.#owned ? handle : this.#viewHandle;
    if (toFree === 0) return;
    // A view that cannot be emptied keeps the memory until it is gone itself.
    if (this.#view && !detach(this.#view.buffer)) forgotten.register(this.#view.buffer, toFree);
    else ps_ring_free(toFree);
  }

  /** The same as close(). */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The handle for a call. Of a closed ring it is 0, for which the native side returns the error. */
  #live(): number {
    if (this.#storage !== null && this.#storage.byteLength === 0) {
      throw new PastreamError("closed", "RingBuffer: the memory that it was given has been detached");
    }
    return this.#handle;
  }

  /** Elements in a caller's memory, no more than could be moved at once. */
  #elements(data: ArrayBufferView): number {
    const elements = requireWholeElements("data", requireView("data", data).byteLength, this.elementSize);
    return Math.min(elements, this.size);
  }

  #elementsOf(data: ArrayBufferView, size: number): number {
    const elements = Math.floor(requireView("data", data).byteLength / this.elementSize);
    return Math.min(requireInteger("size", size, 0, elements), this.size);
  }

  #parts(side: number, size: number = this.size): [number, Uint8Array, Uint8Array] {
    const count = Math.min(requireInteger("size", size, 0), this.size);
    this.#requireBack("has no regions");
    const regions = this.#regions ??= new Int32Array(new ArrayBuffer(16));
    const found = unwrap(native().ps_ring_regions(this.#live(), side, count, regions), "RingBuffer");
    const bytes = this.#storage ?? (this.#view ??= this.#openView());
    const part = (offset: number, count: number) =>
      bytes.subarray(offset * this.elementSize, (offset + count) * this.elementSize);
    return [found, part(regions[0], regions[1]), part(regions[2], regions[3])];
  }

  /** For what needs memory of the caller's own to be the storage again. */
  #requireBack(lack: string): void {
    if (this.#loans === 0) return;
    throw new PastreamError("active", `RingBuffer: over memory of your own it ${lack} while a stream uses it`);
  }

  #openView(): Uint8Array<ArrayBuffer> {
    const { ps_ring_address, ps_ring_share } = native();
    const bytes = this.size * this.elementSize;
    if (bytes > MAX_VIEW) {
      const help = `is limited to ${MAX_VIEW} bytes, and this ring has ${bytes}; read() and write() do without`;
      throw new PastreamError("unsupported", `RingBuffer: access without a copy ${help}`);
    }
    if (!this.#owned) this.#viewHandle = unwrap(ps_ring_share(this.#handle), "RingBuffer");
    let memory: ArrayBuffer;
    try {
      memory = nativeView(ps_ring_address(this.#handle), bytes);
    } catch (cause) {
      const help = "needs Deno's --allow-ffi without a path; read() and write() do without";
      throw new PastreamError("unsupported", `RingBuffer: access without a copy ${help}`, { cause });
    }
    keptByView.set(memory, this);
    return new Uint8Array(memory);
  }

  static {
    handleOf = (ring) => {
      if (ring.#handle === 0) throw new PastreamError("closed", "RingBuffer: it is closed");
      return ring.#live();
    };
    lend = (ring) => {
      const handle = handleOf(ring);
      if (!ring.#storage) return handle;
      if (ring.#shared || !ring.#owned) {
        throw new TypeError(
          "a stream cannot use a ring over memory that another thread may use: omit `buffer`, and share that ring",
        );
      }
      if (ring.#loans === 0) unwrap(native().ps_ring_move(handle, null, 0), "RingBuffer");
      ring.#loans++;
      return handle;
    };
    takeBack = (ring) => {
      if (!ring.#storage || --ring.#loans > 0 || ring.#handle === 0 || ring.#storage.byteLength === 0) return;
      unwrap(native().ps_ring_move(ring.#handle, ring.#storage, ring.#storage.byteLength), "RingBuffer");
    };
  }
}

/** A RingBuffer of a native ring that exists. */
function adopt(elementSize: number, opened: Opened): RingBuffer {
  const Internal = RingBuffer as unknown as new (elementSize: number, size: undefined, opened: Opened) => RingBuffer;
  return new Internal(elementSize, undefined, opened);
}

/** Checks what a user asks for, and makes the ring. */
function open(elementSize: number, size?: number, buffer?: ArrayBufferView | ArrayBufferLike): Opened {
  requireInteger("elementSize", elementSize, 1, MAX_ELEMENT_SIZE);
  const storage = buffer === undefined ? null : requireStorage(buffer);
  if (storage === null && size === undefined) throw new TypeError("size must be given where there is no buffer");
  const elements = size !== undefined ? size : requireWholeElements("buffer", storage!.byteLength, elementSize);
  requireInteger("size", elements, 1, MAX_RING_SIZE);
  if ((elements & (elements - 1)) !== 0) throw new RangeError(`size must be a power of 2, not ${elements}`);
  if (storage && elements * elementSize > storage.byteLength) {
    throw new RangeError(
      `buffer must have at least ${elements * elementSize} bytes (${elements} elements of ${elementSize}), not ` +
        `${storage.byteLength}`,
    );
  }
  const handle = native().ps_ring_new(elementSize, elements, storage, storage?.byteLength ?? 0);
  return new Opened(unwrap(handle, "RingBuffer"), elements, true, storage);
}

function requireStorage(buffer: ArrayBufferView | ArrayBufferLike): Uint8Array {
  const storage = requireBytes("buffer", buffer);
  if ("resizable" in storage.buffer && storage.buffer.resizable) {
    throw new TypeError("buffer must not be resizable: its memory could shrink under the ring");
  }
  return storage;
}

/**
 * A ring of the library's own memory and of any size. `name` is the option that determines its size. Streams never work
 * on memory of JavaScript: when a process or worker ends, the runtime frees that before the audio callback has stopped,
 * which crashes the process (measured: Deno at uncaught errors, Deno and Node at the end of a worker). Samples are
 * copied in before a run with `write()`, and out after it with `peekRing()`.
 */
export function memoryRing(name: string, elementSize: number, size: number): RingBuffer {
  if (size > MAX_RING_SIZE) {
    throw new RangeError(`${name} must not have more than ${MAX_RING_SIZE} frames, not ${size}`);
  }
  const handle = native().ps_ring_new(elementSize, size, null, 0);
  return adopt(elementSize, new Opened(unwrap(handle, name), size, true, null));
}

/** Copies the contents of a ring into `data` without removing them; returns the number of elements. */
export function peekRing(ring: RingBuffer, data: ArrayBufferView): number {
  const count = Math.min(Math.floor(data.byteLength / ring.elementSize), ring.size);
  return unwrap(native().ps_ring_read_overlap(handleOf(ring), data, count, count), "RingBuffer");
}

/** The native handle. Throws for a closed ring. */
export function ringHandle(ring: RingBuffer): number {
  return handleOf(ring);
}

/** A ring of the user's that a stream works on: never on memory of JavaScript's, see above. */
export class RingLoan {
  readonly #ring: RingBuffer;
  #lent = false;

  constructor(ring: RingBuffer) {
    this.#ring = ring;
  }

  /** Before a run: the native handle. */
  take(): number {
    if (this.#lent) return handleOf(this.#ring);
    const handle = lend(this.#ring);
    this.#lent = true;
    return handle;
  }

  /** When the native side has let go of it. */
  giveBack(): void {
    if (this.#lent) takeBack(this.#ring);
    this.#lent = false;
  }
}
