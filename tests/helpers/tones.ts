// A sound that is known at every moment, so that what came back at any rate and delay can be compared with it.

/** A sound of `seconds`, of tones below three quarters of `nyquist` Hz, within an envelope; `channel` shifts them. */
export function toneAt(time: number, seconds: number, nyquist: number, channel = 0): number {
  if (time <= 0 || time >= seconds) return 0;
  let sum = 0;
  for (let i = 0; i < 5; i++) sum += Math.sin(2 * Math.PI * nyquist * 0.75 * (i + 0.3) / 5 * time + i + channel);
  return sum / 8 * Math.sin(Math.PI * time / seconds) ** 2;
}

/** Interleaved samples of that sound, delayed by `delay` seconds. */
export function tones(
  frames: number,
  { rate, seconds, nyquist, channels = 1, delay = 0 }: {
    rate: number;
    seconds: number;
    nyquist: number;
    channels?: number;
    delay?: number;
  },
): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(frames * channels);
  for (let i = 0; i < samples.length; i++) {
    const frame = Math.floor(i / channels);
    samples[i] = toneAt(frame / rate - delay, seconds, nyquist, i % channels);
  }
  return samples;
}

/** Decibels of what is wanted against what differs from it. */
export function signalToNoise(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [signal, noise] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    signal += wanted[i] ** 2;
    noise += (got[i] - wanted[i]) ** 2;
  }
  return 10 * Math.log10(signal / (noise + 1e-30));
}

/** How much of the samples is a tone of this frequency, and the level of what is left without it. */
export function toneIn(samples: Float32Array, frequency: number, rate: number): { amplitude: number; residue: number } {
  const phase = (index: number) => 2 * Math.PI * frequency * index / rate;
  const sine = samples.reduce((sum, sample, index) => sum + sample * Math.sin(phase(index)), 0) * 2 / samples.length;
  const cosine = samples.reduce((sum, sample, index) => sum + sample * Math.cos(phase(index)), 0) * 2 / samples.length;
  const rest = samples.map((sample, index) => sample - sine * Math.sin(phase(index)) - cosine * Math.cos(phase(index)));
  const residue = Math.sqrt(rest.reduce((sum, sample) => sum + sample * sample, 0) / rest.length);
  return { amplitude: Math.hypot(sine, cosine), residue };
}
