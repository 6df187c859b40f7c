// Names of sound file formats, and what the installed libsndfile has of them.
import { native } from "../../ffi/load.ts";
import { filledText } from "../../ffi/text.ts";
import { unwrap } from "../library/native-error.ts";
import { requireOneOf, requireString, show } from "../base/validate.ts";

interface MajorFormat {
  readonly code: number;
  /** With spaces in between. */
  readonly extensions: string;
  readonly subtype: string;
}

function major(code: number, extensions: string, subtype = "PCM_16"): MajorFormat {
  return { code: code << 16, extensions, subtype };
}

/**
 * Major formats by name, with libsndfile's code, usual extensions, and the subtype that is taken where none is named.
 */
const majors: Readonly<Record<string, MajorFormat>> = {
  WAV: major(0x01, "wav wave"),
  AIFF: major(0x02, "aiff aif aifc"),
  AU: major(0x03, "au snd"),
  RAW: major(0x04, "raw pcm"),
  PAF: major(0x05, "paf fap"),
  SVX: major(0x06, "svx iff 8svx 16svx"),
  NIST: major(0x07, "nist sph"),
  VOC: major(0x08, "voc"),
  IRCAM: major(0x0a, "ircam sf"),
  W64: major(0x0b, "w64"),
  MAT4: major(0x0c, "mat4", "DOUBLE"),
  MAT5: major(0x0d, "mat5 mat", "DOUBLE"),
  PVF: major(0x0e, "pvf"),
  XI: major(0x0f, "xi", "DPCM_16"),
  HTK: major(0x10, "htk"),
  SDS: major(0x11, "sds"),
  AVR: major(0x12, "avr"),
  WAVEX: major(0x13, "wavex"),
  SD2: major(0x16, "sd2"),
  FLAC: major(0x17, "flac"),
  CAF: major(0x18, "caf"),
  WVE: major(0x19, "wve", "ALAW"),
  OGG: major(0x20, "ogg oga opus", "VORBIS"),
  MPC2K: major(0x21, "mpc2k"),
  RF64: major(0x22, "rf64"),
  MP3: major(0x23, "mp3", "MPEG_LAYER_III"),
};

/** Subtypes by name, with libsndfile's code. */
const subtypes: Readonly<Record<string, number>> = {
  PCM_S8: 0x01,
  PCM_16: 0x02,
  PCM_24: 0x03,
  PCM_32: 0x04,
  PCM_U8: 0x05,
  FLOAT: 0x06,
  DOUBLE: 0x07,
  ULAW: 0x10,
  ALAW: 0x11,
  IMA_ADPCM: 0x12,
  MS_ADPCM: 0x13,
  GSM610: 0x20,
  VOX_ADPCM: 0x21,
  NMS_ADPCM_16: 0x22,
  NMS_ADPCM_24: 0x23,
  NMS_ADPCM_32: 0x24,
  G721_32: 0x30,
  G723_24: 0x31,
  G723_40: 0x32,
  DWVW_12: 0x40,
  DWVW_16: 0x41,
  DWVW_24: 0x42,
  DWVW_N: 0x43,
  DPCM_8: 0x50,
  DPCM_16: 0x51,
  VORBIS: 0x60,
  OPUS: 0x64,
  ALAC_16: 0x70,
  ALAC_20: 0x71,
  ALAC_24: 0x72,
  ALAC_32: 0x73,
  MPEG_LAYER_I: 0x80,
  MPEG_LAYER_II: 0x81,
  MPEG_LAYER_III: 0x82,
};

const endians: Readonly<Record<string, number>> = { file: 0, little: 1 << 28, big: 2 << 28, cpu: 3 << 28 };

const MAJOR_MASK = 0x0fff0000;
const SUBTYPE_MASK = 0xffff;
const ENDIAN_MASK = 0x30000000;

/** libsndfile checks a format for a number of channels and a rate: those that the most formats allow. */
const CHECKED_CHANNELS = 1;
const CHECKED_RATE = 48000;

const codeOf = (value: number | MajorFormat): number => typeof value === "number" ? value : value.code;

function nameOf(table: Readonly<Record<string, number | MajorFormat>>, code: number): string {
  return Object.keys(table).find((name) => codeOf(table[name]) === code) ?? `0x${code.toString(16)}`;
}

/** The names in a format word of libsndfile. */
export function namesOfFormat(word: number): { format: string; subtype: string; endian: string } {
  return {
    format: nameOf(majors, word & MAJOR_MASK),
    subtype: nameOf(subtypes, word & SUBTYPE_MASK),
    endian: nameOf(endians, word & ENDIAN_MASK).toUpperCase(),
  };
}

function requireName(option: string, value: unknown, table: object): string {
  return requireOneOf(option, typeof value === "string" ? value.toUpperCase() : value, Object.keys(table));
}

function lower(value: unknown): unknown {
  return typeof value === "string" ? value.toLowerCase() : value;
}

function extensionOf(path: string): string | undefined {
  return /\.([^./\\]+)$/.exec(path)?.[1].toLowerCase();
}

