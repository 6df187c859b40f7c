import { countOf } from "../base/count.ts";
import { PS_FILE_INFO_SIZE } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { PastreamError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import type { FileDtype, FileSamples } from "../samples/formats.ts";
import { type BlockOptions, blocksOf } from "./blocks.ts";
import { FileState, type Opener, openFile, openFileAside } from "./file-state.ts";
import {
  type BroadcastInfo,
  broadcastInfoOf,
  type CuePoint,
  cuePointsOf,
  type Instrument,
  instrumentOf,
  logOf,
} from "./notes.ts";
import { fileInfo, type FileMode, modeBits, type SoundFileOptions } from "./options.ts";
import { type ReadOptions, requireSamples } from "./samples.ts";
import { bytesOf as bytesOfSource, type ByteSource, Incoming } from "./incoming.ts";
import { setTags } from "./tags.ts";
import { showAsText } from "../base/inspect.ts";
import type { Steps } from "../base/steps.ts";
import { requireInteger, requireOneOf, show } from "../base/validate.ts";

export type { FileMode, SoundFileOptions } from "./options.ts";

const whences = ["set", "current", "end"] as const;

const FRAMES_MAX = 2 ** 31 - 1; // of one native call
const NOTHING = new Uint8Array(new ArrayBuffer(8));

let stateOf: (file: FileOwner) => FileState;

/**
 * Holds the state of a SoundFile. The constructor of SoundFile opens a file; this one takes one that is open.
 *
 * @internal
 */
class FileOwner {
  readonly #state: FileState;

  constructor(state: FileState) {
    this.#state = state;
  }

  static {
    stateOf = (owner) => owner.#state;
  }
}

/**
 * A sound file on disk, on a descriptor or in memory.
 *
 * Samples are interleaved. Between integers and floating point they are scaled so that full scale is 1; floating point
 * that is written as integers is clipped. While a running stream or an unfinished call uses a file, its methods throw
 * "busy", except `tell()`, `frames` and `metadata`.
 *
 * A file that is damaged or cut off throws a SoundFileError that names the frame; all frames before it can be read.
 *
 * @example
 * ```ts
 * import { SoundFile } from "@pastream/pastream";
 *
 * using file = new SoundFile("take.flac", "w", { sampleRate: 48000, channels: 2, subtype: "PCM_24" });
 * file.metadata.title = "Take 1";
 * file.write(new Float32Array(2 * 48000));
 * ```
 */
export class SoundFile extends FileOwner implements Disposable {
  static {
    showAsText(this);
  }

  /**
   * Opens a file.
   *
   * @param file a path, a file URL, a descriptor (0 and 1 are stdin and stdout; it stays open), or the bytes of a file;
   * for what comes from the web see {@linkcode SoundFile.fromStream}
   * @param mode default "r"
   * @throws {SoundFileError} if the file cannot be opened; its message says why
   */
  constructor(
    file: string | URL | number | Uint8Array | ArrayBuffer,
    mode: FileMode = "r",
    options?: SoundFileOptions,
  ) {
    super(takeState(new.target) ?? openFile(file, mode, options));
  }

  /** The path, "descriptor 1" or "memory"; of what arrives the address, where it has one. */
  get name(): string {
    return stateOf(this).name;
  }

  /** How it was opened. */
  get mode(): FileMode {
    return stateOf(this).mode;
  }

  /** The sample rate in Hz. */
  get sampleRate(): number {
    return stateOf(this).sampleRate;
  }

  /** The number of channels. */
  get channels(): number {
    return stateOf(this).channels;
  }

  /** libsndfile's name of the format: "WAV", … */
  get format(): string {
    return stateOf(this).format;
  }

  /** libsndfile's name of the subtype: "PCM_16", … */
  get subtype(): string {
    return stateOf(this).subtype;
  }

  /** Byte order: "FILE" (the format's own), "LITTLE", "BIG" or "CPU". */
  get endian(): string {
    return stateOf(this).endian;
  }

  /** Whether `seek()` works. It does not in a pipe or a download, nor in a few encodings. */
  get seekable(): boolean {
    return stateOf(this).seekable;
  }

  /**
   * Opens a sound file whose bytes arrive: a Response, a Blob, a ReadableStream or an iterable of bytes of any length.
   * It is decoded while it arrives, and no more is asked for than there is room for. Formats whose end must be known
   * first are gathered in memory, up to 256 MiB. Read it by `readAsync()`, or play it.
   *
   * @throws {SoundFileError} if the server reported an error, if it is no sound file, or if it is cut off; what kept
   * the bytes from coming is the `cause`
   *
   * @example
   * ```ts
   * import { SoundFile } from "@pastream/pastream";
   *
   * using file = await SoundFile.fromStream(await fetch("https://example.org/voice.mp3"));
   * const samples = await file.readAsync();
   * ```
   */
  static async fromStream(source: ByteSource, options?: SoundFileOptions): Promise<SoundFile> {
    const info = fileInfo("r", undefined, options);
    const state = await openIncoming(new Incoming(bytesOfSource(source)), info, options);
    return soundFileOf(state, this, [source as never, "r", options]);
  }

  /**
   * Opens a file off the JavaScript thread: the constructor blocks it until the file has given its header, which takes
   * as long as whoever writes into a pipe. A descriptor must stay open, and bytes must not be transferred, until then.
   *
   * @param mode default "r"
   * @throws {SoundFileError} if the file cannot be opened; its message says why
   */
  static async open(
    file: string | URL | number | Uint8Array | ArrayBuffer,
    mode: FileMode = "r",
    options?: SoundFileOptions,
  ): Promise<SoundFile> {
    return soundFileOf(await openFileAside(file, mode, options), this, [file, mode, options]);
  }

  /** A file that grows in memory while it is written; bytes() reads it back. */
  static inMemory(options: SoundFileOptions): SoundFile {
    const info = fileInfo("w", undefined, options);
    const handle = unwrap(native().ps_file_open_memory(null, 0, modeBits("w"), info, PS_FILE_INFO_SIZE));
    const state = new FileState({ name: "memory", mode: "w", handle, info, grows: true }, options);
    return soundFileOf(state, this, [NOTHING, "w", options]);
  }

  /**
   * The bytes of a file in memory, also after close(). Some formats (FLAC, Ogg, MP3) are whole files only after it.
   */
  bytes(): Uint8Array<ArrayBuffer> {
    return stateOf(this).readBytes();
  }

  /** Frames in the file; -1 where that is not known (a pipe). */
  get frames(): number {
    return stateOf(this).frames;
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return stateOf(this).closed;
  }

  /** Text tags: title, artist, album, date, comment, copyright, software, tracknumber, genre, license. */
  get metadata(): Record<string, string | undefined> {
    return stateOf(this).tags;
  }

  /** Sets the tags that are given. Most formats take them only before the first samples are written. */
  set metadata(tags: Record<string, string | undefined>) {
    setTags(stateOf(this).tags, tags);
  }

  /** The cue points: marked places in the file. */
  get cuePoints(): readonly CuePoint[] {
    return cuePointsOf(stateOf(this).idle());
  }

  /** The instrument chunk for samplers, with its loops; undefined if there is none. */
  get instrument(): Instrument | undefined {
    return instrumentOf(stateOf(this).idle());
  }

  /** The broadcast extension of a WAV file; undefined if it has none. */
  get broadcastInfo(): BroadcastInfo | undefined {
    return broadcastInfoOf(stateOf(this).idle());
  }

  /** libsndfile's log of the file's headers, for files that are not as they should be. */
  get infoText(): string {
    return logOf(stateOf(this).idle());
  }

  /**
   * Reads up to `frames` frames (default: to the end) from the position on. Where the file ends, the result is shorter,
   * unless `fillValue` fills it up.
   *
   * Where the file is damaged or cut off, a read of a number of frames returns those that are good, and the next read
   * throws the error. A read to the end throws it at once.
   */
  read<D extends FileDtype = "float32">(frames?: number, options?: ReadOptions<D>): FileSamples<D> {
    const handle = stateOf(this).idle();
    const { incoming } = stateOf(this);
    if (incoming && !incoming.complete && !this.seekable) {
      throw new PastreamError("busy", `${this.name}: its bytes are still arriving: use readAsync()`);
    }
    const { gathering, total, code, whole } = stateOf(this).gather(frames, options);
    if (total === 0) unwrap(native().ps_file_read(handle, NOTHING, 0, code)); // which knows whether the file is in use
    for (let room = gathering.room(); room; room = gathering.room()) {
      const count = Math.min(room.frames, FRAMES_MAX);
      const got = unwrap(native().ps_file_read(handle, room.bytes, count, code));
      gathering.advance(got);
      // Where all is wanted, the next read says why it ends here.
      if (got === 0 || (got < count && !whole)) break;
    }
    return gathering.samples();
  }

  /** Like read(), off the JavaScript thread. The file is busy until then, and `out` is in use. */
  async readAsync<D extends FileDtype = "float32">(frames?: number, options?: ReadOptions<D>): Promise<FileSamples<D>> {
    const handle = stateOf(this).idle();
    const { gathering, total, code, frameBytes, whole } = stateOf(this).gather(frames, options);
    try {
      await stateOf(this).jobs.read(handle, gathering, { total, code, frameBytes, partly: !whole });
    } catch (error) {
      throw stateOf(this).incoming?.explain(error) ?? error;
    }
    return await gathering.samplesInTurns();
  }

  /**
   * Writes whole frames at the position.
   *
   * @param dtype default: the array's own; must be given for int24 (a Uint8Array is else uint8) and for a DataView
   */
  write(data: ArrayBufferView, dtype?: FileDtype): void {
    const handle = stateOf(this).idle();
    stateOf(this).requireMode("writing");
    const { bytes, frames, format } = requireSamples(data, dtype, this.channels);
    for (let done = 0; done < frames;) {
      const count = Math.min(frames - done, FRAMES_MAX);
      const part = done === 0 ? bytes : bytes.subarray(done * format.sampleSize * this.channels);
      done += unwrap(native().ps_file_write(handle, part, count, format.code));
    }
  }

  /** Like write(), off the JavaScript thread. The file is busy until then, and `data` must not change. */
  async writeAsync(data: ArrayBufferView, dtype?: FileDtype): Promise<void> {
    const handle = stateOf(this).idle();
    stateOf(this).requireMode("writing");
    const { bytes, frames, format } = requireSamples(data, dtype, this.channels);
    await stateOf(this).jobs.write(handle, bytes, frames, format, this.channels);
  }

  /**
   * Goes to a frame, counted from the start ("set", default), the position ("current") or the end ("end"), and returns
   * the new position. It is exact to the frame in every format. In a file that is written the frame may be beyond the
   * end: the frames between are silent once something is written there.
   */
  seek(frames: number, whence: "set" | "current" | "end" = "set"): number {
    requireInteger("frames", frames);
    const from = whences.indexOf(requireOneOf("whence", whence, whences));
    return unwrap(native().ps_file_seek(stateOf(this).idle(), frames, from));
  }

  /** The position: frames from the start. */
  tell(): number {
    return unwrap(native().ps_file_tell(stateOf(this).open()));
  }

  /**
   * Reads in blocks. The last one is shorter where the frames run out, unless `fillValue` fills it up. Each block is
   * new memory, or `out`, filled.
   *
   * @example
   * ```ts
   * import { SoundFile } from "@pastream/pastream";
   *
   * using file = new SoundFile("voice.flac");
   * for (const block of file.blocks({ blockSize: 1024, overlap: 512 })) console.log(Math.max(...block));
   * ```
   */
  blocks<D extends FileDtype = "float32">(options?: BlockOptions<D>): Generator<FileSamples<D>, void, void> {
    stateOf(this).open();
    stateOf(this).requireMode("reading");
    return blocksOf(stateOf(this).readable(), options);
  }

  /** Cuts the file to `frames` frames (default: the position) and seeks to its end. */
  truncate(frames: number = this.tell()): void {
    requireInteger("frames", frames, 0);
    stateOf(this).requireMode("writing");
    unwrap(native().ps_file_truncate(stateOf(this).idle(), frames));
  }

  /** Writes the header and all samples to the disk. */
  flush(): void {
    unwrap(native().ps_file_flush(stateOf(this).idle()));
  }

  /** Finishes and closes the file. A second call does nothing. */
  close(): void {
    stateOf(this).close();
  }

  /** What it is: name, mode, format, rate, channels and frames; console.log() shows it. */
  override toString(): string {
    const { name, mode, format, subtype, sampleRate, channels, frames } = this;
    const what = [
      show(name),
      `mode "${mode}"`,
      `${format} ${subtype}`,
      `${sampleRate} Hz`,
      countOf(channels, "channel"),
      frames < 0 ? "frames unknown" : `${frames} frames`,
      this.closed ? "closed" : "open",
    ];
    return `${this.constructor.name}(${what.join(", ")})`;
  }

  /** close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** A SoundFile of one that is open. */
/** What the constructor of a class takes instead of opening a file. */
let handed: { readonly Class: unknown; readonly state: FileState } | undefined;

/** Makes a SoundFile, or one of a user's class, of a file that has been opened as the arguments say. */
function soundFileOf(
  state: FileState,
  Class: typeof SoundFile = SoundFile,
  args: ConstructorParameters<typeof SoundFile> = [NOTHING],
): SoundFile {
  handed = { Class, state };
  try {
    return new Class(...args);
  } catch (error) {
    state.close();
    throw error;
  } finally {
    handed = undefined;
  }
}

/** For the constructor of a class: what soundFileOf() has handed over, if it has. */
function takeState(Class: unknown): FileState | undefined {
  if (handed?.Class !== Class) return undefined;
  const { state } = handed!;
  handed = undefined;
  return state;
}

/** The native handle of an open file; throws "closed". */
export function fileHandle(file: SoundFile): number {
  return stateOf(file).open();
}

/** Opens the file of bytes that arrive. It is closed with the file, or if that cannot be opened. */
async function openIncoming(
  incoming: Incoming,
  info: Float64Array,
  options?: SoundFileOptions,
  signal?: AbortSignal,
): Promise<FileState> {
  const handle = await incoming.open(info, signal);
  return new FileState({ name: incoming.name, mode: "r", handle, info, incoming }, options);
}

/** SoundFile.fromStream() for steps; a signal that is aborted before it is open ends that. */
export async function openSteps(steps: Steps, name: string, signal?: AbortSignal): Promise<SoundFile> {
  const info = fileInfo("r", undefined, undefined);
  return soundFileOf(await openIncoming(new Incoming({ steps, name }), info, undefined, signal));
}

/** SoundFile.open() for an opener. */
export async function openAside(
  file: string | URL | Uint8Array,
  opener: Opener,
  mode: FileMode = "r",
  options?: SoundFileOptions,
): Promise<SoundFile> {
  return soundFileOf(await openFileAside(file, mode, options, opener));
}

/** Closes a file off the JavaScript thread. */
export async function closeAside(file: SoundFile): Promise<void> {
  await stateOf(file).closeAside();
}

/** Gives an error of a file the one as its cause that kept its bytes from coming. */
export function explainError(file: SoundFile, error: unknown): unknown {
  return stateOf(file).incoming?.explain(error) ?? error;
}

/** Wants no more of a file whose bytes arrive than has been decoded. */
export function leaveRest(file: SoundFile): void {
  stateOf(file).incoming?.leave();
}
