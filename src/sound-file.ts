import { fileURLToPath } from "node:url";
import {
  PS_ERR_PENDING,
  PS_FILE_BITRATE_MODE,
  PS_FILE_CHANNELS,
  PS_FILE_COMPRESSION_LEVEL,
  PS_FILE_FORMAT,
  PS_FILE_FRAMES,
  PS_FILE_INFO_SIZE,
  PS_FILE_SAMPLE_RATE,
  PS_FILE_SEEKABLE,
  PS_MODE_EXCLUSIVE,
  PS_MODE_READ,
  PS_MODE_READ_WRITE,
  PS_MODE_TRUNCATE,
  PS_MODE_WRITE,
} from "../ffi/constants.ts";
import { native } from "../ffi/load.ts";
import { cString } from "../ffi/text.ts";
import { PastreamError, unwrap } from "./errors.ts";
import { dtypeOfArray, type FileDtype, fileFormatOf, type FileSamples, type Format, newSamples } from "./formats.ts";
import { requireView } from "./memory.ts";
import { fileTags } from "./sound-file-tags.ts";
import { formatOfName, formatWord, isRaw, namesOfFormat } from "./sound-file-formats.ts";
import { requireInteger, requireNumber, requireOneOf, requireOptions, show } from "./validate.ts";
import { backOff, Waiting } from "./waiting.ts";

/** How a file is opened: to read, to write anew, to write a file that must not exist yet; with + for both directions. */
export type FileMode = "r" | "w" | "x" | "r+" | "w+" | "x+";

/** What a file is like that is written, or that has no header to say it (RAW). */
export interface SoundFileOptions {
  /** Hz. Needed for writing and for RAW. */
  sampleRate?: number;
  /** Needed for writing and for RAW. */
  channels?: number;
  /** As libsndfile names it, in any case: "PCM_16", "FLOAT", "VORBIS", …; default: the format's usual one. */
  subtype?: string;
  /** Byte order of the samples; default: the format's own. */
  endian?: "file" | "little" | "big" | "cpu";
  /** As libsndfile names it, in any case: "WAV", "FLAC", "RAW", …; default: from the file's name. */
  format?: string;
  /** 0 (fast, large) to 1 (small), where the format knows it. */
  compressionLevel?: number;
  /** Where the format knows it. */
  bitrateMode?: "constant" | "average" | "variable";
}

/** How samples are read. */
export interface ReadOptions<D extends FileDtype> {
  /** Default "float32", or what `out` is. */
  dtype?: D;
  /** Where the file ends early, fills up the frames asked for with this sample value. */
  fillValue?: number;
  /** Is filled, and a part of it answered, instead of new memory. */
  out?: ArrayBufferView;
}

/** How blocks are read. */
export interface BlockOptions<D extends FileDtype> extends ReadOptions<D> {
  /** Frames of a block; default: as many as `out` holds. */
  blockSize?: number;
  /** Frames that each block repeats of the one before. */
  overlap?: number;
  /** How many frames to read in all; default: to the end of the file. */
  frames?: number;
}

const modes: Readonly<Record<FileMode, number>> = {
  "r": PS_MODE_READ,
  "w": PS_MODE_WRITE,
  "x": PS_MODE_WRITE | PS_MODE_EXCLUSIVE,
  "r+": PS_MODE_READ_WRITE,
  "w+": PS_MODE_READ_WRITE | PS_MODE_TRUNCATE,
  "x+": PS_MODE_READ_WRITE | PS_MODE_EXCLUSIVE,
};
const bitrateModes = ["constant", "average", "variable"] as const;
const whences = ["set", "current", "end"] as const;

const FRAMES_MAX = 2 ** 31 - 1; // of one native call
const PIPE_BLOCK = 65536; // frames of one read where the length cannot be known

// A file that was dropped without being closed is closed when it is collected; at the end of the process all are.
const dropped = new FinalizationRegistry<number>((handle) => void native().ps_file_close(handle));

const inMemory = Symbol("in memory");

