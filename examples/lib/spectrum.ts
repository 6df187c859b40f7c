// The magnitudes of the frequencies in a piece of sound.

/** How much there is of each frequency: bin k of the result stands for k / samples.length of the sample rate. */
export function spectrum(samples: Float32Array): Float32Array {
  const size = samples.length; // a power of 2
  const [real, imaginary] = [new Float32Array(size), new Float32Array(size)];
  const bits = Math.log2(size);
  for (let i = 0; i < size; i++) {
    const window = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / size);
    let reversed = 0;
    for (let bit = 0; bit < bits; bit++) reversed |= (i >> bit & 1) << (bits - 1 - bit);
    real[reversed] = samples[i] * window;
  }
  for (let half = 1; half < size; half *= 2) {
    for (let k = 0; k < half; k++) {
      const [cos, sin] = [Math.cos(Math.PI * k / half), -Math.sin(Math.PI * k / half)];
      for (let i = k; i < size; i += 2 * half) {
        const re = real[i + half] * cos - imaginary[i + half] * sin;
        const im = real[i + half] * sin + imaginary[i + half] * cos;
        real[i + half] = real[i] - re;
        imaginary[i + half] = imaginary[i] - im;
        real[i] += re;
        imaginary[i] += im;
      }
    }
  }
  // A sine of amplitude 1 gives 1.
  return Float32Array.from({ length: size / 2 }, (_, k) => 4 * Math.hypot(real[k], imaginary[k]) / size);
}
