/** What a command line streams between: the files and the device, joined as the options say. */
import {
  DeviceNotFoundError,
  type Dtype,
  DuplexStream,
  type HostSettings,
  InputStream,
  OutputStream,
  PortAudioError,
  type SoundFile,
  SoundFileError,
  type StreamOptions,
} from "../../mod.ts";
import { chooseDevices } from "./device-choice.ts";
import { type ChannelMap, mappingOf } from "./lists.ts";
import { framesOf, type Span } from "./numbers.ts";
import { type SettingName, spelling } from "./options.ts";
import { formatFor, openPlaybackFile } from "./playback-file.ts";
import { RecordingFiles } from "./recording-files.ts";
import type { CommandLine, Settings } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

type Player = OutputStream<Dtype> | DuplexStream<Dtype>;
type Recorder = InputStream<Dtype> | DuplexStream<Dtype>;

/** Frames of a run, as start() takes them. */
export interface RunLength {
  readonly frames: number;
  readonly pad: number;
  readonly offset: number;
}

export interface Transport {
  readonly stream: Player | Recorder;
  readonly player: Player | undefined;
  readonly recorder: Recorder | undefined;
  readonly playback: SoundFile | undefined;
  readonly files: RecordingFiles | undefined;
}

/** The channel lists of -s as settings of the two directions, and how many channels they leave. */
function selectors(
  { channelSelect }: Settings,
): { settings: (HostSettings | undefined)[]; counts: (number | undefined)[] } {
  const lists = channelSelect ?? [];
  const inOrder = [lists.at(-1), lists[0]]; // input, output
  return {
    settings: inOrder.map((list) =>
      list ? { hostApi: "asio", channelSelectors: list.map((channel) => channel - 1) } : undefined
    ),
    counts: inOrder.map((list) => list?.length),
  };
}

function streamOptions({ settings, playback, recording }: CommandLine, file: SoundFile | undefined): StreamOptions {
  const { channels, format, latency, rate, blockSize } = settings;
  const dtype = file ? formatFor(file) : "float32";
  const selected = selectors(settings);
  return {
    device: chooseDevices(settings, { playback: playback !== null, recording: recording !== null }),
    channels: [channels?.recording ?? selected.counts[0], file?.channels],
    dtype: [format?.recording ?? dtype, format?.playback ?? dtype],
    latency: [latency?.recording ?? "high", latency?.playback ?? "high"],
    sampleRate: rate ?? file?.sampleRate,
    blockSize,
    ...(settings.channelSelect && { hostSettings: [selected.settings[0], selected.settings[1]] }),
  };
}

/** The options that PortAudio's codes are about. */
const blamed: Readonly<Record<number, SettingName>> = {
  [-9998]: "channels", // paInvalidChannelCount
  [-9997]: "rate", // paInvalidSampleRate
  [-9996]: "device", // paInvalidDevice
  [-9994]: "format", // paSampleFormatNotSupported
  [-9993]: "device", // paBadIODeviceCombination
  [-9985]: "device", // paDeviceUnavailable
};

/** What other errors say of an option that was given. */
const phrases: readonly (readonly [RegExp, SettingName])[] = [
  [/sample rate/i, "rate"],
  [/number of channels/i, "channels"],
  [/another host API/i, "channelSelect"],
  [/together with another/i, "device"],
];

/** The option that an error is about. */
function blamedOption(error: Error, settings: Settings): SettingName | undefined {
  if (error instanceof DeviceNotFoundError) return "device";
  if (error instanceof PortAudioError) return blamed[error.paCode];
  return phrases.find(([phrase, name]) => settings[name] !== undefined && phrase.test(error.message))?.[1];
}

/** Names the option in the message of an error of the API's. */
function blame(error: unknown, settings: Settings): unknown {
  if (!(error instanceof Error) || error instanceof UsageError || error instanceof SoundFileError) return error;
  const option = blamedOption(error, settings);
  if (option === undefined || /^\w+\.|^PASTREAM/.test(error.message)) return error;
  const { device } = settings;
  const parts = option === "device" && device && !device.sides.single
    ? `, and no device is called '${device.text}'`
    : "";
  error.message = `${spelling(option)}: ${error.message.replace(/^device: /, "")}${parts}`;
  return error;
}

