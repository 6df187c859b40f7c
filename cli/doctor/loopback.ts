/** Analysis of a loopback run: whether the sound came back, how late, and whether it is complete. */
import { Correlator, similarity } from "./correlation.ts";

export interface LoopbackResult {
  readonly soundCameBack: boolean;
  /** Frames from the output to the input. */
  readonly latencyFrames: number;
  readonly lostFrames: number;
  readonly addedFrames: number;
  readonly bitExact: boolean;
  /** Largest difference of two samples that should be equal, full scale = 1. */
  readonly largestDifference: number;
}

/** Soft noise, the same in all channels, in steps that 16-bit devices can hold too. */
export function testSound(frames: number, channels: number): Float32Array<ArrayBuffer> {
  const samples = new Float32Array(frames * channels);
  let state = 1;
  for (let frame = 0; frame < frames; frame++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    samples.fill(((state >>> 16) - 32768 >> 3) / 32768, frame * channels, (frame + 1) * channels);
  }
  return samples;
}

function channel(samples: Float32Array, channels: number, index: number): Float32Array {
  return Float32Array.from({ length: samples.length / channels }, (_, frame) => samples[frame * channels + index]);
}

const WINDOW_FRAMES = 2048;
/** Least similarity of a window that is found. Unrelated noise is far below it, sound that came back is far above. */
const ALIKE = 0.5;
/** Windows that may be missing from the start before the search is given up. */
const PATIENCE = 8;
const nothing: LoopbackResult = {
  soundCameBack: false,
  latencyFrames: 0,
  lostFrames: 0,
  addedFrames: 0,
  bitExact: false,
  largestDifference: 0,
};

/** Compares what was played with what was recorded at the same time, both interleaved. */
export function analyseLoopback(
  played: Float32Array,
  playedChannels: number,
  recorded: Float32Array,
  recordedChannels: number,
): LoopbackResult {
  // All channels play the same; the loudest one that came back is the one to look at.
  const shared = Math.min(playedChannels, recordedChannels);
  const sound = channel(played, playedChannels, 0);
  const inputs = Array.from({ length: recordedChannels }, (_, index) => channel(recorded, recordedChannels, index));
  const energy = (samples: Float32Array) => samples.reduce((sum, sample) => sum + sample * sample, 0);
  const input = inputs.reduce((best, candidate) => energy(candidate) > energy(best) ? candidate : best);
  const correlator = new Correlator(input, WINDOW_FRAMES);

  let lag: number | undefined;
  let latencyFrames = 0;
  let lostFrames = 0;
  let addedFrames = 0;
  let missed = 0;
  let largestDifference = 0;
  for (let start = 0; start + WINDOW_FRAMES <= sound.length; start += WINDOW_FRAMES) {
    const piece = sound.subarray(start, start + WINDOW_FRAMES);
    if (lag === undefined || similarity(piece, input, start + lag) < ALIKE) {
      const found = correlator.find(piece);
      if (found.similarity < ALIKE) {
        missed++;
        if (lag === undefined && missed === PATIENCE) break;
        continue;
      }
      const newLag: number = found.position - start;
      if (lag === undefined) latencyFrames = newLag;
      else if (newLag < lag) lostFrames += lag - newLag;
      else addedFrames += newLag - lag;
      lag = newLag;
    }
    for (const samples of inputs.slice(0, shared)) {
      for (let frame = 0; frame < WINDOW_FRAMES; frame++) {
        const difference = Math.abs(piece[frame] - (samples[start + lag + frame] ?? 0));
        if (difference > largestDifference) largestDifference = difference;
      }
    }
  }
  if (lag === undefined) return nothing;
  const bitExact = largestDifference === 0 && missed === 0 && lostFrames === 0 && addedFrames === 0;
  return { soundCameBack: true, latencyFrames, lostFrames, addedFrames, bitExact, largestDifference };
}
