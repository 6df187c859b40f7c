// How a recording relates to what was played: for the demo, which loops a sound through a device and back.

export interface Comparison {
  /** Frames from the start of the recording to where the played sound begins in it. */
  readonly delay: number;
  /** Samples that differ there; 0 is a perfect copy. */
  readonly different: number;
  /** Likeness of the two signals: 1 the same up to volume, 0 nothing in common. */
  readonly correlation: number;
  /** Volume of the recording against what was played, in dB. */
  readonly gain: number;
}

/** Looks for `played` in `recorded` (both interleaved, with the same channels). */
export function compare(played: Float32Array, recorded: Float32Array, channels: number): Comparison {
  const maxDelay = (recorded.length - played.length) / channels;
  for (let delay = 0; delay <= maxDelay; delay++) {
    if (startsEqual(played, recorded, delay * channels)) return { delay, different: 0, correlation: 1, gain: 0 };
  }
  // Not bit for bit: a device with converters, air or a resampler in between. Take the delay of the greatest likeness,
  // searched on a coarse version of the signals first.
  const coarse = 16;
  const [a, b] = [mix(played, channels), mix(recorded, channels)];
  const rough = bestDelay(average(a, coarse), average(b, coarse), 0, Math.floor(maxDelay / coarse)) * coarse;
  const delay = bestDelay(a, b, Math.max(0, rough - coarse), Math.min(maxDelay, rough + coarse));
  const part = b.subarray(delay, delay + a.length);
  const different = played.reduce((n, sample, i) => n + (sample === recorded[delay * channels + i] ? 0 : 1), 0);
  const gain = 10 * Math.log10(product(part, part) / product(a, a));
  return {
    delay,
    different,
    correlation: product(a, part) / Math.sqrt(product(a, a) * product(part, part)) || 0,
    gain,
  };
}

function startsEqual(played: Float32Array, recorded: Float32Array, start: number): boolean {
  for (let i = 0; i < played.length; i++) {
    if (played[i] !== recorded[start + i]) return false;
  }
  return true;
}

function mix(samples: Float32Array, channels: number): Float64Array {
  const mono = new Float64Array(samples.length / channels);
  for (let i = 0; i < samples.length; i++) mono[Math.floor(i / channels)] += samples[i];
  return mono;
}

function average(samples: Float64Array, count: number): Float64Array {
  const averages = new Float64Array(Math.floor(samples.length / count));
  for (let i = 0; i < averages.length * count; i++) averages[Math.floor(i / count)] += samples[i];
  return averages;
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < Math.min(a.length, b.length); i++) sum += a[i] * b[i];
  return sum;
}

function bestDelay(a: Float64Array, b: Float64Array, first: number, last: number): number {
  let best = first;
  let most = -Infinity;
  for (let delay = first; delay <= last; delay++) {
    const likeness = Math.abs(product(a, b.subarray(delay)));
    if (likeness > most) [best, most] = [delay, likeness];
  }
  return best;
}
