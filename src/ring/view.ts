// Access to the memory of a ring without a copy.
import { native, nativeView } from "../../ffi/load.ts";
import { PastreamError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import { detach } from "../samples/memory.ts";

/** The largest view that every runtime makes; Node 20 crashes when it is asked for a larger one. */
const MAX_VIEW = 2 ** 32;

/** What a view needs of a ring. */
interface ViewedRing {
  readonly handle: number;
  readonly elementSize: number;
  readonly size: number;
  readonly storage: Uint8Array | null;
}

/** A view keeps its ring, and with it the memory that it shows. */
const keptByView = new WeakMap<ArrayBuffer, ViewedRing>();
/** Frees rings that are closed but whose views could not be emptied, when the last view is gone. */
const outlived = new FinalizationRegistry<number>((handle) => native().ps_ring_free(handle));

/** The view of JavaScript on the storage of one ring, made on first use. */
export class RingView {
  readonly #ring: ViewedRing;
  readonly #owned: boolean;
  readonly #regions: Int32Array = new Int32Array(new ArrayBuffer(16));
  #bytes: Uint8Array | null;
  /** Memory of the native side, which must not be freed while JavaScript can read it. */
  #memory: ArrayBuffer | null = null;
  /** A handle of the view's own, where the ring belongs to another thread. */
  #ownHandle = 0;

  /** `owned`: closing the ring frees it. */
  constructor(ring: ViewedRing, owned: boolean) {
    this.#ring = ring;
    this.#owned = owned;
    this.#bytes = ring.storage;
  }

  /** Up to `count` elements at one end: [elements, first part, second part]. */
  regions(end: number, count: number): [number, Uint8Array, Uint8Array] {
    const regions = this.#regions;
    const { handle, elementSize } = this.#ring;
    const found = unwrap(native().ps_ring_regions(handle, end, count, regions), "RingBuffer");
    const bytes = this.#bytes ??= this.#open();
    const part = (offset: number, count: number) =>
      bytes.subarray(offset * elementSize, (offset + count) * elementSize);
    return [found, part(regions[0], regions[1]), part(regions[2], regions[3])];
  }

  /** Empties the view and frees the ring. A view that the runtime cannot empty keeps the ring until it is collected. */
  close(handle: number): void {
    const toFree = this.#owned ? handle : this.#ownHandle;
    if (toFree === 0) return;
    if (this.#memory && !detach(this.#memory)) outlived.register(this.#memory, toFree);
    else native().ps_ring_free(toFree);
  }

  #open(): Uint8Array<ArrayBuffer> {
    const { ps_ring_address, ps_ring_share } = native();
    const { handle, size, elementSize } = this.#ring;
    const bytes = size * elementSize;
    if (bytes > MAX_VIEW) {
      const help = `is limited to ${MAX_VIEW} bytes, and this ring has ${bytes}; read() and write() do without`;
      throw new PastreamError("unsupported", `RingBuffer: access without a copy ${help}`);
    }
    if (!this.#owned && this.#ownHandle === 0) this.#ownHandle = unwrap(ps_ring_share(handle), "RingBuffer");
    try {
      this.#memory = nativeView(ps_ring_address(handle), bytes);
    } catch (cause) {
      const help = "needs Deno's --allow-ffi without a path; read() and write() do without";
      throw new PastreamError("unsupported", `RingBuffer: access without a copy ${help}`, { cause });
    }
    keptByView.set(this.#memory, this.#ring);
    return new Uint8Array(this.#memory);
  }
}