/** Routes channels, and warns of those that the map leaves out. */
function mappingFor(map: ChannelMap, channels: number, side: string, note: (text: string) => void): number[] {
  const named = new Set(map.map(([, to]) => to));
  const muted = Array.from({ length: channels }, (_, index) => index + 1).filter((channel) => !named.has(channel));
  if (muted.length > 0) {
    const [what, is] = muted.length === 1 ? ["channel", "is"] : ["channels", "are"];
    note(
      `-m/--map: ${what} ${muted.join(", ")} of the ${side} ${is} muted: the map does not name ${
        muted.length === 1 ? "it" : "them"
      }`,
    );
  }
  return mappingOf(map, channels);
}

function setMaps({ map = [] }: Settings, { player, recorder }: Transport, note: (text: string) => void): void {
  // A single map is for the recording if there is one.
  const [first, second] = map.length === 1 && recorder ? [null, map[0]] : map;
  if (first && player) {
    const channels = player instanceof DuplexStream ? player.channels[1] : player.channels;
    player.txMapping = mappingFor(first, channels, "playback", note);
  }
  if (second && recorder) {
    const channels = recorder instanceof DuplexStream ? recorder.channels[0] : recorder.channels;
    recorder.rxMapping = mappingFor(second, channels, "recording", note);
  }
}

function noteIdle({ settings, playback, recording }: CommandLine, note: (text: string) => void): void {
  const without = (side: string, names: readonly SettingName[]) => {
    for (const name of names) {
      if (settings[name] !== undefined) note(`${spelling(name)} does nothing: there is no ${side}`);
    }
  };
  if (playback === null) without("playback", ["loop", "volume", "pad"]);
  if (recording === null) without("recording", ["offset", "noClobber", "onOverflow", "rotate"]);
}

/** Opens the files and the device. What was opened before something failed is closed again. */
export async function openTransport(line: CommandLine, note: (text: string) => void): Promise<Transport> {
  const { settings } = line;
  noteIdle(line, note);
  let playback: SoundFile | undefined;
  let files: RecordingFiles | undefined;
  let stream: Player | Recorder | undefined;
  try {
    if (line.playback !== null) playback = openPlaybackFile(line);
    if (line.recording !== null) files = new RecordingFiles(line, playback, note);
    const options = streamOptions(line, playback);
    stream = playback && files
      ? await DuplexStream.open<Dtype>(options)
      : await (playback ? OutputStream : InputStream).open<Dtype>(options);
    const player = stream instanceof InputStream ? undefined : stream;
    const recorder = stream instanceof OutputStream ? undefined : stream;
    const transport: Transport = { stream, player, recorder, playback, files };
    setMaps(settings, transport, note);
    const { bufferSize, onOverflow, loop, volume } = settings;
    if (player && volume !== undefined) player.outputGain = volume;
    if (player && playback) player.setSource(playback, { bufferSize, loop });
    // Last, so that nothing that fails before it has emptied a file.
    if (recorder && files) recorder.setSink(files.openFirst(recorder), { bufferSize, onOverflow });
    return transport;
  } catch (error) {
    await stream?.close();
    playback?.close();
    files?.close();
    throw blame(error, settings);
  }
}

/** Ends everything. */
export async function closeTransport({ stream, playback, files }: Transport): Promise<void> {
  await stream.close();
  playback?.close();
  files?.close();
}

/** How long to run. --duration is a limit: a file that ends before it is played to its end. */
export function runLength(
  { duration, offset, pad }: Settings,
  { stream, playback, files }: Transport,
  loop: boolean,
): RunLength {
  const inFrames = (span: Span | undefined, preset: number) => span ? framesOf(span, stream.sampleRate) : preset;
  const length = {
    frames: inFrames(duration, -1),
    pad: playback ? inFrames(pad, 0) : 0,
    offset: files ? inFrames(offset, 0) : 0,
  };
  const known = playback && !loop && playback.frames >= 0 ? playback.frames : Infinity;
  return length.pad >= 0 && length.frames > known ? { ...length, frames: known } : length;
}

/** Frames of the whole run; undefined if that is not known before. */
export function totalFrames({ frames, pad }: RunLength, { playback }: Transport, loop: boolean): number | undefined {
  if (frames >= 0) return frames + Math.max(pad, 0);
  return playback && !loop && pad >= 0 && playback.frames >= 0 ? playback.frames + pad : undefined;
}