/**
 * The format that the extension of a file's name stands for, and the subtype where the extension names one;
 * undefined for a name without an extension, or with one that belongs to no format.
 *
 * @example
 * ```ts
 * import { formatOfName } from "@pastream/pastream";
 *
 * formatOfName("talk.flac"); // { format: "FLAC" }
 * formatOfName("talk.opus"); // { format: "OGG", subtype: "OPUS" }
 * ```
 */
export function formatOfName(path: string): { format: string; subtype?: string } | undefined {
  const extension = extensionOf(path);
  if (extension === undefined) return undefined;
  const format = Object.keys(majors).find((name) => majors[name].extensions.split(" ").includes(extension));
  if (format === undefined) return undefined;
  return extension === "opus" ? { format, subtype: "OPUS" } : { format };
}

/** Common formats that are not supported, by the extensions of their files. */
const unsupported: Readonly<Record<string, readonly string[]>> = {
  "MP4": ["m4a", "m4b", "mp4", "mov"],
  "AAC": ["aac", "adts"],
  "Windows Media": ["wma", "asf"],
  "WebM": ["webm", "weba"],
  "Matroska": ["mka", "mkv"],
  "WavPack": ["wv"],
  "Monkey's Audio": ["ape"],
  "AMR": ["amr"],
};

/** Why the name of a new file does not say which format it has, and what to do. */
export function lackOfFormat(path: string): string {
  const extension = extensionOf(path);
  const name = Object.keys(unsupported).find((format) => unsupported[format].includes(extension ?? ""));
  if (name === undefined) {
    return `the name ${show(path)} has no extension of a file format, such as .wav, .flac or .ogg`;
  }
  const written = `${path.slice(0, -extension!.length)}flac`;
  return `${name} (.${extension}) is not supported: write ${show(written)}, and convert it, for example with ` +
    `ffmpeg -i ${written} ${path}`;
}

/** libsndfile's word for a format, in any case; the subtype is the format's default where none is named. */
export function formatWord(format: string, subtype?: string, endian?: string): number {
  const name = requireName("format", format, majors);
  const sub = subtype === undefined ? majors[name].subtype : requireName("subtype", subtype, subtypes);
  const order = endian === undefined ? "file" : requireOneOf("endian", lower(endian), Object.keys(endians));
  return majors[name].code | subtypes[sub] | endians[order];
}

/** Whether a format word is one of RAW: samples without a header. */
export function isRaw(word: number): boolean {
  return (word & MAJOR_MASK) === majors.RAW.code;
}

/** Whether the length in the header of such a file cannot be checked against its size: it may be wrong. */
export function promisesLength(format: string, subtype: string): boolean {
  return format === "FLAC" || format === "OGG" || format === "MP3" || subtype.startsWith("ALAC");
}

function installed(kind: 0 | 1): Map<number, string> {
  const count = unwrap(native().ps_format_count(kind));
  const found = new Map<number, string>();
  const text = new Uint8Array(new ArrayBuffer(256));
  for (let index = 0; index < count; index++) {
    const code = unwrap(native().ps_format_info(kind, index, text, text.length));
    found.set(code, filledText(text).split("\t")[0]);
  }
  return found;
}

/**
 * The formats of the installed libsndfile, with a description of each.
 *
 * @example
 * ```ts
 * availableFormats().WAV; // "WAV (Microsoft)"
 * ```
 */
export function availableFormats(): Record<string, string> {
  return named(majors, installed(0));
}

/**
 * The subtypes of the installed libsndfile, with a description of each: all of them, or those that go with a format.
 */
export function availableSubtypes(format?: string): Record<string, string> {
  const all = named(subtypes, installed(1));
  if (format === undefined) return all;
  return Object.fromEntries(Object.entries(all).filter(([subtype]) => checkFormat(format, subtype)));
}

function named(
  table: Readonly<Record<string, number | MajorFormat>>,
  found: ReadonlyMap<number, string>,
): Record<string, string> {
  const names = Object.keys(table).filter((name) => found.has(codeOf(table[name])));
  return Object.fromEntries(names.map((name) => [name, found.get(codeOf(table[name]))!]));
}

/**
 * Whether the installed libsndfile can write files of a format, with this subtype (default: the format's usual one) and
 * byte order. Some pairs refuse certain channel counts and rates all the same; opening such a file says so.
 */
export function checkFormat(format: string, subtype?: string, endian?: string): boolean {
  const known = Object.hasOwn(majors, requireString("format", format).toUpperCase()) &&
    (subtype === undefined || Object.hasOwn(subtypes, requireString("subtype", subtype).toUpperCase())) &&
    (endian === undefined || Object.hasOwn(endians, requireString("endian", endian).toLowerCase()));
  if (!known) return false;
  const word = formatWord(format, subtype, endian);
  return unwrap(native().ps_format_check(word, CHECKED_CHANNELS, CHECKED_RATE)) === 1;
}

/**
 * The subtype that files of a format get where none is named; undefined for RAW, where it must be, and unknown formats.
 */
export function defaultSubtype(format: string): string | undefined {
  const name = requireString("format", format).toUpperCase();
  return name === "RAW" ? undefined : majors[name]?.subtype;
}
