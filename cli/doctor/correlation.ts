/** Finds a piece of sound in a longer one, by cross-correlation through the Fourier transform. */

/** Fourier transform in place of `size` complex numbers, a power of 2. */
function transform(re: Float64Array, im: Float64Array): void {
  const size = re.length;
  for (let index = 1, reversed = 0; index < size; index++) {
    let bit = size >> 1;
    for (; reversed & bit; bit >>= 1) reversed ^= bit;
    reversed ^= bit;
    if (index < reversed) {
      [re[index], re[reversed]] = [re[reversed], re[index]];
      [im[index], im[reversed]] = [im[reversed], im[index]];
    }
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const cos = Math.cos(Math.PI * k / half);
      const sin = -Math.sin(Math.PI * k / half);
      for (let a = k; a < size; a += 2 * half) {
        const b = a + half;
        const x = re[b] * cos - im[b] * sin;
        const y = re[b] * sin + im[b] * cos;
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

export class Correlator {
  readonly #sound: Float32Array;
  readonly #re: Float64Array;
  readonly #im: Float64Array;

  /** @param sound what is searched, for pieces of at most `longest` samples */
  constructor(sound: Float32Array, longest: number) {
    const size = 2 ** Math.ceil(Math.log2(sound.length + longest));
    this.#sound = sound;
    this.#re = new Float64Array(size);
    this.#im = new Float64Array(size);
    this.#re.set(sound);
    transform(this.#re, this.#im);
  }

  /** Where the piece fits best. */
  find(piece: Float32Array): { position: number; similarity: number } {
    const size = this.#re.length;
    const re = new Float64Array(size);
    const im = new Float64Array(size);
    re.set(piece);
    transform(re, im);
    for (let k = 0; k < size; k++) {
      // The product with the conjugate, conjugated: transforming that forward again is the transform back.
      const x = this.#re[k] * re[k] + this.#im[k] * im[k];
      im[k] = -(this.#im[k] * re[k] - this.#re[k] * im[k]);
      re[k] = x;
    }
    transform(re, im);
    let position = 0;
    const last = this.#sound.length - piece.length;
    for (let index = 1; index <= last; index++) if (re[index] > re[position]) position = index;
    return { position, similarity: similarity(piece, this.#sound, position) };
  }
}

/** How alike a piece and what stands at a position are: 1 alike up to volume, 0 not at all. */
export function similarity(piece: Float32Array, sound: Float32Array, position: number): number {
  let product = 0;
  let first = 0;
  let second = 0;
  for (let index = 0; index < piece.length; index++) {
    const x = piece[index];
    const y = sound[position + index] ?? 0;
    product += x * y;
    first += x * x;
    second += y * y;
  }
  return first > 0 && second > 0 ? product / Math.sqrt(first * second) : 0;
}
