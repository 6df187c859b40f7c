// The sound that each peer plays: 3 s of 0.25, then a mark of 0.1 s of 0.5. With BLOCK set, the event loop is blocked
// for a second while it plays.
import process from "node:process";

export const SAMPLE_RATE = 48000;
export const [bodyFrames, markFrames] = [3 * SAMPLE_RATE, SAMPLE_RATE / 10];
export const samples = new Float32Array(bodyFrames + markFrames).fill(0.25).fill(0.5, bodyFrames);
export const bytes = new Uint8Array(Int16Array.from(samples, (sample) => sample * 32767).buffer);

/** A peer, which the types of this project do not know. */
export const peer = (name) => import(name);

if (process.env.BLOCK) {
  setTimeout(() => {
    for (const end = performance.now() + 1000; performance.now() < end;);
  }, 1000);
}

/** The same as a WAV file. */
export function wav() {
  const head = new DataView(new ArrayBuffer(44));
  for (const [at, letter] of [..."RIFF    WAVEfmt                     data    "].entries()) {
    head.setUint8(at, letter.charCodeAt(0));
  }
  const format = [[16, 16], [20, 1 | 1 << 16], [24, SAMPLE_RATE], [28, 2 * SAMPLE_RATE], [32, 2 | 16 << 16]];
  for (const [at, number] of [[4, 36 + bytes.length], ...format, [40, bytes.length]]) head.setUint32(at, number, true);
  return new Uint8Array([...new Uint8Array(head.buffer), ...bytes]);
}
