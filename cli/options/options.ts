/**
 * The table of options: the parser, --help, the completions, the manual page and the table in docs/cli.md are all made
 * from it.
 */
import { looksLikeChannels, looksLikeMap, readChannels, readMap, readSides, type Sides } from "./lists.ts";
import * as numbers from "./numbers.ts";
import { dtypes, type NameList, nameLists, type Settings, shells } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

export type Group = "general" | "streaming" | "device" | "file";

export interface Option<T> {
  /** Long name, without the dashes. */
  readonly name: string;
  readonly short?: string;
  readonly group: Group;
  /** Placeholder of the value in the help; a switch has none. */
  readonly value?: string;
  /** The value may be missing, and then means this. */
  readonly without?: T;
  /** Whether a following word that is not attached is this option's value; every word is if this is left out. */
  readonly accepts?: (word: string) => boolean;
  /** Takes up to this many words, which are put into a list. */
  readonly words?: number;
  /** All possible values, for completions. */
  readonly choices?: readonly string[];
  /** List of the names that this machine offers as values, for completions. */
  readonly names?: NameList;
  /** One or two sentences for --help. */
  readonly help: string;
  /** Further text for the manual. */
  readonly more?: string;
  readonly read?: (text: string) => T;
}

/** Type of one word of an option's value: an entry, where the setting is a list. */
type ValueOf<T> = T extends readonly (infer Entry)[] ? Entry : T;
export type OptionTable = { readonly [Key in keyof Settings]-?: Option<ValueOf<NonNullable<Settings[Key]>>> };

function choose<const Name extends string>(names: readonly Name[], what: string): (text: string) => Name {
  return (text) => {
    const lower = text.toLowerCase();
    const name = names.find((name) => name === lower);
    if (name) return name;
    throw new UsageError(`'${text}' is not ${what}: ${names.join(", ")}`, { word: text, known: names });
  };
}

function sides<T>(read: (text: string, quoted: boolean) => T): (text: string) => Sides<T> {
  return (text) => readSides(text, read);
}

function readName(text: string): string {
  if (text === "") throw new UsageError("the name is empty");
  return text;
}

const isTime = (word: string) => {
  try {
    numbers.readTime(word);
    return true;
  } catch {
    return false;
  }
};
const endians = ["file", "little", "big", "cpu"] as const;
const overflows = ["abort", "drop"] as const;

