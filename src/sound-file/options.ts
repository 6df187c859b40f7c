// The path, mode and options with which a sound file is opened.
import {
  PS_FILE_BITRATE_MODE,
  PS_FILE_CHANNELS,
  PS_FILE_COMPRESSION_LEVEL,
  PS_FILE_FORMAT,
  PS_FILE_INFO_SIZE,
  PS_FILE_SAMPLE_RATE,
  PS_MODE_EXCLUSIVE,
  PS_MODE_READ,
  PS_MODE_READ_WRITE,
  PS_MODE_TRUNCATE,
  PS_MODE_WRITE,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { builtin } from "../../ffi/process.ts";
import { cString } from "../../ffi/text.ts";
import { formatOfName, formatWord, isRaw, lackOfFormat } from "./format-names.ts";
import {
  type OptionNames,
  orElse,
  requireInteger,
  requireNumber,
  requireOneOf,
  requireOptions,
  show,
} from "../base/validate.ts";

/**
 * How to open a file: "r" reads, "w" replaces, "x" creates a file that must not exist; with + for reading and writing.
 */
export type FileMode = "r" | "w" | "x" | "r+" | "w+" | "x+";

/** The properties of a file that is written, or that has no header (RAW). */
export interface SoundFileOptions {
  /** Hz. Needed for writing and for RAW. */
  sampleRate?: number;
  /** Needed for writing and for RAW. */
  channels?: number;
  /** As libsndfile names it, in any case: "PCM_16", "FLOAT", "VORBIS", …; default: the format's usual one. */
  subtype?: string;
  /** Byte order of the samples; default: the format's own. */
  endian?: "file" | "little" | "big" | "cpu";
  /** As libsndfile names it, in any case: "WAV", "FLAC", "RAW", …; default: from the file's name. */
  format?: string;
  /** 0 (fast, large) to 1 (small), if the format has it. */
  compressionLevel?: number;
  /** If the format has it. */
  bitrateMode?: "constant" | "average" | "variable";
}

/** The names of the options of a sound file. */
export const soundFileOptionNames: OptionNames<SoundFileOptions> = {
  sampleRate: true,
  channels: true,
  subtype: true,
  endian: true,
  format: true,
  compressionLevel: true,
  bitrateMode: true,
};

const modes: Readonly<Record<FileMode, number>> = {
  "r": PS_MODE_READ,
  "w": PS_MODE_WRITE,
  "x": PS_MODE_WRITE | PS_MODE_EXCLUSIVE,
  "r+": PS_MODE_READ_WRITE,
  "w+": PS_MODE_READ_WRITE | PS_MODE_TRUNCATE,
  "x+": PS_MODE_READ_WRITE | PS_MODE_EXCLUSIVE,
};
const bitrateModes = ["constant", "average", "variable"] as const;

const RATE_MAX = 2 ** 31 - 1;
const CHANNELS_MAX = 1024; // libsndfile's

/** PS_MODE_ bits. */
export function modeBits(mode: FileMode): number {
  return modes[requireOneOf("mode", mode, Object.keys(modes) as FileMode[])];
}

/** Throws for the address of something on the web, with the call that takes it instead. */
export function refuseWebAddress(name: string, file: unknown, call: string): void {
  const address = typeof file === "string" ? file : file instanceof URL ? file.href : "";
  if (!/^https?:/i.test(address)) return;
  throw new TypeError(
    `${name} must be a path or a file: URL, not a web address: await ${call}(await fetch(${show(address)}))`,
  );
}

/** The path that a string or file URL is; undefined for anything else. */
export function pathOf(file: unknown): string | undefined {
  if (file === "") throw new TypeError("file must be a path, not an empty text");
  if (typeof file !== "string" && !(file instanceof URL)) return undefined;
  const address = String(file);
  refuseWebAddress("file", file, "SoundFile.fromStream");
  if (/^file:\/\//i.test(address)) return (builtin("node:url") as typeof import("node:url")).fileURLToPath(address);
  if (typeof file === "string") return file;
  throw new TypeError(`file must be a file: URL, not ${file}`);
}

/** Whether opening a path may have to wait for another process: it is a pipe, a socket or a device. */
export function mayWait(file: string | URL): boolean {
  return native().ps_file_may_wait(cString(pathOf(file)!)) === 1;
}

/** The options of a file, checked: the numbers that the native side takes. */
export function fileInfo(
  mode: FileMode,
  path: string | undefined,
  options: SoundFileOptions | undefined,
): Float64Array {
  const given = requireOptions("options", options, soundFileOptionNames);
  const { sampleRate, channels, compressionLevel, bitrateMode, ...kind } = given;
  if (sampleRate !== undefined) requireInteger("sampleRate", sampleRate, 1, RATE_MAX);
  if (channels !== undefined) requireInteger("channels", channels, 1, CHANNELS_MAX);
  if (compressionLevel !== undefined) requireNumber("compressionLevel", compressionLevel, 0, 1);
  if (bitrateMode !== undefined) requireOneOf("bitrateMode", bitrateMode, bitrateModes);
  const info = new Float64Array(new ArrayBuffer(PS_FILE_INFO_SIZE * 8));
  info[PS_FILE_COMPRESSION_LEVEL] = compressionLevel ?? -1;
  info[PS_FILE_BITRATE_MODE] = bitrateMode === undefined ? -1 : bitrateModes.indexOf(bitrateMode);

  const word = wordOf(path, kind);
  const isNew = !mode.startsWith("r");
  const raw = word !== undefined && isRaw(word);
  const described = word !== undefined && sampleRate !== undefined && channels !== undefined;
  const missing = word === undefined
    ? "format"
    : sampleRate === undefined
    ? "sampleRate"
    : channels === undefined
    ? "channels"
    : raw && kind.subtype === undefined
    ? "subtype"
    : undefined;
  if ((isNew || raw) && missing !== undefined) {
    throw new TypeError(`${missing} must be given for ${raw ? "RAW" : "a new file"}${why(missing, path)}`);
  }
  // A file that exists says itself what it is; only an empty one, opened with "r+", does not.
  if (!described) return info;
  info[PS_FILE_SAMPLE_RATE] = sampleRate;
  info[PS_FILE_CHANNELS] = channels;
  info[PS_FILE_FORMAT] = word;
  return info;
}

function why(missing: string, path: string | undefined): string {
  return missing === "format" && path !== undefined ? `: ${lackOfFormat(path)}` : "";
}

/** libsndfile's word for what the options or the file's name say; undefined if they do not. */
function wordOf(path: string | undefined, { format, subtype, endian }: SoundFileOptions): number | undefined {
  const named = path === undefined ? undefined : formatOfName(path);
  if (format !== undefined) return formatWord(format, subtype, endian);
  if (named !== undefined) return formatWord(named.format, orElse(subtype, named.subtype), endian);
  formatWord("WAV", subtype, endian); // checks the names
  return undefined;
}

/** The byte order of formats that have one by default. */
const ownEndian: Readonly<Record<string, string>> = {
  WAV: "LITTLE",
  WAVEX: "LITTLE",
  RF64: "LITTLE",
  W64: "LITTLE",
  AIFF: "BIG",
  AU: "BIG",
  CAF: "BIG",
};

/** Throws if the options ask for something other than what an existing file has. */
export function requireSame(
  file: { sampleRate: number; channels: number; format: string; subtype: string; endian: string },
  { sampleRate, channels, format, subtype, endian }: SoundFileOptions,
): void {
  const asked = { sampleRate, channels, format: format?.toUpperCase(), subtype: subtype?.toUpperCase() };
  for (const name of ["sampleRate", "channels", "format", "subtype"] as const) {
    const [has, wanted] = [file[name], asked[name]];
    // WAVEX is WAV with another header.
    if (wanted === undefined || wanted === has || (wanted === "WAV" && has === "WAVEX")) continue;
    throw new RangeError(`${name} must be the file's own ${show(has)}, not ${show(wanted)}`);
  }
  const has = file.endian === "FILE" ? ownEndian[file.format] : file.endian;
  const order = endian?.toUpperCase() ?? "FILE";
  const wanted = order === "CPU" ? cpuEndian : order;
  if (wanted !== "FILE" && has !== undefined && wanted !== (has === "CPU" ? cpuEndian : has)) {
    throw new RangeError(`endian must be the file's own ${show(has.toLowerCase())}, not ${show(endian)}`);
  }
}

const cpuEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? "LITTLE" : "BIG";
