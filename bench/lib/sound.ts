// The sound of the benchmarks of sound files.
import { SoundFile } from "../../mod.ts";

export const SAMPLE_RATE = 48000;
export const CHANNELS = 2;

/** Minutes of a swelling chord with some noise, which is as hard on FLAC as music is. */
export function writeSound(path: string, minutes: number): void {
  using file = new SoundFile(path, "w", { sampleRate: SAMPLE_RATE, channels: CHANNELS, subtype: "PCM_16" });
  const second = new Float32Array(CHANNELS * SAMPLE_RATE);
  let state = 1;
  for (let n = 0; n < minutes * 60; n++) {
    for (let i = 0; i < second.length; i++) {
      state = Math.imul(state, 1103515245) + 12345 | 0;
      const t = n + (i >> 1) / SAMPLE_RATE;
      second[i] = 0.2 * (1 + Math.sin(t)) * (Math.sin(1382.3 * t) + Math.sin(1741.6 * t + (i & 1))) / 2 +
        state / 2 ** 38;
    }
    file.write(second);
  }
}
