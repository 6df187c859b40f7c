/**
 * Real-time audio streams for Deno, Bun and Node: play, record, or both at once, from and into sound files, memory,
 * ring buffers, functions, generators, Web Streams and workers.
 *
 * Samples move in a C library, between the audio callback, lock-free rings and sound files. JavaScript says what is to
 * be played and recorded, and may be busy with something else in the meantime. Lengths and positions are frames (one
 * sample for every channel), exact to the frame; times are seconds, rates are in Hz.
 *
 * @example Play and record, each in one call
 * ```ts
 * import { play, playrec, record, writeFile } from "@pastream/pastream";
 *
 * await play("song.flac"); // resolves when the last sample has been heard
 * const samples = await record(48000, { sampleRate: 48000, channels: 1 });
 * await writeFile("second.wav", samples, { sampleRate: 48000, channels: 1 });
 * const echo = await playrec(samples, { sampleRate: 48000, channels: 1, pad: 4800 });
 * ```
 *
 * @example The live input
 * ```ts
 * import { chunks } from "@pastream/pastream";
 *
 * for await (const chunk of chunks({ sampleRate: 16000, channels: 1, chunkSize: 1600, overlap: 800 })) {
 *   console.log(Math.max(...chunk)); // the array is valid until the next one is asked for
 * }
 * ```
 *
 * @example A stream that plays one file and records another, by native threads
 * ```ts
 * import { DuplexStream } from "@pastream/pastream";
 *
 * const stream = DuplexStream.fromFile("sweep.wav");
 * await stream.playrec("sweep.wav", { out: "room.wav", pad: 24000 });
 * console.log(stream.xruns, stream.glitches);
 * await stream.close();
 * ```
 *
 * @example Devices
 * ```ts
 * import { formatDeviceList } from "@pastream/pastream";
 *
 * console.log(formatDeviceList()); // device: "words of a name", "loopback", or "virtual", which is built in
 * ```
 *
 * @module pastream
 */
export { type DeviceChange, deviceChanges, refreshDevices } from "./src/device/changes.ts";
export { defaults } from "./src/device/defaults.ts";
export { formatDeviceList, queryDevice } from "./src/device/device-choice.ts";
export type { DeviceInfo } from "./src/library/device-info.ts";
export { type HostApiInfo, matchDevices, queryDevices, queryHostApis } from "./src/device/devices.ts";
export {
  BufferEmptyError,
  BufferFullError,
  DeviceLostError,
  DeviceNotFoundError,
  type ErrorCode,
  type HostError,
  LibraryNotFoundError,
  PastreamError,
  PortAudioError,
  SoundFileError,
} from "./src/library/errors.ts";
export type { Dtype, FileDtype, FileSamples, SamplesOf } from "./src/samples/formats.ts";
export { installHint, type SystemLibrary } from "./src/library/install-hint.ts";
export type { HostSettings, VirtualFault } from "./src/device/host-settings.ts";
export { nearestName } from "./src/base/nearest.ts";
export type { Pair } from "./src/base/pair.ts";
export { type LibraryOptions, loadLibrary } from "./src/library/library.ts";
export { RingBuffer, type RingHandle } from "./src/ring/ring-buffer.ts";
export { supportedSampleRates } from "./src/device/sample-rates.ts";
export { checkSettings } from "./src/device/stream-config.ts";
export type { StreamKind, StreamOptions } from "./src/device/stream-options.ts";
export { type LibraryOrigin, type Versions, versions } from "./src/library/versions.ts";
export { deinterleave, interleave } from "./src/samples/interleave.ts";
export { type FileMode, SoundFile, type SoundFileOptions } from "./src/sound-file/sound-file.ts";
export type { BlockOptions } from "./src/sound-file/blocks.ts";
export {
  availableFormats,
  availableSubtypes,
  checkFormat,
  defaultSubtype,
  formatOfName,
} from "./src/sound-file/format-names.ts";
export type { BroadcastInfo, CuePoint, Instrument, SampleLoop } from "./src/sound-file/notes.ts";
export type { ByteSource } from "./src/sound-file/incoming.ts";
export type { ReadOptions } from "./src/sound-file/samples.ts";
export { type FileContents, type FileInfo, info, readFile, writeFile } from "./src/sound-file/whole-files.ts";
export type { ChunkOptions } from "./src/chunks/options.ts";
export { DuplexStream } from "./src/stream/duplex-stream.ts";
export type { OpenableFile } from "./src/stream/file-streams.ts";
export { InputStream } from "./src/stream/input-stream.ts";
export { chunks, play, playrec, record } from "./src/stream/one-call.ts";
export { OutputStream } from "./src/stream/output-stream.ts";
export type { Cleared } from "./src/run/queue.ts";
export { type Conversion, describeConversion, type FrameShape } from "./src/run/conversions.ts";
export type { Tap } from "./src/run/tap.ts";
export type { ClearOptions, Playing, PlayOptions } from "./src/stream/playing.ts";
export type { WritableOptions } from "./src/stream/web-streams.ts";
export type {
  CallbackStats,
  ChannelLevel,
  Glitch,
  GlitchKind,
  Levels,
  Quantiles,
  XrunCounts,
} from "./src/run/readings.ts";
export type { NextFileOptions, Recording } from "./src/stream/recording.ts";
export type { RunOptions } from "./src/run/run-length.ts";
export type { Blocking, StartOptions } from "./src/run/run-options.ts";
export type { Planar, Samples } from "./src/samples/samples.ts";
export type { ShapeOptions } from "./src/endpoints/shape.ts";
export type { Sink, SinkOptions } from "./src/endpoints/sink.ts";
export type { Source, SourceOptions } from "./src/endpoints/source.ts";
export type { TaskContext, TaskFunction, TaskStream } from "./src/run/endpoint.ts";
export {
  paInputOverflow,
  paInputUnderflow,
  paOutputOverflow,
  paOutputUnderflow,
  paPrimingOutput,
  Stream,
} from "./src/stream/stream.ts";
export type { WorkerTask } from "./src/endpoints/worker.ts";
