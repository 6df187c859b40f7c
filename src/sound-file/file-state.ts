// A sound file of the native side: how it was opened, what it is, and its handle.
import {
  PS_ERR_BUSY,
  PS_ERR_PENDING,
  PS_FILE_CHANNELS,
  PS_FILE_FORMAT,
  PS_FILE_FRAMES,
  PS_FILE_INFO_SIZE,
  PS_FILE_SAMPLE_RATE,
  PS_FILE_SEEKABLE,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { cString } from "../../ffi/text.ts";
import { onAbort } from "../base/abort-listeners.ts";
import { nextTurn, PIECE_BYTES } from "../base/event-loop.ts";
import { backOff, change, Poller } from "../base/poller.ts";
import { PastreamError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import type { FileDtype } from "../samples/formats.ts";
import { requireBytes } from "../samples/memory.ts";
import type { ReadableFile } from "./blocks.ts";
import { namesOfFormat, promisesLength } from "./format-names.ts";
import { bytesOf } from "./memory.ts";
import { fileInfo, type FileMode, modeBits, pathOf, requireSame, type SoundFileOptions } from "./options.ts";
import { Gathering, readOptionNames, type ReadOptions, requireFrames, requireReading } from "./samples.ts";
import type { Incoming } from "./incoming.ts";
import { fileTags } from "./tags.ts";
import { requireInteger, requireOptions, show } from "../base/validate.ts";
import { Jobs } from "./jobs.ts";

const MAX_DESCRIPTOR = 2 ** 31 - 1;

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

/** How a file was opened. */
export interface Opening {
  readonly name: string;
  readonly mode: FileMode;
  readonly handle: number;
  readonly info: Float64Array;
  /** It grows in memory, and bytes() reads it back. */
  readonly grows?: boolean;
  /** What brings its bytes, unless they are all there. */
  readonly incoming?: Incoming;
}

/** An open or closed sound file of the native side. */
export class FileState {
  readonly name: string;
  readonly mode: FileMode;
  readonly sampleRate: number;
  readonly channels: number;
  readonly format: string;
  readonly subtype: string;
  readonly endian: string;
  readonly seekable: boolean;
  readonly incoming: Incoming | undefined;
  readonly jobs: Jobs = new Jobs();
  readonly tags: Record<string, string | undefined>;
  readonly #grows: boolean;
  readonly #info: Float64Array;
  #handle: number;
  /** The contents of a file in memory, once it is closed. */
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /** Throws, and closes the file, if `options` ask for something that it is not. */
  constructor({ name, mode, handle, info, grows = false, incoming }: Opening, options: SoundFileOptions = {}) {
    this.name = name;
    this.mode = mode;
    this.#handle = handle;
    this.#info = info;
    this.#grows = grows;
    this.incoming = incoming;
    dropped.register(this, { handle, incoming }, this);
    this.sampleRate = info[PS_FILE_SAMPLE_RATE];
    this.channels = info[PS_FILE_CHANNELS];
    this.seekable = info[PS_FILE_SEEKABLE] === 1;
    ({ format: this.format, subtype: this.subtype, endian: this.endian } = namesOfFormat(info[PS_FILE_FORMAT]));
    this.tags = fileTags(this);
    try {
      requireSame(this, options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get frames(): number {
    if (!this.closed) unwrap(native().ps_file_info(this.#handle, this.#info, PS_FILE_INFO_SIZE));
    return this.#info[PS_FILE_FRAMES];
  }

  get closed(): boolean {
    return this.#handle === 0;
  }

  tell(): number {
    return unwrap(native().ps_file_tell(this.open()));
  }

  /** The handle; throws for a closed file. */
  open(): number {
    if (this.closed) throw new PastreamError("closed", `${this.name} is closed`);
    return this.#handle;
  }

  /** The handle, unless a call of this object is unfinished. The native side knows whether a stream uses the file. */
  idle(): number {
    this.jobs.requireNone(this.name);
    return this.open();
  }

  requireMode(purpose: "reading" | "writing"): void {
    const modes = purpose === "reading" ? /r|\+/ : /[^r]/;
    if (!modes.test(this.mode)) {
      throw new TypeError(`${this.name} is not open for ${purpose}, but with mode "${this.mode}"`);
    }
  }

  /** For blocks(): what each of them needs. */
  readable(): ReadableFile {
    return {
      channels: this.channels,
      frames: () => this.frames,
      tell: () => this.tell(),
      readInto: (bytes, frames, formatCode) => unwrap(native().ps_file_read(this.idle(), bytes, frames, formatCode)),
    };
  }

  gather<D extends FileDtype>(frames: number | undefined, options: ReadOptions<D> | undefined): {
    gathering: Gathering<D>;
    total: number;
    code: number;
    frameBytes: number;
    whole: boolean;
  } {
    this.requireMode("reading");
    const reading = requireReading(requireOptions("options", options, readOptionNames), this.channels);
    const asked = requireFrames(frames, reading.outFrames);
    const length = this.incoming ? -1 : this.frames; // it may be cut off
    const left = length < 0 ? Infinity : Math.max(length - this.tell(), 0);
    const toFill = reading.fillValue !== undefined && asked < Infinity;
    const total = toFill ? asked : Math.min(asked, left);
    const trusted = left < Infinity && !promisesLength(this.format, this.subtype);
    const gathering = new Gathering(toFill ? reading : { ...reading, fillValue: undefined }, total, trusted);
    const frameBytes = reading.format.sampleSize * this.channels;
    return { gathering, total, code: reading.format.code, frameBytes, whole: asked === Infinity };
  }

  readBytes(): Uint8Array<ArrayBuffer> {
    if (this.#bytes) return this.#bytes;
    const handle = this.idle();
    if (this.#grows) unwrap(native().ps_file_flush(handle));
    return bytesOf(handle);
  }

  close(): void {
    if (this.closed) return;
    const handle = this.idle();
    void this.frames; // is remembered
    const status = this.#grows ? native().ps_file_finish(handle) : native().ps_file_close(handle);
    if (status !== PS_ERR_BUSY) {
      if (this.#grows) {
        this.#bytes = bytesOf(handle);
        native().ps_file_close(handle);
      }
      dropped.unregister(this);
      this.incoming?.close();
      this.#handle = 0;
    }
    unwrap(status);
  }

  /** The same off the JavaScript thread: a codec may have its last samples to write, or a disk all of them. */
  async closeAside(): Promise<void> {
    if (this.closed) return;
    const handle = this.idle();
    try {
      await this.jobs.finish(handle);
    } finally {
      this.close();
    }
  }
}

/** Opens a file as a user asks for it. */
export function openFile(
  file: string | URL | number | Uint8Array | ArrayBuffer,
  mode: FileMode,
  options: SoundFileOptions | undefined,
): FileState {
  const bits = modeBits(mode);
  const path = pathOf(file);
  const info = fileInfo(mode, path, options);
  const opened = (name: string, handle: number) => new FileState({ name, mode, handle: unwrap(handle), info }, options);
  if (path !== undefined) return opened(path, native().ps_file_open(cString(path), bits, info, PS_FILE_INFO_SIZE));
  if (typeof file === "number") {
    const descriptor = requireDescriptor(file);
    return opened(nameOf(descriptor), native().ps_file_open_descriptor(descriptor, 0, bits, info, PS_FILE_INFO_SIZE));
  }
  const bytes = requireFileBytes(file, mode);
  return opened(nameOf(), native().ps_file_open_memory(bytes, bytes.byteLength, bits, info, PS_FILE_INFO_SIZE));
}

/** For whom a file is opened off this thread. */
export interface Opener {
  /** Ends the wait for the file. */
  readonly signal?: AbortSignal;
  /** Of the stream that waits, which says whether that keeps the process alive. */
  readonly poller?: Poller;
}

/** openFile(), which leaves the event loop alone while a disk, a network or a pipe keeps it waiting for a file. */
export async function openFileAside(
  file: string | URL | number | Uint8Array | ArrayBuffer,
  mode: FileMode,
  options: SoundFileOptions | undefined,
  { signal, poller: given }: Opener = {},
): Promise<FileState> {
  const bits = modeBits(mode);
  const path = pathOf(file);
  const info = fileInfo(mode, path, options);
  const descriptor = typeof file === "number" ? requireDescriptor(file) : undefined;
  const bytes = path === undefined && descriptor === undefined ? requireFileBytes(file, mode) : undefined;
  signal?.throwIfAborted();
  const opening = unwrap(
    bytes
      ? native().ps_opening_of_bytes(bytes.length, info, PS_FILE_INFO_SIZE)
      : descriptor !== undefined
      ? native().ps_opening_of_descriptor(descriptor, bits, info, PS_FILE_INFO_SIZE)
      : native().ps_opening_new(cString(path!), bits, info, PS_FILE_INFO_SIZE),
  );
  const poller = new Poller(opening);
  const leave = given?.join({ ref: () => poller.keepAlive(true), unref: () => poller.keepAlive(false) });
  const forget = signal && onAbort(signal, () => poller.wake());
  try {
    if (bytes) await bring(bytes, opening, signal);
    const check = (): number | undefined => {
      signal?.throwIfAborted();
      const opened = native().ps_opening_done(opening);
      return opened === PS_ERR_PENDING ? undefined : unwrap(opened);
    };
    const handle = await poller.until(check, backOff, { keepAlive: !given, reason: change });
    unwrap(native().ps_file_info(handle, info, PS_FILE_INFO_SIZE));
    return new FileState({ name: path ?? nameOf(descriptor), mode, handle, info }, options);
  } finally {
    forget?.();
    leave?.();
    native().ps_opening_free(opening);
  }
}

/** Copies the bytes of a file into an opening, in pieces between which the event loop has its turns. */
async function bring(bytes: Uint8Array, opening: number, signal: AbortSignal | undefined): Promise<void> {
  const { length } = bytes;
  for (let at = 0; at < length; at += PIECE_BYTES) {
    if (at > 0) await nextTurn();
    signal?.throwIfAborted();
    if (bytes.length < length) throw new TypeError("file must not be transferred before it is open");
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    unwrap(native().ps_opening_write(opening, piece, piece.length));
  }
}

const requireDescriptor = (file: number): number => requireInteger("file", file, 0, MAX_DESCRIPTOR);

/** The name of a file that has no path. */
const nameOf = (descriptor?: number): string => descriptor === undefined ? "memory" : `descriptor ${descriptor}`;

function requireFileBytes(file: unknown, mode: FileMode): Uint8Array {
  if (!(file instanceof Uint8Array || file instanceof ArrayBuffer || file instanceof SharedArrayBuffer)) {
    throw new TypeError(
      `file must be a path, a file URL, a descriptor, a Uint8Array or an ArrayBuffer, not ${show(file)}`,
    );
  }
  if (mode === "r") return requireBytes("file", file);
  throw new RangeError(`mode must be "r" for bytes, not ${show(mode)}: SoundFile.inMemory() writes`);
}
