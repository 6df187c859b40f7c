/** A radix-2 FFT of windowed samples. The tables are computed once; power() does not allocate. */

/** Decibels are stored as bytes in steps of 0.5 dB: 0 is -127.5 dB and below, 255 is 0 dB and above. */
export const DECIBELS_PER_STEP = 0.5;
export const LOWEST_DECIBELS = -127.5;

/** Computes the spectrum of `size` samples; `size` is a power of 2. */
export class Fft {
  readonly size: number;
  /** Bins from 0 Hz to below half the sample rate; bin k is k / size of the sample rate. */
  readonly bins: number;
  readonly #window: Float64Array;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #reversed: Uint32Array;
  readonly #real: Float64Array;
  readonly #imaginary: Float64Array;

  constructor(size: number) {
    this.size = size;
    this.bins = size / 2;
    // A Hann window, scaled such that a sine of amplitude 1 has the magnitude 1.
    this.#window = Float64Array.from({ length: size }, (_, i) => (2 - 2 * Math.cos(2 * Math.PI * i / size)) / size);
    this.#cos = Float64Array.from({ length: size / 2 }, (_, k) => Math.cos(2 * Math.PI * k / size));
    this.#sin = Float64Array.from({ length: size / 2 }, (_, k) => Math.sin(2 * Math.PI * k / size));
    this.#reversed = new Uint32Array(size);
    for (let i = 1; i < size; i++) this.#reversed[i] = this.#reversed[i >> 1] >> 1 | (i & 1) * size / 2;
    this.#real = new Float64Array(size);
    this.#imaginary = new Float64Array(size);
  }

  /** Fills `out` with the power of each bin. `samples` is a circular buffer whose oldest sample is at `start`. */
  power(samples: Float32Array, start: number, out: Float64Array): void {
    const { size } = this;
    const [real, imaginary] = [this.#real, this.#imaginary];
    for (let i = 0; i < size; i++) real[this.#reversed[i]] = samples[(start + i) & (size - 1)] * this.#window[i];
    imaginary.fill(0);
    for (let half = 1; half < size; half *= 2) {
      const step = size / (2 * half);
      for (let first = 0; first < size; first += 2 * half) {
        for (let k = 0, at = first; k < half; k++, at++) {
          const [cos, sin] = [this.#cos[k * step], this.#sin[k * step]];
          const re = real[at + half] * cos + imaginary[at + half] * sin;
          const im = imaginary[at + half] * cos - real[at + half] * sin;
          real[at + half] = real[at] - re;
          imaginary[at + half] = imaginary[at] - im;
          real[at] += re;
          imaginary[at] += im;
        }
      }
    }
    for (let k = 0; k < this.bins; k++) out[k] = real[k] * real[k] + imaginary[k] * imaginary[k];
  }
}

/** A power as a byte, in steps of half a decibel. */
export function decibelByte(power: number): number {
  const step = (10 * Math.log10(power) - LOWEST_DECIBELS) / DECIBELS_PER_STEP;
  return step > 0 ? Math.min(255, Math.round(step)) : 0; // also for NaN
}
