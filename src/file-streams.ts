import { pairOf } from "./pair.ts";
import { SoundFile } from "./sound-file.ts";
import type { StreamOptions } from "./stream-options.ts";
import { requireOptions } from "./validate.ts";

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
  const wanted = given.channels;
  const result: StreamOptions = {
    ...given,
    sampleRate: given.sampleRate ?? sampleRate,
    channels: !outputOnly
      ? wanted ?? channels
      : Array.isArray(wanted)
      ? [pairOf("channels", wanted)[0], pairOf("channels", wanted)[1] ?? channels]
      : [wanted as number | undefined, channels],
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
