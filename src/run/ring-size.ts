// The one rule for rings between the device and JavaScript or a file: how large they are, and how full at a start.
import { requireInteger } from "../base/validate.ts";
import type { StreamDirection } from "./opened-stream.ts";

const LEAST_FRAMES = 65536;
/** At any rate a ring lasts as long as the smallest one at 48 kHz. */
const LEAST_SECONDS = LEAST_FRAMES / 48000;
/** The device may take or give all frames of its latency, and a block more, at once. */
const BURSTS = 4;
const MOST_FRAMES = 2 ** 30;
/** Frames of the lower rate that a resampler needs beyond the one it makes. */
const LOOK_AHEAD = 32;
/** The assumed block size if the backend decides. */
const UNKNOWN_BLOCK_SECONDS = 0.01;

/** The frames of a ring: `bufferSize` if that is given, else as many as rate, block and latency need. */
export function ringFrames(direction: StreamDirection, bufferSize: number | undefined): number {
  if (bufferSize !== undefined) return requireBufferSize(bufferSize);
  const { sampleRate, blockSize, latency } = direction;
  const burst = blockSize + Math.ceil(latency * sampleRate);
  const frames = Math.max(LEAST_FRAMES, LEAST_SECONDS * sampleRate, BURSTS * burst);
  return Math.min(2 ** Math.ceil(Math.log2(frames)), MOST_FRAMES);
}

/** The frames that a ring must have when the device starts, which takes as many as its latency and a block at once. */
export function prebufferFrames({ sampleRate, blockSize, latency, stream }: StreamDirection): number {
  const block = blockSize || Math.ceil(UNKNOWN_BLOCK_SECONDS * sampleRate);
  const ahead = stream ? Math.ceil(LOOK_AHEAD * Math.max(1, sampleRate / stream.sampleRate)) : 0;
  return Math.ceil(latency * sampleRate) + block + ahead;
}

/** Checks the `bufferSize` option without a stream. */
export function requireBufferSize(bufferSize: number): number {
  return requireInteger("bufferSize", bufferSize, 1, MOST_FRAMES);
}
