import type { Dtype } from "../samples/formats.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { checkFormat, formatOfName, lackOfFormat } from "../sound-file/format-names.ts";
import { soundFileOptionNames } from "../sound-file/options.ts";
import { type FileMode, SoundFile, type SoundFileOptions } from "../sound-file/sound-file.ts";
import { requireOneOf, requireOptions } from "../base/validate.ts";

/** Subtypes for a dtype: first those that can hold every sample, then those that come nearest. */
const nearest: Readonly<Record<Dtype, readonly string[]>> = {
  float32: ["FLOAT", "DOUBLE", "PCM_32", "PCM_24", "PCM_16"],
  int32: ["PCM_32", "DOUBLE", "PCM_24", "FLOAT", "PCM_16"],
  int24: ["PCM_24", "PCM_32", "FLOAT", "DOUBLE", "PCM_16"],
  int16: ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"],
  int8: ["PCM_S8", "PCM_U8", "PCM_16", "PCM_24"],
  uint8: ["PCM_U8", "PCM_S8", "PCM_16", "PCM_24"],
};

/** Throws unless a sink is the path or the URL of a file whose name tells its format. */
export function requireNewFile(file: string | URL): string | URL {
  const name = String(file);
  if (/^https?:/i.test(name)) {
    throw new TypeError(`sink must be a path or a file: URL, not the web address ${file}`);
  }
  if (!formatOfName(name)) {
    throw new TypeError(
      `sink must have a name that says its format, or be opened with toFile(): ${lackOfFormat(name)}`,
    );
  }
  return file;
}

/** Options of a file for the recording of a stream: its rate and channels, and the subtype nearest to its dtype. */
export function recordingFileOptions(
  file: string | URL | number,
  mode: FileMode,
  { sampleRate, channels, dtype }: StreamDirection,
  options?: SoundFileOptions,
): SoundFileOptions {
  requireOneOf("mode", mode, ["w", "x", "r+", "w+", "x+"]);
  const given = requireOptions("options", options, soundFileOptionNames);
  const named = typeof file === "number" ? undefined : formatOfName(String(file));
  const format = given.format ?? named?.format;
  // A name such as take.opus determines the subtype, and an existing file has one.
  const isOpen = given.subtype === undefined && format !== undefined && !named?.subtype && !mode.startsWith("r");
  const subtype = isOpen ? nearest[dtype].find((name) => checkFormat(format, name, given.endian)) : given.subtype;
  // A file has a whole number of hertz; a device may have 44099.5.
  return { sampleRate: Math.round(sampleRate), channels, ...given, subtype };
}

/** Opens a file for the recording of a stream. */
export function openRecordingFile(
  file: string | URL | number,
  mode: FileMode,
  direction: StreamDirection,
  options?: SoundFileOptions,
): SoundFile {
  return new SoundFile(file, mode, recordingFileOptions(file, mode, direction, options));
}
