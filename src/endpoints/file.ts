// A sound file, which a native thread reads or writes.
import { PS_ENDPOINT_FILE, PS_SOURCE_LOOP } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import { memoryRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Capture, Playback, SinkPort } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { prebufferFrames, ringFrames } from "../run/ring-size.ts";
import { explainError, fileHandle, SoundFile } from "../sound-file/sound-file.ts";
import { openRecordingFile, requireNewFile } from "./recording-file.ts";
import { shapeFor, type ShapeOptions, streamFrames } from "./shape.ts";

/** Throws unless a file is open for reading (a source) or writing (a sink). */
function requireMode(name: "source" | "sink", file: SoundFile): SoundFile {
  const direction = name === "source" ? "reading" : "writing";
  const unfit = name === "source" ? /^[wx]$/ : /^r$/;
  fileHandle(file); // throws if it is closed
  if (unfit.test(file.mode)) {
    throw new TypeError(`${name} ${file.name} must be open for ${direction}, not "${file.mode}"`);
  }
  return file;
}

/** What the file of a source is given by. */
type SourceFileLike = SoundFile | string | URL | Uint8Array;

/** The file of a source. One that is given by its path or its bytes is opened for a run, and closed after it. */
class SourceFile {
  readonly #path: string | URL | Uint8Array | undefined;
  #file: SoundFile | undefined;

  constructor(file: SourceFileLike) {
    if (file instanceof SoundFile) this.#file = requireMode("source", file);
    else this.#path = file;
  }

  open(): SoundFile {
    return this.#file ??= new SoundFile(this.#path!);
  }

  closeOwn(): void {
    if (this.#path === undefined) return;
    this.#file?.close();
    this.#file = undefined;
  }
}

export class FilePlayback implements Playback {
  readonly ring: RingBuffer;
  readonly prebuffer: number;
  readonly #file: SourceFile;
  readonly shape: StreamDirection;
  readonly #loop: boolean;

  constructor(file: SourceFileLike, direction: StreamDirection, bufferSize: number | undefined, loop: boolean) {
    this.#file = new SourceFile(file);
    const opened = this.#file.open();
    const { seekable, frames } = opened;
    try {
      this.shape = shapeFor("source", direction, opened);
      if (loop && !seekable) throw new TypeError("loop must not be set for a file that is not seekable");
      if (loop && frames === 0) throw new RangeError("loop must not be set for an empty source");
      this.ring = memoryRing("bufferSize", this.shape.frameBytes, ringFrames(this.shape, bufferSize));
    } catch (error) {
      this.#file.closeOwn();
      throw error;
    }
    this.#loop = loop;
    this.prebuffer = prebufferFrames(this.shape);
  }

  get frames(): number | undefined {
    const file = this.#file.open();
    if (this.#loop || file.frames < 0) return undefined;
    return streamFrames(file.frames - (file.seekable ? file.tell() : 0), this.shape);
  }

  attach(stream: NativeStream): void {
    const flags = this.#loop ? PS_SOURCE_LOOP : 0;
    stream.setSource(PS_ENDPOINT_FILE, fileHandle(this.#file.open()), flags, ringHandle(this.ring));
  }

  explain(error: unknown): unknown {
    return explainError(this.#file.open(), error);
  }

  end(): void {
    this.#file.closeOwn();
  }

  release(): void {
    this.#file.closeOwn();
    this.ring.close();
  }
}

/** A file, and after it the next ones. One that is given by its path is made for a run, and closed after it. */
export class FileCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly #flags: number;
  readonly shape: StreamDirection;
  readonly #path: string | URL | undefined;
  #own: SoundFile | undefined;
  #file: SoundFile | undefined;

  constructor(
    file: SoundFile | string | URL,
    direction: StreamDirection,
    options: ShapeOptions & { bufferSize?: number },
    flags: number,
  ) {
    if (file instanceof SoundFile) this.#file = requireMode("sink", file);
    else this.#path = requireNewFile(file);
    this.#flags = flags;
    this.shape = shapeFor("sink", direction, file instanceof SoundFile ? file : options);
    this.ring = memoryRing("bufferSize", this.shape.frameBytes, ringFrames(this.shape, options.bufferSize));
  }

  attach(port: SinkPort): void {
    if (this.#path !== undefined) this.#file = this.#own = openRecordingFile(this.#path, "w", this.shape);
    try {
      port.setSink(PS_ENDPOINT_FILE, fileHandle(this.#file!), this.#flags, ringHandle(this.ring));
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** During a run: continues in another file from frame `at`, or, if it is negative, from the next block. */
  switchTo(file: SoundFile, at: number, stream: NativeStream): void {
    const { sampleRate, channels } = this.#file!;
    requireMode("sink", file);
    if (file.sampleRate !== sampleRate || file.channels !== channels) {
      throw new RangeError(
        `file must have the ${sampleRate} Hz and ${channels} channels of the recording, not ${file.sampleRate} Hz ` +
          `and ${file.channels}`,
      );
    }
    unwrap(native().ps_stream_next_file(stream.handle, fileHandle(file), at), "nextFile");
    this.#file = file;
  }

  end(): void {
    const own = this.#own;
    this.#own = undefined;
    own?.close();
  }

  release(): void {
    try {
      this.end();
    } finally {
      this.ring.close();
    }
  }
}
