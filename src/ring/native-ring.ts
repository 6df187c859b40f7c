// A ring of the native library: its handle, its memory and who works on it.
import { PS_RING_ELEMENT_SIZE, PS_RING_SIZE } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { requireInteger } from "../base/validate.ts";
import { PastreamError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import { requireBytes, requireWholeElements } from "../samples/memory.ts";
import { RingView } from "./view.ts";

const MAX_ELEMENT_SIZE = 65536;
/** The most elements of a ring: what an int32_t can count. */
export const MAX_RING_SIZE = 2 ** 31 - 1;

/** Frees rings that were dropped without being closed. */
const forgotten = new FinalizationRegistry<number>((handle) => native().ps_ring_free(handle));

/** A native ring, open or closed. */
export class NativeRing {
  /** Bytes in one element. */
  readonly elementSize: number;
  /** Capacity in elements. */
  readonly size: number;
  /** Memory of the caller's own, if that is the storage. */
  readonly storage: Uint8Array | null;
  #handle: number;
  /** Whether closing it frees the native ring: another thread owns one that came through share(). */
  readonly #owned: boolean;
  /** The number of streams that work on a copy of the storage. */
  #loans = 0;
  /** Whether another thread may use the storage. */
  #shared = false;
  #view: RingView | null = null;
  #lastAvailable: { readonly read: number; readonly write: number } = { read: 0, write: 0 };

  constructor(handle: number, elementSize: number, size: number, storage: Uint8Array | null, owned: boolean) {
    this.#handle = handle;
    this.elementSize = elementSize;
    this.size = size;
    this.storage = storage;
    this.#owned = owned;
    if (owned) forgotten.register(this, handle, this);
  }

  /** The handle for a call. Of a closed ring it is 0, for which the native side returns the error. */
  get handle(): number {
    if (this.storage !== null && this.storage.byteLength === 0) {
      throw new PastreamError("closed", "RingBuffer: the memory that it was given has been detached");
    }
    return this.#handle;
  }

  /** The handle. Throws for a closed ring. */
  get openHandle(): number {
    if (this.#handle === 0) throw new PastreamError("closed", "RingBuffer: it is closed");
    return this.handle;
  }

  /** Number of elements that can be read, or could be when the ring was closed. */
  get readAvailable(): number {
    if (this.#handle === 0) return this.#lastAvailable.read;
    return unwrap(native().ps_ring_read_available(this.handle), "RingBuffer");
  }

  /** Number of elements that can be written, or could be when the ring was closed. */
  get writeAvailable(): number {
    if (this.#handle === 0) return this.#lastAvailable.write;
    return unwrap(native().ps_ring_write_available(this.handle), "RingBuffer");
  }

  /** The regions at one end: [elements, first part, second part]. */
  regions(end: number, count: number): [number, Uint8Array, Uint8Array] {
    this.#requireNoLoans("has no regions");
    return (this.#view ??= new RingView(this, this.#owned)).regions(end, count);
  }

  /** Prepares it for use by another thread, which frees nothing. Returns the handle. */
  share(): number {
    const handle = this.handle;
    unwrap(native().ps_ring_info(handle, PS_RING_SIZE), "RingBuffer");
    if (this.storage && !(this.storage.buffer instanceof SharedArrayBuffer)) {
      throw new TypeError("a ring over memory of this thread's own cannot be shared: give it a SharedArrayBuffer");
    }
    this.#requireNoLoans("cannot be shared");
    forgotten.unregister(this); // the other thread may use it when this one has dropped it
    this.#shared = true;
    return handle;
  }

  /** For a stream that starts to work on the ring. Storage of the caller's own is copied. Returns the handle. */
  lend(): number {
    const handle = this.openHandle;
    if (!this.storage) return handle;
    if (this.#shared || !this.#owned) {
      throw new TypeError(
        "a stream cannot use a ring over memory that another thread may use: omit `buffer`, and share that ring",
      );
    }
    if (this.#loans === 0) unwrap(native().ps_ring_move(handle, null, 0), "RingBuffer");
    this.#loans++;
    return handle;
  }

  /** For a stream that has let go of the ring. Storage of the caller's own is brought up to date. */
  takeBack(): void {
    if (!this.storage || --this.#loans > 0 || this.#handle === 0 || this.storage.byteLength === 0) return;
    unwrap(native().ps_ring_move(this.#handle, this.storage, this.storage.byteLength), "RingBuffer");
  }

  /** Frees the ring if it is this thread's, and empties its views. A second call has no effect. */
  close(): void {
    const handle = this.#handle;
    if (handle === 0) return;
    const { ps_ring_read_available, ps_ring_write_available, ps_ring_free } = native();
    this.#lastAvailable = {
      read: Math.max(0, ps_ring_read_available(handle)),
      write: Math.max(0, ps_ring_write_available(handle)),
    };
    this.#handle = 0;
    forgotten.unregister(this);
    if (this.#view) this.#view.close(handle);
    else if (this.#owned) ps_ring_free(handle);
  }

  #requireNoLoans(lack: string): void {
    if (this.#loans === 0) return;
    throw new PastreamError("active", `RingBuffer: over memory of your own it ${lack} while a stream uses it`);
  }
}

/** A ring as a user asks for it. */
export function newRing(
  elementSize: number,
  size: number | undefined,
  buffer: ArrayBufferView | ArrayBufferLike | undefined,
): NativeRing {
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
  return new NativeRing(unwrap(handle, "RingBuffer"), elementSize, elements, storage, true);
}

/** A ring of the library's own memory and of any size. `name` is the option that determines its size. */
export function newMemoryRing(name: string, elementSize: number, size: number): NativeRing {
  if (size > MAX_RING_SIZE) {
    throw new RangeError(`${name} must not have more than ${MAX_RING_SIZE} frames, not ${size}`);
  }
  const handle = unwrap(native().ps_ring_new(elementSize, size, null, 0), name);
  return new NativeRing(handle, elementSize, size, null, true);
}

/** The ring of another thread. */
export function sharedRing(handle: number, storage: Uint8Array | null): NativeRing {
  const size = unwrap(native().ps_ring_info(handle, PS_RING_SIZE), "RingBuffer.from");
  const elementSize = unwrap(native().ps_ring_info(handle, PS_RING_ELEMENT_SIZE), "RingBuffer.from");
  return new NativeRing(handle, elementSize, size, storage, false);
}

function requireStorage(buffer: ArrayBufferView | ArrayBufferLike): Uint8Array {
  const storage = requireBytes("buffer", buffer);
  if ("resizable" in storage.buffer && storage.buffer.resizable) {
    throw new TypeError("buffer must not be resizable: its memory could shrink under the ring");
  }
  return storage;
}