/** A range of samples in a caller's or new memory. */
interface Target<D extends FileDtype> {
  readonly format: Format;
  readonly samples: FileSamples<D>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly frames: number;
}

/**
 * A sound file on disk, on a descriptor or in memory, opened through libsndfile.
 *
 * Samples are interleaved. Between integers and floating point they are scaled so that full scale is 1; floating point
 * that is written as integers is clipped.
 *
 * @example
 * ```ts
 * using file = new SoundFile("take.flac", "w", { sampleRate: 48000, channels: 2, subtype: "PCM_24" });
 * file.metadata.title = "Take 1";
 * file.write(samples);
 * ```
 */
export class SoundFile implements Disposable {
  /** The path, "descriptor 1" or "memory". */
  readonly name: string;
  /** How it was opened. */
  readonly mode: FileMode;
  /** Hz. */
  readonly sampleRate: number;
  /** How many. */
  readonly channels: number;
  /** libsndfile's name of the format: "WAV", … */
  readonly format: string;
  /** libsndfile's name of the subtype: "PCM_16", … */
  readonly subtype: string;
  /** Byte order: "FILE" (the format's own), "LITTLE", "BIG" or "CPU". */
  readonly endian: string;
  /** Whether one can go to another place in it: not in a pipe. */
  readonly seekable: boolean;

  #handle: number;
  readonly #info: Float64Array<ArrayBuffer>;
  readonly #waiting: Waiting = new Waiting();
  readonly #tags: Record<string, string | undefined>;
  #bytes: Uint8Array | undefined;

