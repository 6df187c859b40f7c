import { pairOf } from "../base/pair.ts";
import { orElse } from "../base/validate.ts";
import type { StreamOptions } from "../device/stream-options.ts";
import { SoundFile } from "../sound-file/sound-file.ts";

/** A sound file, or what a SoundFile can be opened from. */
export type OpenableFile = SoundFile | string | URL | number | Uint8Array | ArrayBuffer;

/**
 * Adds the rate and channels of a file to options that lack them; with `outputOnly`, the channels of the output only.
 */
export function withFileShape<Options extends object>(
  file: OpenableFile,
  options: Options,
  { outputOnly = false } = {},
): Options {
  const given: StreamOptions = options;
  const { sampleRate, channels } = shapeOf(file);
  const [input, output] = pairOf("channels", given.channels);
  const result: StreamOptions = {
    ...given,
    sampleRate: orElse(given.sampleRate, sampleRate),
    channels: !outputOnly
      ? [orElse(input, channels), orElse(output, channels)]
      : [input, Array.isArray(given.channels) ? orElse(output, channels) : channels],
  };
  return result as Options;
}

function shapeOf(file: OpenableFile): { sampleRate: number; channels: number } {
  if (file instanceof SoundFile) return file;
  const opened = new SoundFile(file);
  try {
    return { sampleRate: opened.sampleRate, channels: opened.channels };
  } finally {
    opened.close();
  }
}
