/** Reduces samples to what a view draws: about 750 waveform columns and 47 spectra a second. */
import { decibelByte, Fft } from "./fft.ts";

export const fftSizes = [512, 1024, 2048, 4096, 8192, 16384] as const;
export type FftSize = typeof fftSizes[number];

const COLUMNS_PER_SECOND = 750;
const ROWS_PER_SECOND = 47;

const powerOfTwoNear = (value: number) => 2 ** Math.max(0, Math.round(Math.log2(value)));

/** Time resolution of the reduced data. */
export interface Resolution {
  /** Frames in one column, which holds the smallest and largest sample of each channel. */
  readonly columnFrames: number;
  /** Frames between two spectra; a multiple of columnFrames. */
  readonly rowFrames: number;
}

export function resolutionOf(sampleRate: number): Resolution {
  const columnFrames = powerOfTwoNear(sampleRate / COLUMNS_PER_SECOND);
  return { columnFrames, rowFrames: Math.max(columnFrames, powerOfTwoNear(sampleRate / ROWS_PER_SECOND)) };
}

/** A reduced stretch of the input. */
export interface Reduced {
  /** First frame of the first column. */
  readonly frame: number;
  readonly channels: number;
  /** Smallest and largest sample, by column, then by channel; 32767 is full scale. */
  readonly columns: Int16Array<ArrayBuffer>;
  /** Spectra of `bins` bytes each, oldest first; see decibelByte(). */
  readonly rows: Uint8Array<ArrayBuffer>;
  readonly bins: number;
}

/** Channel of the spectrum (from 1; 0 is the mean of all channels), and FFT size. */
export interface SpectrumChoice {
  readonly channel: number;
  readonly fftSize: FftSize;
}

export class Reducer {
  readonly resolution: Resolution;
  readonly #channels: number;
  #fft: Fft;
  #channel: number;
  /** Circular buffer of the last fftSize samples; the oldest is at #at. */
  #history: Float32Array;
  #at = 0;
  #power: Float64Array;
  /** Frames in the incomplete column and row. */
  #columnFill = 0;
  #rowFill = 0;
  readonly #low: Float32Array;
  readonly #high: Float32Array;
  /** First frame that take() has not returned yet. */
  #frame = 0;
  #columns: number[] = [];
  #rows: Uint8Array[] = [];

  constructor(channels: number, sampleRate: number, choice: SpectrumChoice) {
    this.resolution = resolutionOf(sampleRate);
    this.#channels = channels;
    this.#low = new Float32Array(channels).fill(Infinity);
    this.#high = new Float32Array(channels).fill(-Infinity);
    this.#fft = new Fft(choice.fftSize);
    this.#channel = choice.channel;
    this.#history = new Float32Array(choice.fftSize);
    this.#power = new Float64Array(this.#fft.bins);
  }

  /** Selects another spectrum. Its history starts with silence. */
  choose({ channel, fftSize }: SpectrumChoice): void {
    if (fftSize !== this.#fft.size) {
      this.#fft = new Fft(fftSize);
      this.#power = new Float64Array(this.#fft.bins);
    }
    this.#history = new Float32Array(fftSize);
    this.#at = 0;
    this.#channel = channel;
    this.#rows = []; // all rows of a Reduced have one size
  }

  /** Adds interleaved samples. */
  push(samples: Float32Array): void {
    const frames = samples.length / this.#channels;
    for (let done = 0; done < frames;) {
      const count = Math.min(frames - done, this.resolution.columnFrames - this.#columnFill);
      this.#widen(samples, done, count);
      this.#remember(samples, done, count);
      done += count;
      this.#columnFill += count;
      if (this.#columnFill === this.resolution.columnFrames) this.#endColumn();
    }
  }

  /** Returns the columns and rows completed since the last call, or undefined if there are none. */
  take(): Reduced | undefined {
    if (this.#columns.length === 0) return undefined;
    const columns = Int16Array.from(this.#columns);
    const { bins } = this.#fft;
    const rows = new Uint8Array(this.#rows.length * bins);
    this.#rows.forEach((row, i) => rows.set(row, i * bins));
    const reduced = { frame: this.#frame, channels: this.#channels, columns, rows, bins };
    this.#frame += columns.length / (2 * this.#channels) * this.resolution.columnFrames;
    this.#columns = [];
    this.#rows = [];
    return reduced;
  }

  /** Skips a chunk without reducing it, while no page is open. The spectrum's history is reset to silence. */
  skip(frames: number): void {
    const { columnFrames } = this.resolution;
    const pending = this.#columns.length / (2 * this.#channels) * columnFrames + this.#columnFill;
    this.#frame += pending + frames;
    this.#columns = [];
    this.#rows = [];
    this.#columnFill = this.#rowFill = 0;
    this.#low.fill(Infinity);
    this.#high.fill(-Infinity);
    this.#history.fill(0);
  }

  #widen(samples: Float32Array, first: number, count: number): void {
    const channels = this.#channels;
    for (let channel = 0; channel < channels; channel++) {
      let low = this.#low[channel];
      let high = this.#high[channel];
      for (let at = first * channels + channel, n = 0; n < count; n++, at += channels) {
        const sample = samples[at];
        if (sample < low) low = sample;
        if (sample > high) high = sample;
      }
      this.#low[channel] = low;
      this.#high[channel] = high;
    }
  }

  #remember(samples: Float32Array, first: number, count: number): void {
    const channels = this.#channels;
    const history = this.#history;
    const [from, to] = this.#channel === 0 ? [0, channels] : [this.#channel - 1, this.#channel];
    for (let frame = first; frame < first + count; frame++) {
      let sum = 0;
      for (let channel = from; channel < to; channel++) sum += samples[frame * channels + channel];
      history[this.#at] = sum / (to - from);
      this.#at = (this.#at + 1) & (history.length - 1);
    }
  }

  #endColumn(): void {
    for (let channel = 0; channel < this.#channels; channel++) {
      this.#columns.push(toInt16(this.#low[channel]), toInt16(this.#high[channel]));
    }
    this.#low.fill(Infinity);
    this.#high.fill(-Infinity);
    this.#columnFill = 0;
    this.#rowFill += this.resolution.columnFrames;
    if (this.#rowFill < this.resolution.rowFrames) return;
    this.#rowFill = 0;
    this.#fft.power(this.#history, this.#at, this.#power);
    this.#rows.push(Uint8Array.from(this.#power, decibelByte));
  }
}

/** Converts a sample, clipped to full scale. NaN and infinities give 0. */
function toInt16(sample: number): number {
  if (!Number.isFinite(sample)) return 0;
  return Math.round(Math.min(Math.max(sample, -1), 1) * 32767);
}