export const options: OptionTable = {
  help: { name: "help", short: "h", group: "general", help: "Show this help and exit." },
  version: { name: "version", group: "general", help: "Print the version and exit." },
  list: {
    name: "list",
    short: "l",
    group: "general",
    help: "List the audio devices and exit.",
    more: "> marks the default input device, < the default output device, * a default for both. --host-api lists the " +
      "devices of one host API; --json prints JSON.",
  },
  listFormats: { name: "list-formats", group: "general", help: "List the file types for -t and exit." },
  listEncodings: {
    name: "list-encodings",
    group: "general",
    value: "TYPE",
    names: "types",
    without: "",
    accepts: (word) => !word.startsWith("-"),
    read: (text) => text.toUpperCase(),
    help: "List the encodings for -e, all or those of one file type, and exit.",
  },
  completions: {
    name: "completions",
    group: "general",
    value: "SHELL",
    choices: shells,
    read: choose([...shells, ...nameLists], "a shell"),
    help: "Print the completions for bash, zsh or fish and exit.",
    more: 'For bash, put this into ~/.bashrc: eval "$(pastream --completions bash)". ' +
      `The completions ask in turn for ${nameLists.join(", ")}, which print a name per line.`,
  },
  verbose: {
    name: "verbose",
    short: "v",
    group: "general",
    help: "With --list: add the id, latencies and sample rates of each device.",
    more: "Each device is asked for its rates, which takes time; one that is in use may have fewer than it would have.",
  },
  quiet: {
    name: "quiet",
    short: "q",
    group: "general",
    help: "Print nothing but errors.",
  },
  json: {
    name: "json",
    group: "general",
    help: "For programs: one JSON object per line on stderr, every second and at the end.",
    more:
      'The type of an object is "start", "progress", "note" or "end"; with -q only the last is printed. Lists and ' +
      "the report of the doctor are JSON on stdout.",
  },
  terminal: {
    name: "terminal",
    group: "general",
    help: "With scope: show the view in the terminal, not in the browser.",
    more: "Where standard output is no terminal it is a line per second. NO_COLOR=1 leaves the colors out.",
  },

  duration: {
    name: "duration",
    short: "d",
    group: "streaming",
    value: "TIME",
    read: numbers.readTime,
    help:
      "Play and record no longer than this. Negative (the default): until the playback ends, or, without one, until " +
      "the command is stopped.",
  },
  offset: {
    name: "offset",
    short: "o",
    group: "streaming",
    value: "TIME",
    read: numbers.readOffset,
    help: "Drop this much from the start of the recording.",
    more: "What is played is not shifted.",
  },
  pad: {
    name: "pad",
    short: "p",
    group: "streaming",
    value: "TIME",
    without: numbers.endless,
    accepts: isTime,
    read: numbers.readTime,
    help:
      "Play silence for this long after the playback, so that its end is recorded too. Negative, or without a time: " +
      "up to --duration, or without end.",
    more: "The next word is taken as the time only if it can be read as one.",
  },
  loop: { name: "loop", group: "streaming", help: "Play the file over and over, up to --duration or without end." },
  volume: {
    name: "volume",
    group: "streaming",
    value: "GAIN",
    read: numbers.readVolume,
    help: "Playback volume: a factor (0.5), a percentage (50%) or decibels (-6dB).",
    more: "1, the default, leaves every bit as it is. A factor above 4 is written with an x, like 10x.",
  },
  bufferSize: {
    name: "buffersize",
    group: "streaming",
    value: "SIZE",
    read: numbers.readBufferSize,
    help: "Frames between the device and each file, a power of 2. A larger buffer tolerates slower disks and pipes.",
    more: "Default: for a recording ten seconds or more, for a playback 64K, or more if rate, block size and latency " +
      "need it.",
  },
  fatalXruns: {
    name: "fatal-xruns",
    group: "streaming",
    help: "End at the first xrun, with exit code 3.",
    more:
      "An xrun is a block for which the device reported lost or missing sound, or a gap because the playback came " +
      "too late.",
  },
  onOverflow: {
    name: "on-overflow",
    group: "streaming",
    value: "WHAT",
    choices: overflows,
    read: choose(overflows, "a policy"),
    help:
      "What to do when the recording cannot be written fast enough: abort (the default), or drop frames, count them " +
      "and go on.",
  },
  noClobber: { name: "no-clobber", group: "streaming", help: "Do not overwrite existing files." },
  rotate: {
    name: "rotate",
    group: "streaming",
    value: "TIME",
    read: numbers.readPositiveTime,
    help: "Begin a new recording file each time this much has been recorded; no frame is lost in between.",
    more: "The output is a name with the conversions of strftime(3), like rec-%Y%m%d-%H%M%S.wav. They stand for the " +
      "local time at which each file begins. A name that would come twice, or that has no conversions, gets a " +
      "number: rec-001.wav, rec-002.wav. The cut is exact to the frame.",
  },

  device: {
    name: "device",
    short: "D",
    group: "device",
    value: "DEVICE[,DEVICE]",
    names: "devices",
    read: (text) => text,
    help: "Device by index, id or words of its name. virtual is the built-in device, which records what it plays; " +
      "loopback records what the default output plays. Default: PASTREAM_DEVICE, else the system's.",
    more: "The whole value is first tried as the name of one device, with its commas and quotes (hw:0,0). In a pair, " +
      "quote names that contain commas: -D '\"hw:0,0\",virtual'.",
  },
  hostApi: {
    name: "host-api",
    group: "device",
    value: "NAME",
    names: "host-apis",
    read: readName,
    help: "Use, or list, only devices of this host API (ALSA, JACK, WASAPI, Core Audio, …); without -D its default " +
      "devices.",
  },
  channels: {
    name: "channels",
    short: "c",
    group: "device",
    value: "N[,N]",
    read: sides(numbers.readCount),
    help: "Number of channels. Default: those of the playback (mono: the device's); for a recording, those of the " +
      "device, at most 2.",
    more:
      "For a RAW playback these are the channels of the file. With any other playback, a single number is for the " +
      "recording. A mono file plays on all channels, of two channels their mean on one.",
  },
  rate: {
    name: "rate",
    short: "r",
    group: "device",
    value: "HZ",
    read: numbers.readRate,
    help: "Sample rate of the stream, like 48000 or 48k. Default: the playback's, else the device's.",
    more: "A file or a device that does not have this rate is converted; a note tells so.",
  },
  deviceRate: {
    name: "device-rate",
    group: "device",
    value: "HZ",
    read: numbers.readRate,
    help:
      "Sample rate that the device runs at. Default: that of the stream, or where it is not supported, the device's.",
  },
  noConvert: {
    name: "no-convert",
    group: "device",
    help: "Fail rather than convert sample rates; the error lists those that the device supports.",
  },
  format: {
    name: "format",
    short: "f",
    group: "device",
    value: "FORMAT[,FORMAT]",
    choices: dtypes,
    read: sides(choose(dtypes, "a sample format")),
    help: `Sample format of the device: ${
      dtypes.join(", ")
    }. Default: what holds the playback's samples, else float32.`,
  },
  blockSize: {
    name: "blocksize",
    short: "b",
    group: "device",
    value: "SIZE",
    read: numbers.readBlockSize,
    help: "Frames per block of the device; 0, the default, lets it decide.",
  },
  latency: {
    name: "latency",
    group: "device",
    value: "TIME[,TIME]",
    choices: ["low", "high"],
    read: sides(numbers.readLatency),
    help: "Latency to ask the device for: low, high (the default), 50ms, or seconds.",
  },
  map: {
    name: "map",
    short: "m",
    group: "device",
    value: "MAP",
    words: 2,
    accepts: looksLikeMap,
    read: readMap,
    help: "Route channels: FROM[:TO],… counted from 1, like 2,1 or 1:2. What is not named is muted. Of two maps " +
      "the first is for the playback; a single one is for the recording if there is one.",
    more:
      "Without :TO a channel goes to its place in the list; channel 0 is silence. The following word is the second " +
      "map if it can be read as one (null only if both files stand before it).",
  },
  channelSelect: {
    name: "channel-select",
    short: "s",
    group: "device",
    value: "CHANNELS",
    words: 2,
    accepts: looksLikeChannels,
    read: readChannels,
    help: "Open only these channels of an ASIO device, counted from 1, like 3,4; a second list is for the recording.",
    more: "The following word is the second list if it can be read as one (null only if both files stand before it).",
  },

  fileType: {
    name: "file-type",
    short: "t",
    group: "file",
    value: "TYPE[,TYPE]",
    names: "types",
    read: sides((text) => text.toUpperCase()),
    help: "File type, like wav, flac, mp3 or raw (--list-formats). Default: from the file's header or name.",
    more: "Extensions of file names are types, too, like opus. A recording to stdout has the type of the playback if " +
      "that can be written to a pipe, else it is AU; WAV must be asked for by name there. Also spelt --file_type.",
  },
  encoding: {
    name: "encoding",
    short: "e",
    group: "file",
    value: "ENCODING[,ENCODING]",
    names: "encodings",
    read: sides((text) => text.toUpperCase()),
    help: "Sample encoding, like pcm_16, pcm_24, float (--list-encodings). Needed for a RAW playback. Default for a " +
      "recording: the one nearest to the sample format of the device.",
  },
  endian: {
    name: "endian",
    group: "file",
    value: "ORDER[,ORDER]",
    choices: endians,
    read: sides(choose(endians, "a byte order")),
    help: `Byte order: ${endians.join(", ")}. Default: the file type's own.`,
  },
};

export type SettingName = keyof OptionTable;
export const settingNames: readonly SettingName[] = Object.keys(options) as SettingName[];

/** `-d/--duration`, for messages. */
export function spelling(name: SettingName): string {
  const { name: long, short } = options[name];
  return short ? `-${short}/--${long}` : `--${long}`;
}
