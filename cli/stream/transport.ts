/** The stream of a command line: its files and its device, set up as the options say. */
import { countOf } from "../options/count.ts";
import {
  type Conversion,
  describeConversion,
  type Dtype,
  DuplexStream,
  type HostSettings,
  InputStream,
  OutputStream,
  type SoundFile,
  type StreamOptions,
} from "../../mod.ts";
import { blame } from "./blame.ts";
import { chooseDevices } from "./device-choice.ts";
import { settingNotes } from "../options/notes.ts";
import { formatFor, openPlaybackFile, playbackChannels } from "./playback-file.ts";
import type { RecordingFiles } from "./recording-files.ts";
import { planMaps } from "./routing.ts";
import type { Player, Recorder } from "./streams.ts";
import { type RunLength, runLength } from "./run-length.ts";
import type { CommandLine, Settings } from "../options/settings.ts";
import { UsageError } from "../options/usage-error.ts";

export interface Transport {
  readonly stream: Player | Recorder;
  readonly player: Player | undefined;
  readonly recorder: Recorder | undefined;
  readonly playback: SoundFile | undefined;
  readonly files: RecordingFiles | undefined;
  readonly length: RunLength;
}

/** The channel lists of -s as host settings of the two directions, and the number of channels in each. */
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

function mustSelect(selected: number | undefined, channels: number | undefined, side: string): void {
  if (selected === undefined || channels === undefined || selected === channels) return;
  throw new UsageError(
    `-s/--channel-select: the ${side} has ${countOf(channels, "channel")}, but the list names ${selected}`,
  );
}

/** Channels of the output; undefined: the device's. A mono file is heard on all loudspeakers. */
function outputChannels({ settings, recording }: CommandLine, file: SoundFile | undefined): number | undefined {
  const given = file?.format === "RAW" ? undefined : playbackChannels(settings, recording);
  if (given !== undefined || !file || file.channels > 1 || settings.noConvert) return given ?? file?.channels;
  return undefined;
}

/** A note about what is converted. */
function conversionNote(conversion: Conversion, playback: SoundFile | undefined): string {
  const { what, from, to } = conversion;
  const name = what === "source" ? playback!.name : `the ${what}`;
  const refused = from.sampleRate === to.sampleRate ? "" : " (--no-convert refuses to)";
  return `${name} is converted: ${describeConversion(conversion)}${refused}`;
}

function streamOptions(line: CommandLine, file: SoundFile | undefined): StreamOptions {
  const { settings, playback, recording } = line;
  const { channels, format, latency, rate, blockSize } = settings;
  const dtype = file ? formatFor(file) : "float32";
  const selected = selectors(settings);
  if (recording !== null) mustSelect(selected.counts[0], channels?.recording, "recording");
  mustSelect(selected.counts[1], outputChannels(line, file), "playback");
  return {
    device: chooseDevices(settings, { playback: playback !== null, recording: recording !== null }),
    channels: [channels?.recording ?? selected.counts[0], outputChannels(line, file) ?? selected.counts[1]],
    dtype: [format?.recording ?? dtype, format?.playback ?? dtype],
    latency: [latency?.recording ?? "high", latency?.playback ?? "high"],
    sampleRate: rate ?? file?.sampleRate,
    deviceRate: settings.deviceRate,
    conversion: settings.noConvert ? "never" : "auto",
    blockSize,
    ...(settings.channelSelect && { hostSettings: [selected.settings[0], selected.settings[1]] }),
  };
}

/** Seconds that a recording can wait for its file: for a slow disk, or for this process while it is stopped. */
const SINK_SECONDS = 10;
const SINK_BYTES = 2 ** 26;
const SINK_FRAMES = 2 ** 16;

/** Frames of the ring of a recording, a power of 2. */
function sinkFrames(recorder: Recorder): number {
  const input = (value: number | readonly [number, number]) => typeof value === "number" ? value : value[0];
  const wanted = 2 ** Math.ceil(Math.log2(SINK_SECONDS * recorder.sampleRate));
  const frameBytes = input(recorder.channels) * input(recorder.sampleSize);
  return Math.max(SINK_FRAMES, Math.min(wanted, 2 ** Math.floor(Math.log2(SINK_BYTES / frameBytes))));
}

/** Opens the files and the device. On an error everything that is open is closed again. */
export async function openTransport(line: CommandLine, note: (text: string) => void): Promise<Transport> {
  const { settings } = line;
  for (const text of settingNotes(line)) note(text);
  let playback: SoundFile | undefined;
  let files: RecordingFiles | undefined;
  let stream: Player | Recorder | undefined;
  try {
    if (line.playback !== null) playback = openPlaybackFile(line);
    if (line.recording !== null) {
      const { RecordingFiles } = await import("./recording-files.ts");
      files = new RecordingFiles(line, playback, note);
    }
    const options = streamOptions(line, playback);
    stream = playback && files
      ? await DuplexStream.open<Dtype>(options)
      : await (playback ? OutputStream : InputStream).open<Dtype>(options);
    const player = stream instanceof InputStream ? undefined : stream;
    const recorder = stream instanceof OutputStream ? undefined : stream;
    const length = runLength(settings, stream.sampleRate, playback, files !== undefined);
    const { bufferSize, onOverflow, loop, volume } = settings;
    if (player && volume !== undefined) player.outputGain = volume;
    const maps = planMaps(settings, player, recorder, playback, note);
    if (player && playback) {
      if (maps.playback) player.txMapping = maps.playback; // first, so that it decides, whatever the channels
      player.setSource(playback, { bufferSize, loop });
    }
    if (recorder && maps.recording) recorder.rxMapping = maps.recording;
    // This empties the file, so it comes last, when nothing before it has failed.
    if (recorder && files) {
      const file = files.openFirst(recorder);
      recorder.setSink(file, { bufferSize: bufferSize ?? sinkFrames(recorder), onOverflow });
    }
    for (const conversion of stream.conversions) note(conversionNote(conversion, playback));
    return { stream, player, recorder, playback, files, length };
  } catch (error) {
    await stream?.close();
    playback?.close();
    files?.close();
    throw blame(error, settings);
  }
}

/** Closes the stream and the files. */
export async function closeTransport({ stream, playback, files }: Transport): Promise<void> {
  await stream.close();
  playback?.close();
  files?.close();
}
