import { pairOf } from "../base/pair.ts";
import { SoundFile } from "../sound-file/sound-file.ts";
import type { StreamOptions } from "../device/stream-options.ts";
import { orElse, requireOptions } from "../base/validate.ts";

/** A sound file, or what one can be opened from. */
export type OpenableFile = SoundFile | string | URL | number | Uint8Array;

/** Options with the rate and channels of a file where they say none; `outputOnly`: of the output's channels. */
export function ofFile<Options extends object>(
  file: OpenableFile,
  options: Options | undefined,
  { outputOnly = false } = {},
): Options {
  const given: StreamOptions = requireOptions("options", options);
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
