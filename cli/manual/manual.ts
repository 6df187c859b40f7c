/** The words around the table of options: shared by --help, the manual page and docs/cli.md. */
import type { Group } from "../options/options.ts";

export const TITLE = "play and record sound files";

export const synopses: readonly string[] = [
  "pastream [OPTIONS] INPUT [OUTPUT]",
  "pastream [OPTIONS] null OUTPUT",
  "pastream doctor [OPTIONS]",
  "pastream scope [OPTIONS] [INPUT]",
];

export const description =
  "Plays INPUT, records OUTPUT, or does both at once. A dash (-) is standard input or output; null, ^ or an empty " +
  "string stands for no file. A word @FILE is replaced by the words in FILE. doctor checks the installation with a " +
  "loopback run; scope shows an input live, in the browser or in the terminal.";

export const groups: readonly { readonly group: Group; readonly heading: string; readonly intro?: string }[] = [
  { group: "general", heading: "General" },
  {
    group: "streaming",
    heading: "Playing and recording",
    intro: "TIME is seconds, h:m:s, m:s, or a number with a unit: ms, sec, min or h. A number followed by s counts " +
      "samples: 48000s, 48ks or 1Ks (1024). SIZE may end in k, K, m or M: thousands, 1024s and millions.",
  },
  {
    group: "device",
    heading: "Audio device",
    intro:
      "Where two values are allowed the first is for the playback and the second for the recording; one value is " +
      "for both. An empty value, null or ^ leaves the default.",
  },
  { group: "file", heading: "Sound files", intro: "One value or two, as above." },
];

export const exitCodes: readonly (readonly [code: string, meaning: string])[] = [
  ["0", "all went well, or the reader of the output went away"],
  ["1", "something failed"],
  ["2", "the command line is wrong"],
  ["3", "an xrun, with --fatal-xruns"],
  [
    "129, 130, 143, 149",
    "ended by SIGHUP, SIGINT (Ctrl-C), SIGTERM or, on Windows, Ctrl-Break; the recording was finished properly " +
    "first. A second one aborts at once",
  ],
];

export const environment: readonly (readonly [name: string, meaning: string])[] = [
  ["PASTREAM_DEVICE", "the default device"],
  ["PASTREAM_HOST_API", "the host API whose default devices are the default ones"],
  ["PASTREAM_DEBUG", "1: errors are printed with stack traces, and messages of the audio libraries are let through"],
];

export const examples: readonly (readonly [command: string, what: string])[] = [
  ["pastream input.wav output.wav", "play one file and record another at once"],
  ["pastream null output.wav -r48k -d10:00", "record ten minutes at 48 kHz"],
  ["sox -n -t au - synth sine 440 | pastream - output.wav", "play what sox makes, and record it"],
  ["pastream -c1 -r48k -e=pcm_16 input.raw", "play a RAW file"],
  ["pastream null - -t au | sox -t au - out.mp3", "record into a pipe"],
  ["pastream null rec-%Y%m%d-%H%M%S.flac --rotate 1:00:00", "record until stopped, one file per hour"],
  ["pastream -D virtual in.wav out.wav", "try it without a sound card"],
  ["pastream doctor -D virtual", "check the installation"],
  ["pastream scope", "see the microphone in the browser"],
];
