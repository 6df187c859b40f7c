import type { ChannelMap, Sides } from "./lists.ts";
import type { Span } from "./numbers.ts";

export const dtypes = ["float32", "int32", "int24", "int16", "int8", "uint8"] as const;
export const shells = ["bash", "zsh", "fish"] as const;
/** Lists of names that the completions of a shell offer, asked for when they are needed. */
export const nameLists = ["devices", "host-apis", "types", "encodings"] as const;
export type NameList = typeof nameLists[number];

/** The values of the options, each under its name in the table of options. */
export interface Settings {
  help?: boolean;
  version?: boolean;
  list?: boolean;
  listFormats?: boolean;
  listEncodings?: string;
  completions?: typeof shells[number] | NameList;
  verbose?: boolean;
  quiet?: boolean;
  json?: boolean;
  terminal?: boolean;

  duration?: Span;
  offset?: Span;
  pad?: Span;
  loop?: boolean;
  volume?: number;
  bufferSize?: number;
  fatalXruns?: boolean;
  onOverflow?: "abort" | "drop";
  noClobber?: boolean;
  rotate?: Span;

  /** As written. It is first tried whole, because names contain commas and quotes, then as a pair. */
  device?: string;
  hostApi?: string;
  channels?: Sides<number>;
  rate?: number;
  deviceRate?: number;
  noConvert?: boolean;
  format?: Sides<typeof dtypes[number]>;
  blockSize?: number;
  latency?: Sides<"low" | "high" | number>;
  map?: readonly (ChannelMap | null)[];
  channelSelect?: readonly (readonly number[] | null)[];

  fileType?: Sides<string>;
  encoding?: Sides<string>;
  endian?: Sides<"file" | "little" | "big" | "cpu">;
}

/** Words that a command may be meant by, and the command. */
export const commandWords: Readonly<Record<string, string>> = {
  doctor: "doctor",
  scope: "scope",
  help: "--help",
  version: "--version",
  list: "--list",
  devices: "--list",
};

/** A parsed command line. `playback` or `recording` is null if there is no such file. */
export interface CommandLine {
  readonly command:
    | "stream"
    | "doctor"
    | "scope"
    | "help"
    | "version"
    | "list"
    | "list-formats"
    | "list-encodings"
    | "completions";
  readonly settings: Settings;
  readonly playback: string | null;
  readonly recording: string | null;
}