  /**
   * Opens a file.
   *
   * @param file a path, a file URL, a descriptor (0 and 1 are stdin and stdout; it stays open), or a file's bytes to read
   * @param mode default "r"
   * @throws {SoundFileError} what libsndfile or the system says
   */
  constructor(file: string | URL | number | Uint8Array, mode: FileMode = "r", options?: SoundFileOptions) {
    requireOneOf("mode", mode, Object.keys(modes));
    const given = requireOptions("options", options);
    const path = pathOf(file);
    this.mode = mode;
    this.#info = fileInfo(mode, path, given);
    if ((file as unknown) === inMemory) {
      this.name = "memory";
      this.#handle = unwrap(native().ps_file_open_memory(null, 0, modes[mode], this.#info, PS_FILE_INFO_SIZE));
    } else if (typeof file === "number") {
      this.name = `descriptor ${requireInteger("file", file, 0, FRAMES_MAX)}`;
      this.#handle = unwrap(native().ps_file_open_descriptor(file, 0, modes[mode], this.#info, PS_FILE_INFO_SIZE));
    } else if (path !== undefined) {
      this.name = path;
      this.#handle = unwrap(native().ps_file_open(cString(path), modes[mode], this.#info, PS_FILE_INFO_SIZE));
    } else {
      const bytes = requireView("file", file) as Uint8Array;
      if (mode !== "r") {
        throw new RangeError(`mode must be "r" for bytes, not ${show(mode)}: SoundFile.inMemory() writes`);
      }
      this.name = "memory";
      this.#handle = unwrap(
        native().ps_file_open_memory(bytes, bytes.byteLength, PS_MODE_READ, this.#info, PS_FILE_INFO_SIZE),
      );
    }
    dropped.register(this, this.#handle, this);
    this.sampleRate = this.#info[PS_FILE_SAMPLE_RATE];
    this.channels = this.#info[PS_FILE_CHANNELS];
    this.seekable = this.#info[PS_FILE_SEEKABLE] === 1;
    ({ format: this.format, subtype: this.subtype, endian: this.endian } = namesOfFormat(this.#info[PS_FILE_FORMAT]));
    this.#tags = fileTags(() => this.#open());
    try {
      requireSame("sampleRate", given.sampleRate, this.sampleRate);
      requireSame("channels", given.channels, this.channels);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A file that grows in memory while it is written; bytes() reads it back. */
  static inMemory(options: SoundFileOptions): SoundFile {
    return new SoundFile(inMemory as unknown as string, "w", options);
  }

  /** For other modules of the library: the native handle; throws if the file is closed. */
  static handleOf(file: SoundFile): number {
    return file.#open();
  }

  /**
   * The bytes of a file in memory. Of some formats (FLAC, Ogg, MP3) they are a whole file only after close(), after which
   * they can still be had.
   */
  bytes(): Uint8Array {
    if (this.#bytes) return this.#bytes;
    if (this.name !== "memory") throw new TypeError(`${this.name} is not in memory: read the file itself`);
    if (this.mode !== "r") this.flush();
    return this.#readBytes();
  }

  #readBytes(): Uint8Array {
    const handle = this.#open();
    const parts: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const size = unwrap(native().ps_file_bytes(handle, total, null, 0));
      if (size === 0) break;
      const part = new Uint8Array(new ArrayBuffer(size));
      unwrap(native().ps_file_bytes(handle, total, part, size));
      parts.push(part);
      total += size;
    }
    const bytes = new Uint8Array(new ArrayBuffer(total));
    let at = 0;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  /** Frames in the file; -1 where that cannot be known (a pipe). */
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

  /** Sets the tags that are given. */
  set metadata(tags: Record<string, string | undefined>) {
    Object.assign(this.#tags, tags);
  }

  /**
   * Reads up to `frames` frames (default: to the end) from the position on. What is answered may be shorter where the file
   * ends, unless `fillValue` fills it up.
   */
  read<D extends FileDtype = "float32">(frames?: number, options?: ReadOptions<D>): FileSamples<D> {
    const given = requireOptions("options", options);
    const handle = this.#open();
    if (this.#readsToUnknownEnd(frames, given)) return this.#readToEnd(given);
    const target = this.#target(frames, given);
    let done = 0;
    while (done < target.frames) {
      const count = Math.min(target.frames - done, FRAMES_MAX);
      const got = unwrap(native().ps_file_read(handle, this.#part(target, done), count, target.format.code));
      done += got;
      if (got < count) break;
    }
    return this.#finish(target, done, given.fillValue);
  }

  /** The same off the JS thread. The file is busy until it is done. */
  async readAsync<D extends FileDtype = "float32">(frames?: number, options?: ReadOptions<D>): Promise<FileSamples<D>> {
    const given = requireOptions("options", options);
    const handle = this.#open();
    if (this.#readsToUnknownEnd(frames, given)) return await this.#readToEndAsync(given);
    const target = this.#target(frames, given);
    const job = unwrap(native().ps_job_read(handle, target.frames, target.format.code));
    let taken = 0;
    await this.#ended(job, () => {
      while (taken < target.frames) {
        const count = target.frames - taken;
        const got = unwrap(native().ps_job_take(job, this.#part(target, taken), count));
        if (got === 0) break;
        taken += got;
      }
    });
    return this.#finish(target, taken, given.fillValue);
  }

  /**
   * Writes whole frames at the position.
   *
   * @param dtype default: the array's own; to be said for int24 (a Uint8Array is uint8 unless it is said) and a DataView
   */
  write(data: ArrayBufferView, dtype?: FileDtype): void {
    const handle = this.#open();
    const { bytes, frames, format, frameBytes } = this.#samples(data, dtype);
    for (let done = 0; done < frames;) {
      const count = Math.min(frames - done, FRAMES_MAX);
      const part = done === 0 ? bytes : bytes.subarray(done * frameBytes);
      done += unwrap(native().ps_file_write(handle, part, count, format.code));
    }
  }

  /** The same off the JS thread; `data` is copied before this returns. The file is busy until it is done. */
  async writeAsync(data: ArrayBufferView, dtype?: FileDtype): Promise<void> {
    const handle = this.#open();
    const { bytes, frames, format } = this.#samples(data, dtype);
    await this.#ended(unwrap(native().ps_job_write(handle, bytes, frames, format.code)));
  }

  /**
   * Goes to a frame, counted from the start ("set", default), the position ("current") or the end ("end", 0 or negative).
   * Answers the new position.
   */
  seek(frames: number, whence: "set" | "current" | "end" = "set"): number {
    requireInteger("frames", frames);
    const from = whences.indexOf(requireOneOf("whence", whence, whences));
    const handle = this.#open();
    return unwrap(native().ps_file_seek(handle, frames, from));
  }

  /** The position: frames from the start. */
  tell(): number {
    return unwrap(native().ps_file_tell(this.#open()));
  }

  /**
   * Reads in blocks. The last one is shorter where the frames run out, unless `fillValue` fills it up. Each block is new
   * memory, or `out`, filled.
   *
   * @example
   * ```ts
   * for (const block of file.blocks({ blockSize: 1024, overlap: 512 })) analyse(block);
   * ```
   */
  blocks<D extends FileDtype = "float32">(options?: BlockOptions<D>): Generator<FileSamples<D>, void, void> {
    const { blockSize, overlap = 0, frames, ...reading } = requireOptions("options", options);
    const whole = blockSize === undefined && reading.out ? this.#target(undefined, reading, true).frames : blockSize;
    const size = requireInteger("blockSize", whole, 1, FRAMES_MAX);
    requireInteger("overlap", overlap, 0, size - 1);
    if (frames !== undefined) requireInteger("frames", frames, -1);
    this.#open();
    return this.#blocks(size, overlap, frames === undefined || frames < 0 ? Infinity : frames, reading);
  }

  *#blocks<D extends FileDtype>(
    size: number,
    overlap: number,
    frames: number,
    { dtype, fillValue, out }: ReadOptions<D>,
  ): Generator<FileSamples<D>, void, void> {
    let left = this.frames < 0
      ? frames
      : fillValue === undefined || frames === Infinity
      ? Math.min(frames, this.frames - this.tell())
      : frames;
    let tail: Uint8Array | undefined;
    while (left > 0) {
      const block = this.#target(size, { dtype, out }, true);
      const frameBytes = block.bytes.byteLength / size;
      const kept = tail ? overlap : 0;
      if (tail) block.bytes.set(tail);
      const wanted = Math.min(size - kept, left);
      const got = unwrap(native().ps_file_read(this.#open(), this.#part(block, kept), wanted, block.format.code));
      if (got === 0 && fillValue === undefined) return;
      left = got < wanted && fillValue === undefined ? 0 : left - wanted;
      if (overlap > 0) tail = block.bytes.slice((size - overlap) * frameBytes, size * frameBytes);
      yield this.#finish(block, kept + got, fillValue);
    }
  }

  /** Cuts the file to `frames` frames (default: the position), and goes to its end. */
  truncate(frames: number = this.tell()): void {
    requireInteger("frames", frames, 0, FRAMES_MAX);
    unwrap(native().ps_file_truncate(this.#open(), frames));
  }

  /** Brings header and samples to the disk. */
  flush(): void {
    unwrap(native().ps_file_flush(this.#open()));
  }

  /** Finishes the file. Calling it again does nothing. */
  close(): void {
    if (this.closed) return;
    const handle = this.#handle;
    const inMemory = this.name === "memory" && this.mode !== "r";
    void this.frames; // remembers it
    if (inMemory) {
      unwrap(native().ps_file_finish(handle));
      this.#bytes = this.#readBytes();
    }
    const status = native().ps_file_close(handle);
    const busy = status < 0 && !this.#gone(handle);
    if (!busy) {
      dropped.unregister(this);
      this.#handle = 0;
    }
    unwrap(status);
  }

  /** close(), for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  #gone(handle: number): boolean {
    return native().ps_file_info(handle, this.#info, PS_FILE_INFO_SIZE) < 0;
  }

  #open(): number {
    if (this.closed) throw new PastreamError("closed", `${this.name} is closed`);
    return this.#handle;
  }

  /** Waits for a job; `look` is called now and then while it runs, and once after it. */
  async #ended(job: number, look: () => void = () => {}): Promise<void> {
    const lookAtJob = (): true | undefined => {
      const done = native().ps_job_done(job);
      if (done < 0 && done !== PS_ERR_PENDING) unwrap(done);
      look();
      return done === PS_ERR_PENDING ? undefined : true;
    };
    try {
      await this.#waiting.until(lookAtJob, backOff, { keepAlive: true });
    } finally {
      native().ps_job_free(job);
    }
  }

  #readsToUnknownEnd(frames: number | undefined, { out }: ReadOptions<FileDtype>): boolean {
    return (frames === undefined || frames < 0) && out === undefined && this.frames < 0;
  }

  #readToEnd<D extends FileDtype>(options: ReadOptions<D>): FileSamples<D> {
    const parts: FileSamples<D>[] = [];
    do parts.push(this.read(PIPE_BLOCK, options)); while (parts[parts.length - 1].length > 0);
    return joined(parts);
  }

  async #readToEndAsync<D extends FileDtype>(options: ReadOptions<D>): Promise<FileSamples<D>> {
    const parts: FileSamples<D>[] = [];
    do parts.push(await this.readAsync(PIPE_BLOCK, options)); while (parts[parts.length - 1].length > 0);
    return joined(parts);
  }

  /** Where a read goes: memory for `frames` frames, or, but for `whole`, for no more than the file still has. */
  #target<D extends FileDtype>(frames: number | undefined, options: ReadOptions<D>, whole = false): Target<D> {
    const { out, fillValue } = options;
    if (fillValue !== undefined) requireNumber("fillValue", fillValue);
    if (frames !== undefined) requireInteger("frames", frames, -1);
    const dtype = options.dtype ?? (out && (dtypeOfArray(out) ?? (out instanceof Uint8Array ? "uint8" : undefined))) ??
      "float32";
    const format = fileFormatOf(dtype);
    const frameBytes = format.sampleSize * this.channels;
    let wanted = frames === undefined || frames < 0 ? Infinity : frames;
    if (out !== undefined) {
      requireView("out", out);
      if (!(out instanceof format.array)) {
        throw new TypeError(`out must be a ${format.array.name} for ${dtype}, not ${show(out)}`);
      }
      if (out.byteLength % frameBytes !== 0) {
        throw new RangeError(`out must be whole frames of ${frameBytes} bytes, not ${out.byteLength} bytes long`);
      }
      wanted = Math.min(wanted, out.byteLength / frameBytes);
    }
    if (!whole && this.frames >= 0 && fillValue === undefined && out === undefined) {
      wanted = Math.min(wanted, Math.max(this.frames - this.tell(), 0));
    }
    if (wanted === Infinity) wanted = Math.max(this.frames - this.tell(), 0);
    const samples = out
      ? out as unknown as FileSamples<D>
      : newSamples(dtype, wanted * this.channels) as FileSamples<D>;
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    return { format, samples, bytes, frames: wanted };
  }

  /** The bytes of a target from a frame on. */
  #part({ bytes, format }: Target<FileDtype>, from: number): Uint8Array {
    return from === 0 ? bytes : bytes.subarray(from * format.sampleSize * this.channels);
  }

  /** What a read answers: the part that was filled, or all, filled up. */
  #finish<D extends FileDtype>(
    { samples, format, frames, bytes }: Target<D>,
    done: number,
    fill?: number,
  ): FileSamples<D> {
    const perFrame = this.channels * (format.dtype === "int24" ? format.sampleSize : 1);
    if (fill === undefined) return samples.subarray(0, done * perFrame) as FileSamples<D>;
    if (format.dtype === "int24") {
      for (let at = done * perFrame; at < frames * perFrame; at++) bytes[at] = fill >> 8 * (at % 3);
    } else {
      samples.fill(fill, done * perFrame, frames * perFrame);
    }
    return samples.subarray(0, frames * perFrame) as FileSamples<D>;
  }

  #samples(
    data: ArrayBufferView,
    dtype: FileDtype | undefined,
  ): { bytes: Uint8Array; frames: number; format: Format; frameBytes: number } {
    requireView("data", data);
    const own = dtypeOfArray(data) ?? (data instanceof Uint8Array ? "uint8" : undefined);
    if (dtype === undefined && own === undefined) {
      throw new TypeError(`dtype must be given for ${show(data)}: it does not say what its bytes are`);
    }
    const format = fileFormatOf(dtype ?? own);
    if (!(data instanceof format.array) && !(data instanceof DataView) && !(data instanceof Uint8Array)) {
      throw new TypeError(`data must be a ${format.array.name} for ${format.dtype}, or bytes, not ${show(data)}`);
    }
    const frameBytes = format.sampleSize * this.channels;
    if (data.byteLength % frameBytes !== 0) {
      throw new RangeError(
        `data must be whole frames of ${frameBytes} bytes (${this.channels} channels of ${format.dtype}), not ` +
          `${data.byteLength} bytes long`,
      );
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { bytes, frames: data.byteLength / frameBytes, format, frameBytes };
  }
}

/** The native handle of an open file; throws "closed". */
export function fileHandle(file: SoundFile): number {
  return SoundFile.handleOf(file);
}

function joined<D extends FileDtype>(parts: FileSamples<D>[]): FileSamples<D> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = new (parts[0].constructor as Uint8ArrayConstructor)(length) as unknown as FileSamples<D>;
  let at = 0;
  for (const part of parts) {
    all.set(part as ArrayLike<number>, at);
    at += part.length;
  }
  return all;
}

function pathOf(file: unknown): string | undefined {
  if (typeof file === "string") return file;
  if (file instanceof URL) {
    if (file.protocol === "file:") return fileURLToPath(file);
    throw new TypeError(`file must be a file: URL, not ${file}`);
  }
  if (typeof file === "number" || file instanceof Uint8Array || file === inMemory) return undefined;
  throw new TypeError(`file must be a path, a file URL, a descriptor or a Uint8Array, not ${show(file)}`);
}

function requireSame(name: string, asked: number | undefined, has: number): void {
  if (asked !== undefined && asked !== has) throw new RangeError(`${name} must be the file's own ${has}, not ${asked}`);
}

/** What is asked of libsndfile: all for a new file and for RAW, nothing for a file that has a header. */
function fileInfo(mode: FileMode, path: string | undefined, options: SoundFileOptions): Float64Array<ArrayBuffer> {
  const { sampleRate, channels, subtype, endian, compressionLevel, bitrateMode } = options;
  const info = new Float64Array(new ArrayBuffer(PS_FILE_INFO_SIZE * 8));
  const named = path === undefined ? undefined : formatOfName(path);
  const format = options.format ?? named?.format;
  const isNew = !mode.startsWith("r");
  if (compressionLevel !== undefined) requireNumber("compressionLevel", compressionLevel, 0, 1);
  info[PS_FILE_COMPRESSION_LEVEL] = compressionLevel ?? -1;
  info[PS_FILE_BITRATE_MODE] = bitrateMode === undefined
    ? -1
    : bitrateModes.indexOf(requireOneOf("bitrateMode", bitrateMode, bitrateModes));
  if (sampleRate !== undefined) requireInteger("sampleRate", sampleRate, 1, FRAMES_MAX);
  if (channels !== undefined) requireInteger("channels", channels, 1, 1024);
  if (!isNew && !isRaw(format)) {
    if (options.format !== undefined) formatWord(options.format, subtype, endian); // a wrong name is an error all the same
    return info;
  }
  if (format === undefined) {
    throw new TypeError(`format must be given: the name ${show(path ?? "")} does not say it`);
  }
  if (sampleRate === undefined || channels === undefined) {
    throw new TypeError(
      `${sampleRate === undefined ? "sampleRate" : "channels"} must be given for ${isNew ? "a new file" : "RAW"}`,
    );
  }
  info[PS_FILE_SAMPLE_RATE] = sampleRate;
  info[PS_FILE_CHANNELS] = channels;
  info[PS_FILE_FORMAT] = formatWord(
    format,
    subtype ?? (options.format === undefined ? named?.subtype : undefined),
    endian,
  );
  return info;
}
