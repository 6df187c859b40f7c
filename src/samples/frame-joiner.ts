/** Joins pieces of bytes that may end within a frame: the bytes after the last whole frame are kept for the next. */
export class FrameJoiner {
  readonly #frameBytes: number;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(frameBytes: number) {
    this.#frameBytes = frameBytes;
  }

  /** Returns the whole frames of the kept bytes and a piece. */
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
    throw new RangeError(
      `${name} must end with a whole frame of ${this.#frameBytes} bytes, not after ${left} of them`,
    );
  }
}
