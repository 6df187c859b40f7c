/** Samples ended within a frame. */
export class IncompleteFrameError extends RangeError {}

/** Joins pieces of bytes that may end within a frame: the rest of a piece waits for the next one. */
export class FrameJoiner {
  readonly #frameBytes: number;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
  }

  /** Returns the whole frames of the rest and a piece; the piece itself if it is those. */
  join(piece: Uint8Array): Uint8Array {
    const before = this.#rest.length;
    const left = (before + piece.length) % this.#frameBytes;
    if (before === 0 && left === 0) return piece;
    const joined = new Uint8Array(new ArrayBuffer(before + piece.length));
    joined.set(this.#rest);
    joined.set(piece, before);
    this.#rest = joined.slice(joined.length - left);
    return joined.subarray(0, joined.length - left);
  }

  /** Throws if the last piece has ended within a frame. */
  requireWhole(name: string): void {
    const left = this.#rest.length;
    if (left === 0) return;
    throw new IncompleteFrameError(
      `${name} must end with a whole frame of ${this.#frameBytes} bytes, not after ${left} of them`,
    );
  }
}
