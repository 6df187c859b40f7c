/**
 * Real-time audio streams for Deno, Bun and Node: play, record, and process sound in chunks.
 *
 * Samples move in a C library, between PortAudio's callback, lock-free rings and sound files; JavaScript says what is to
 * be played and recorded, and may be busy with something else in the meantime.
 *
 * @example Devices
 * ```ts
 * import { formatDeviceList } from "@pastream/pastream";
 *
 * console.log(formatDeviceList());
 * ```
 *
 * @module
 */
export { defaults } from "./src/defaults.ts";
export { formatDeviceList, queryDevice } from "./src/device-choice.ts";
export { type DeviceInfo, type HostApiInfo, queryDevices, queryHostApis } from "./src/devices.ts";
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
} from "./src/errors.ts";
export type { Dtype, FileDtype, FileSamples, SamplesOf } from "./src/formats.ts";
export type { HostSettings, VirtualFault } from "./src/host-settings.ts";
export type { Pair } from "./src/pair.ts";
export { type LibraryOptions, loadLibrary } from "./src/library.ts";
export { RingBuffer, type RingHandle } from "./src/ring-buffer.ts";
export { checkSettings, type StreamKind, type StreamOptions } from "./src/stream-options.ts";
export { type Versions, versions } from "./src/versions.ts";
export { deinterleave, interleave } from "./src/interleave.ts";
export { type FileMode, SoundFile, type SoundFileOptions } from "./src/sound-file.ts";
export type { BlockOptions } from "./src/sound-file-blocks.ts";
export { availableFormats, availableSubtypes, checkFormat, defaultSubtype } from "./src/sound-file-formats.ts";
export type { BroadcastInfo, CuePoint, Instrument, SampleLoop } from "./src/sound-file-notes.ts";
export type { ReadOptions } from "./src/sound-file-samples.ts";
export { type FileContents, type FileInfo, info, readFile, writeFile } from "./src/whole-files.ts";
export type { ChunkOptions } from "./src/chunk-options.ts";
export { DuplexStream } from "./src/duplex-stream.ts";
export type { OpenableFile } from "./src/file-streams.ts";
export { InputStream } from "./src/input-stream.ts";
export { chunks, play, playrec, record } from "./src/one-call.ts";
export { OutputStream } from "./src/output-stream.ts";
export type { Playing } from "./src/playing.ts";
export type { CallbackStats, ChannelLevel, Glitch, GlitchKind, Levels, Quantiles, XrunCounts } from "./src/readings.ts";
export type { Recording } from "./src/recording.ts";
export type { Blocking, RunOptions, StartOptions } from "./src/run-options.ts";
export type { Samples } from "./src/samples.ts";
export type { Sink, SinkOptions } from "./src/sink.ts";
export type { Source, SourceOptions, TaskContext, TaskFunction } from "./src/source.ts";
export type { TaskStream } from "./src/stream-proxy.ts";
export {
  paInputOverflow,
  paInputUnderflow,
  paOutputOverflow,
  paOutputUnderflow,
  paPrimingOutput,
  Stream,
} from "./src/stream.ts";
export type { WorkerTask } from "./src/worker-task.ts";
