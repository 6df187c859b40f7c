/** Options of sound files, checked against the installed libsndfile. */
import {
  availableFormats,
  availableSubtypes,
  checkFormat,
  formatOfName,
  type SoundFile,
  type SoundFileOptions,
} from "../../mod.ts";
import type { Settings } from "../options/settings.ts";
import { UsageError } from "../options/usage-error.ts";

export type FileSide = "playback" | "recording";
export interface FileChoice {
  readonly format?: string;
  readonly subtype?: string;
  readonly endian?: SoundFileOptions["endian"];
}

/** A file type by libsndfile's name for it, or by an extension of such files; some extensions name an encoding, too. */
export function typeNamed(option: string, name: string): { format: string; subtype?: string } {
  const formats = Object.keys(availableFormats());
  const known = formats.includes(name) ? { format: name } : formatOfName(`.${name}`);
  if (known && formats.includes(known.format)) return known;
  throw new UsageError(`${option}: '${name}' is none of ${formats.join(", ")}`, { word: name, known: formats });
}

/** Type, encoding and byte order for one side, as far as they were given. */
export function fileChoice(settings: Settings, side: FileSide): FileChoice {
  const type = settings.fileType?.[side];
  const named = type === undefined ? undefined : typeNamed("-t/--file-type", type);
  const format = named?.format;
  const subtype = settings.encoding?.[side] ?? named?.subtype;
  const endian = settings.endian?.[side];
  if (subtype !== undefined) {
    const subtypes = Object.keys(availableSubtypes());
    if (!subtypes.includes(subtype)) {
      const message = `-e/--encoding: '${subtype}' is none of ${subtypes.join(", ")}`;
      throw new UsageError(message, { word: subtype, known: subtypes });
    }
  }
  return { ...(format && { format }), ...(subtype && { subtype }), ...(endian && { endian }) };
}

/** File types whose lengths have 32 bits. The next file may be late, so some of that is left. */
const shortTypes = ["WAV", "WAVEX", "AIFF"];
const SHORT_BYTES = 2 ** 32 - 2 ** 24;
/** Bytes of a sample in the encodings where it has more than one. */
const sampleBytes: Readonly<Record<string, number>> = { PCM_16: 2, PCM_24: 3, PCM_32: 4, FLOAT: 4, DOUBLE: 8 };

/** Frames that a file of this kind has room for, beside its header and tags; Infinity where there is no end. */
export function framesHeld({ format, subtype, channels }: Pick<SoundFile, "format" | "subtype" | "channels">): number {
  if (!shortTypes.includes(format)) return Infinity;
  return Math.floor(SHORT_BYTES / (channels * (sampleBytes[subtype] ?? 1)));
}

/** The file type of a name's extension; undefined if it has none. */
export function typeOfName(name: string): string | undefined {
  return formatOfName(name)?.format;
}

/** Throws a UsageError that names the options if libsndfile cannot write their combination. */
export function checkWritable({ format, subtype, endian }: FileChoice): void {
  if (format === undefined || (subtype ?? endian) === undefined || checkFormat(format, subtype, endian)) return;
  const subtypes = Object.keys(availableSubtypes(format));
  if (subtype !== undefined && !subtypes.includes(subtype)) {
    throw new UsageError(`-e/--encoding: ${format} files do not hold ${subtype}, but ${subtypes.join(", ")}`);
  }
  throw new UsageError(`--endian: ${format} files${subtype ? ` with ${subtype}` : ""} cannot be ${endian}`);
}
