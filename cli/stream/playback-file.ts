/** The file that is played. */
import { countOf } from "../options/count.ts";
import { type Dtype, nearestName, SoundFile, SoundFileError, type SoundFileOptions } from "../../mod.ts";
import { fileChoice, typeOfName } from "./file-options.ts";
import { type CommandLine, commandWords, type Settings } from "../options/settings.ts";
import { UsageError } from "../options/usage-error.ts";
import { isTerminal } from "../report/terminal.ts";

/** The properties of a RAW file, from the options. */
function rawOptions({ settings, playback }: CommandLine): SoundFileOptions {
  const { subtype, endian } = fileChoice(settings, "playback");
  const channels = settings.channels?.playback;
  const missing = [
    ...(settings.rate === undefined ? ["-r/--rate"] : []),
    ...(channels === undefined ? ["-c/--channels"] : []),
    ...(subtype === undefined ? ["-e/--encoding"] : []),
  ];
  if (missing.length > 0) throw new UsageError(`'${playback}' is RAW: ${missing.join(", ")} must say what is in it`);
  return { format: "RAW", subtype, endian, channels, sampleRate: settings.rate };
}

/** The channels that were asked for: a single number is for the recording, because the file has its own. */
export function playbackChannels({ channels }: Settings, recording: string | null): number | undefined {
  return channels?.single && recording !== null ? undefined : channels?.playback;
}

/** Throws a UsageError where the file has another rate or other channels, and cannot or must not be converted. */
function requireFit(file: SoundFile, { settings, recording }: CommandLine): void {
  const { rate, noConvert, map } = settings;
  const channels = playbackChannels(settings, recording) ?? file.channels;
  const fail = (text: string) => {
    file.close();
    throw new UsageError(text);
  };
  if (noConvert && rate !== undefined && rate !== file.sampleRate) {
    fail(`-r/--rate: ${file.name} has ${file.sampleRate} Hz, not ${rate}, and --no-convert refuses to convert it`);
  }
  const fits = file.channels === channels ||
    !noConvert && (map !== undefined || file.channels === 1 || (file.channels === 2 && channels === 1));
  if (!fits) {
    fail(`-c/--channels: ${file.name} has ${countOf(file.channels, "channel")}, not ${channels}; -m/--map may choose`);
  }
}

/** An error of opening the file, with the command that its name was probably meant to be. */
function withCommand(error: unknown, { playback, recording }: CommandLine): unknown {
  const isMissing = error instanceof SoundFileError && (error.cause as { code?: string })?.code === "ENOENT";
  const word = isMissing && recording === null ? nearestName(playback!, Object.keys(commandWords)) : undefined;
  if (word !== undefined) (error as Error).message += ` Did you mean the command: pastream ${commandWords[word]}?`;
  return error;
}

/** Opens the file; RAW if the options or its name say so. */
export function openPlaybackFile(line: CommandLine): SoundFile {
  const { settings, recording } = line;
  const name = line.playback!;
  const target = name === "-" ? 0 : name;
  if (target === 0 && isTerminal(0)) {
    throw new UsageError("standard input is a terminal: there is nothing to play from it");
  }
  if (/^https?:/i.test(name)) {
    throw new UsageError(`'${name}' is on the web, not a file: curl -sL '${name}' | pastream -`);
  }
  const { format } = fileChoice(settings, "playback");
  if ((format ?? typeOfName(name)) === "RAW") {
    // A single -t counts for the playback only if the file has no header.
    const isFallback = settings.fileType?.single && recording !== null && target !== 0 && typeOfName(name) !== "RAW";
    if (!isFallback) return new SoundFile(target, "r", rawOptions(line));
  }
  let file: SoundFile;
  try {
    file = new SoundFile(target, "r");
  } catch (error) {
    if (format !== "RAW" || !(error instanceof SoundFileError)) throw withCommand(error, line);
    return new SoundFile(target, "r", rawOptions(line));
  }
  requireFit(file, line);
  return file;
}

/** The sample format that holds the samples of the file without loss. */
export function formatFor({ subtype }: SoundFile): Dtype {
  const dtypes: Readonly<Record<string, Dtype>> = { PCM_16: "int16", PCM_24: "int24", PCM_32: "int32" };
  return dtypes[subtype] ?? "float32";
}
