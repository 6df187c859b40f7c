import {
  PS_ERR_BUSY,
  PS_FILE_CHANNELS,
  PS_FILE_FORMAT,
  PS_FILE_FRAMES,
  PS_FILE_INFO_SIZE,
  PS_FILE_SAMPLE_RATE,
  PS_FILE_SEEKABLE,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { cString } from "../../ffi/text.ts";
import { PastreamError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import type { FileDtype, FileSamples } from "../samples/formats.ts";
import { requireBytes } from "../samples/memory.ts";
import { type BlockOptions, blocksOf, type ReadableFile } from "./blocks.ts";
import { namesOfFormat, promisesLength } from "./format-names.ts";
import { bytesOf } from "./memory.ts";
import {
  type BroadcastInfo,
  broadcastInfoOf,
  type CuePoint,
  cuePointsOf,
  type Instrument,
  instrumentOf,
  logOf,
} from "./notes.ts";
import { fileInfo, type FileMode, modeBits, pathOf, requireSame, type SoundFileOptions } from "./options.ts";
import {
  Gathering,
  readOptionNames,
  type ReadOptions,
  requireFrames,
  requireReading,
  requireSamples,
} from "./samples.ts";
import { bytesOf as bytesOfSource, type ByteSource, Incoming } from "./incoming.ts";
import { fileTags, setTags } from "./tags.ts";
import { showAsText } from "../base/inspect.ts";
import type { Steps } from "../base/steps.ts";
import { requireInteger, requireOneOf, requireOptions, show } from "../base/validate.ts";
import { Jobs } from "./jobs.ts";

export type { FileMode, SoundFileOptions } from "./options.ts";

const whences = ["set", "current", "end"] as const;

const FRAMES_MAX = 2 ** 31 - 1; // of one native call
const NOTHING = new Uint8Array(new ArrayBuffer(8));

/** Closes files that were dropped without being closed. At the end of the process all files are closed. */
const dropped = new FinalizationRegistry<Held>(({ handle, incoming }) => {
  native().ps_file_close(handle);
  incoming?.close();
});

/** What a file holds on the native side. */
interface Held {
  readonly handle: number;
  readonly incoming: Incoming | undefined;
}

/** A file that has been opened while its bytes arrive. */
class Arrived implements Held {
  readonly handle: number;
  readonly incoming: Incoming;
  readonly info: Float64Array;

  constructor(handle: number, incoming: Incoming, info: Float64Array) {
    this.handle = handle;
    this.incoming = incoming;
    this.info = info;
  }
}

/** What to open, for SoundFile.inMemory(). */
const NEW_MEMORY = Symbol("new memory");

let handleOf: (file: SoundFile) => number;
let incomingOf: (file: SoundFile) => Incoming | undefined;

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
export class SoundFile implements Disposable {
  static {
    handleOf = (file) => file.#open();
    showAsText(this);
    incomingOf = (file) => file.#incoming;
  }

  /** The path, "descriptor 1" or "memory"; of what arrives the address, where it has one. */
  readonly name: string;
  /** How it was opened. */
  readonly mode: FileMode;
  /** The sample rate in Hz. */
  readonly sampleRate: number;
  /** The number of channels. */
  readonly channels: number;
  /** libsndfile's name of the format: "WAV", … */
  readonly format: string;
  /** libsndfile's name of the subtype: "PCM_16", … */
  readonly subtype: string;
  /** Byte order: "FILE" (the format's own), "LITTLE", "BIG" or "CPU". */
  readonly endian: string;
  /** Whether `seek()` works. It does not in a pipe or a download, nor in a few encodings. */
  readonly seekable: boolean;

  #handle: number;
  /** It grows in memory, and bytes() reads it back. */
  readonly #grows: boolean;
  /** What brings its bytes, unless they are all there. */
  readonly #incoming: Incoming | undefined;
  readonly #info: Float64Array;
  readonly #jobs: Jobs = new Jobs();
  readonly #tags: Record<string, string | undefined>;
  /** What a file in memory has become, once it is closed. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;

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
    const arrived = (file as unknown) instanceof Arrived ? file as unknown as Arrived : undefined;
    const bits = modeBits(mode);
    const path = pathOf(file);
    const info = arrived?.info ?? fileInfo(mode, path, options);
    this.mode = mode;
    this.#info = info;
    this.#grows = (file as unknown) === NEW_MEMORY;
    const { ps_file_open, ps_file_open_descriptor, ps_file_open_memory } = native();
    this.#incoming = arrived?.incoming;
    if (arrived) {
      this.name = arrived.incoming.name;
      this.#handle = arrived.handle;
    } else if (path !== undefined) {
      this.name = path;
      this.#handle = unwrap(ps_file_open(cString(path), bits, info, PS_FILE_INFO_SIZE));
    } else if (typeof file === "number") {
      this.name = `descriptor ${requireInteger("file", file, 0, FRAMES_MAX)}`;
      this.#handle = unwrap(ps_file_open_descriptor(file, 0, bits, info, PS_FILE_INFO_SIZE));
    } else {
      const bytes = this.#grows ? null : requireFileBytes(file, mode);
      this.name = "memory";
      this.#handle = unwrap(ps_file_open_memory(bytes, bytes?.byteLength ?? 0, bits, info, PS_FILE_INFO_SIZE));
    }
    dropped.register(this, { handle: this.#handle, incoming: this.#incoming }, this);
    this.sampleRate = info[PS_FILE_SAMPLE_RATE];
    this.channels = info[PS_FILE_CHANNELS];
    this.seekable = info[PS_FILE_SEEKABLE] === 1;
    ({ format: this.format, subtype: this.subtype, endian: this.endian } = namesOfFormat(info[PS_FILE_FORMAT]));
    this.#tags = fileTags(() => this.#open());
    try {
      requireSame(this, options ?? {});
    } catch (error) {
      this.close();
      throw error;
    }
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
    return await openIncoming(new Incoming(bytesOfSource(source)), info, options);
  }

  /** A file that grows in memory while it is written; bytes() reads it back. */
  static inMemory(options: SoundFileOptions): SoundFile {
    return new SoundFile(NEW_MEMORY as unknown as string, "w", options);
  }

  /**
   * The bytes of a file in memory, also after close(). Some formats (FLAC, Ogg, MP3) are whole files only after it.
   */
  bytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes) return this.#bytes;
    const handle = this.#idle();
    if (this.#grows) this.flush();
    return bytesOf(handle);
  }

  /** Frames in the file; -1 where that is not known (a pipe). */
  get frames(): number {
    if (!this.closed) unwrap(native().ps_file_info(this.#handle, this.#info, PS_FILE_INFO_SIZE));
    return this.#info[PS_FILE_FRAMES];
  }

  /** Whether close() was called. */
  get closed(): boolean {
    return this.#handle === 0;
  }

  /** Text tags: title, artist, album, date, comment, copyright, software, tracknumber, genre, license. */
  get metadata(): Record<string, string | undefined> {
    return this.#tags;
  }

  /** Sets the tags that are given. Most formats take them only before the first samples are written. */
  set metadata(tags: Record<string, string | undefined>) {
    setTags(this.#tags, tags);
  }

  /** The cue points: marked places in the file. */
  get cuePoints(): readonly CuePoint[] {
    return cuePointsOf(this.#idle());
  }

  /** The instrument chunk for samplers, with its loops; undefined if there is none. */
  get instrument(): Instrument | undefined {
    return instrumentOf(this.#idle());
  }

  /** The broadcast extension of a WAV file; undefined if it has none. */
  get broadcastInfo(): BroadcastInfo | undefined {
    return broadcastInfoOf(this.#idle());
  }

  /** libsndfile's log of the file's headers, for files that are not as they should be. */
  get infoText(): string {
    return logOf(this.#idle());
  }

  /**
   * Reads up to `frames` frames (default: to the end) from the position on. Where the file ends, the result is shorter,
   * unless `fillValue` fills it up.
   *
   * Where the file is damaged or cut off, a read of a number of frames returns those that are good, and the next read
   * throws the error. A read to the end throws it at once.
   */
  read<D extends FileDtype = "float32">(frames?: number, options?: ReadOptions<D>): FileSamples<D> {
    const handle = this.#idle();
    if (this.#incoming && !this.#incoming.complete && !this.seekable) {
      throw new PastreamError("busy", `${this.name}: its bytes are still arriving: use readAsync()`);
    }
    const { gathering, total, code, whole } = this.#gather(frames, options);
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
    const handle = this.#idle();
    const { gathering, total, code, frameBytes, whole } = this.#gather(frames, options);
    try {
      await this.#jobs.read(handle, gathering, { total, code, frameBytes, partly: !whole });
    } catch (error) {
      throw this.#incoming ? this.#incoming.explain(error) : error;
    }
    return gathering.samples();
  }

  /**
   * Writes whole frames at the position.
   *
   * @param dtype default: the array's own; must be given for int24 (a Uint8Array is else uint8) and for a DataView
   */
  write(data: ArrayBufferView, dtype?: FileDtype): void {
    const handle = this.#idle();
    this.#requireMode("writing", /[^r]/);
    const { bytes, frames, format } = requireSamples(data, dtype, this.channels);
    for (let done = 0; done < frames;) {
      const count = Math.min(frames - done, FRAMES_MAX);
      const part = done === 0 ? bytes : bytes.subarray(done * format.sampleSize * this.channels);
      done += unwrap(native().ps_file_write(handle, part, count, format.code));
    }
  }

  /** Like write(), off the JavaScript thread. The file is busy until then, and `data` must not change. */
  async writeAsync(data: ArrayBufferView, dtype?: FileDtype): Promise<void> {
    const handle = this.#idle();
    this.#requireMode("writing", /[^r]/);
    const { bytes, frames, format } = requireSamples(data, dtype, this.channels);
    await this.#jobs.write(handle, bytes, frames, format, this.channels);
  }

  /**
   * Goes to a frame, counted from the start ("set", default), the position ("current") or the end ("end"), and returns
   * the new position. It is exact to the frame in every format. In a file that is written the frame may be beyond the
   * end: the frames between are silent once something is written there.
   */
  seek(frames: number, whence: "set" | "current" | "end" = "set"): number {
    requireInteger("frames", frames);
    const from = whences.indexOf(requireOneOf("whence", whence, whences));
    return unwrap(native().ps_file_seek(this.#idle(), frames, from));
  }

  /** The position: frames from the start. */
  tell(): number {
    return unwrap(native().ps_file_tell(this.#open()));
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
    this.#open();
    this.#requireMode("reading", /r|\+/);
    return blocksOf(this.#readable(), options);
  }

  /** Cuts the file to `frames` frames (default: the position) and seeks to its end. */
  truncate(frames: number = this.tell()): void {
    requireInteger("frames", frames, 0);
    this.#requireMode("writing", /[^r]/);
    unwrap(native().ps_file_truncate(this.#idle(), frames));
  }

  /** Writes the header and all samples to the disk. */
  flush(): void {
    unwrap(native().ps_file_flush(this.#idle()));
  }

  /** Finishes and closes the file. A second call does nothing. */
  close(): void {
    if (this.closed) return;
    const handle = this.#idle();
    void this.frames; // is remembered
    const status = this.#grows ? native().ps_file_finish(handle) : native().ps_file_close(handle);
    if (status !== PS_ERR_BUSY) {
      if (this.#grows) {
        this.#bytes = bytesOf(handle);
        native().ps_file_close(handle);
      }
      dropped.unregister(this);
      this.#incoming?.close();
      this.#handle = 0;
    }
    unwrap(status);
  }

  /** What it is: name, mode, format, rate, channels and frames; console.log() shows it. */
  toString(): string {
    const { name, mode, format, subtype, sampleRate, channels, frames } = this;
    const what = [
      show(name),
      `mode "${mode}"`,
      `${format} ${subtype}`,
      `${sampleRate} Hz`,
      `${channels} channel${channels === 1 ? "" : "s"}`,
      frames < 0 ? "frames unknown" : `${frames} frames`,
      this.closed ? "closed" : "open",
    ];
    return `${this.constructor.name}(${what.join(", ")})`;
  }

  /** close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For blocks(): what each of them needs. */
  #readable(): ReadableFile {
    return {
      channels: this.channels,
      frames: () => this.frames,
      tell: () => this.tell(),
      readInto: (bytes, frames, formatCode) => unwrap(native().ps_file_read(this.#idle(), bytes, frames, formatCode)),
    };
  }

  #open(): number {
    if (this.closed) throw new PastreamError("closed", `${this.name} is closed`);
    return this.#handle;
  }

  /** The handle, unless a call of this object is unfinished. The native side knows whether a stream uses the file. */
  #idle(): number {
    this.#jobs.requireNone(this.name);
    return this.#open();
  }

  #requireMode(purpose: "reading" | "writing", modes: RegExp): void {
    if (!modes.test(this.mode)) {
      throw new TypeError(`${this.name} is not open for ${purpose}, but with mode "${this.mode}"`);
    }
  }

  #gather<D extends FileDtype>(frames: number | undefined, options: ReadOptions<D> | undefined): {
    gathering: Gathering<D>;
    total: number;
    code: number;
    frameBytes: number;
    whole: boolean;
  } {
    this.#requireMode("reading", /r|\+/);
    const reading = requireReading(requireOptions("options", options, readOptionNames), this.channels);
    const asked = requireFrames(frames, reading.outFrames);
    const length = this.#incoming ? -1 : this.frames; // it may be cut off
    const left = length < 0 ? Infinity : Math.max(length - this.tell(), 0);
    const toFill = reading.fillValue !== undefined && asked < Infinity;
    const total = toFill ? asked : Math.min(asked, left);
    const trusted = left < Infinity && !promisesLength(this.format, this.subtype);
    const gathering = new Gathering(toFill ? reading : { ...reading, fillValue: undefined }, total, trusted);
    const frameBytes = reading.format.sampleSize * this.channels;
    return { gathering, total, code: reading.format.code, frameBytes, whole: asked === Infinity };
  }
}

/** The native handle of an open file; throws "closed". */
export function fileHandle(file: SoundFile): number {
  return handleOf(file);
}

/** Opens the file of bytes that arrive. It is closed with the file, or if that cannot be opened. */
async function openIncoming(
  incoming: Incoming,
  info: Float64Array,
  options?: SoundFileOptions,
  signal?: AbortSignal,
): Promise<SoundFile> {
  const handle = await incoming.open(info, signal);
  return new SoundFile(new Arrived(handle, incoming, info) as unknown as string, "r", options);
}

/** SoundFile.fromStream() for steps; a signal that is aborted before it is open ends that. */
export function openSteps(steps: Steps, name: string, signal?: AbortSignal): Promise<SoundFile> {
  return openIncoming(new Incoming({ steps, name }), fileInfo("r", undefined, undefined), undefined, signal);
}

/** Gives an error of a file the one as its cause that kept its bytes from coming. */
export function explainError(file: SoundFile, error: unknown): unknown {
  return incomingOf(file)?.explain(error) ?? error;
}

/** Wants no more of a file whose bytes arrive than has been decoded. */
export function leaveRest(file: SoundFile): void {
  incomingOf(file)?.leave();
}

function requireFileBytes(file: unknown, mode: FileMode): Uint8Array {
  if (!(file instanceof Uint8Array || file instanceof ArrayBuffer || file instanceof SharedArrayBuffer)) {
    throw new TypeError(
      `file must be a path, a file URL, a descriptor, a Uint8Array or an ArrayBuffer, not ${show(file)}`,
    );
  }
  if (mode === "r") return requireBytes("file", file);
  throw new RangeError(`mode must be "r" for bytes, not ${show(mode)}: SoundFile.inMemory() writes`);
}
