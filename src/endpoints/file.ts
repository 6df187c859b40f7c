// A sound file, which a native thread reads or writes.
import { countOf } from "../base/count.ts";
import { PS_ENDPOINT_FILE, PS_SOURCE_LOOP } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import { memoryRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Capture, Opening, Playback, SinkPort } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { prebufferFrames, ringFrames } from "../run/ring-size.ts";
import { mayWait } from "../sound-file/options.ts";
import { closeAside, explainError, fileHandle, openAside, SoundFile } from "../sound-file/sound-file.ts";
import { openRecordingFile, recordingFileOptions, requireNewFile } from "./recording-file.ts";
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

  /** Whether opening it may keep a run waiting for another process. */
  get isClosed(): boolean {
    const path = this.#path;
    return this.#file === undefined && (typeof path === "string" || path instanceof URL) && mayWait(path);
  }

  open(): SoundFile {
    return this.#file ??= new SoundFile(this.#path!);
  }

  async openAside(opening: Opening): Promise<void> {
    const file = await openAside(this.#path!, opening);
    if (opening.signal.aborted) file.close();
    else this.#file = file;
  }

  closeOwn(): void {
    if (this.#path === undefined) return;
    this.#file?.close();
    this.#file = undefined;
  }
}

/** A pipe is opened by the start of a run; until then it is taken to have the stream's rate and channels. */
export class FilePlayback implements Playback {
  readonly #file: SourceFile;
  readonly #direction: StreamDirection;
  readonly #bufferSize: number | undefined;
  readonly #loop: boolean;
  #shape: StreamDirection;
  #ring: RingBuffer | undefined;

  constructor(
    file: SourceFileLike,
    direction: StreamDirection,
    { bufferSize, loop = false }: { bufferSize?: number; loop?: boolean },
  ) {
    this.#file = new SourceFile(file);
    this.#direction = this.#shape = direction;
    this.#bufferSize = bufferSize;
    this.#loop = loop;
    if (!this.isClosed) this.#fit(this.#file.open());
  }

  /** Takes over rate and channels of the file; throws, and closes it, if it cannot be played. */
  #fit(file: SoundFile): void {
    try {
      const shape = shapeFor("source", this.#direction, file);
      if (this.#loop && !file.seekable) throw new TypeError("loop must not be set for a file that is not seekable");
      if (this.#loop && file.frames === 0) throw new RangeError("loop must not be set for an empty source");
      if (shape.frameBytes !== this.#shape.frameBytes || this.#sizeFor(shape) !== this.#sizeFor(this.#shape)) {
        this.#ring?.close();
        this.#ring = undefined;
      }
      this.#shape = shape;
    } catch (error) {
      this.#file.closeOwn();
      throw error;
    }
  }

  #sizeFor(shape: StreamDirection): number {
    return ringFrames(shape, this.#bufferSize);
  }

  get shape(): StreamDirection {
    return this.#shape;
  }

  get ring(): RingBuffer {
    return this.#ring ??= memoryRing("bufferSize", this.#shape.frameBytes, this.#sizeFor(this.#shape));
  }

  get prebuffer(): number {
    return prebufferFrames(this.#shape);
  }

  get frames(): number | undefined {
    if (this.#loop || this.isClosed) return undefined;
    const file = this.#file.open();
    if (file.frames < 0) return undefined;
    return streamFrames(file.frames - (file.seekable ? file.tell() : 0), this.shape);
  }

  get isClosed(): boolean {
    return this.#file.isClosed;
  }

  async open(opening: Opening): Promise<void> {
    await this.#file.openAside(opening);
    if (!opening.signal.aborted) this.#fit(this.#file.open());
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
    this.#ring?.close();
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

  /** Only what may keep a run waiting is opened for its start; anything else is opened where it is attached. */
  get isClosed(): boolean {
    return this.#path !== undefined && this.#own === undefined && mayWait(this.#path);
  }

  async open(opening: Opening): Promise<void> {
    const path = this.#path!;
    const file = await openAside(path, opening, "w", recordingFileOptions(path, "w", this.shape));
    if (opening.signal.aborted) file.close();
    else this.#file = this.#own = file;
  }

  attach(port: SinkPort): void {
    if (this.#path !== undefined) {
      this.#file = this.#own ??= openRecordingFile(this.#path, "w", this.shape);
    }
    try {
      port.setSink(PS_ENDPOINT_FILE, fileHandle(this.#file!), this.#flags, ringHandle(this.ring));
    } catch (error) {
      this.#own?.close();
      this.#own = undefined;
      throw error;
    }
  }

  /** During a run: continues in another file from frame `at`, or, if it is negative, from the next block. */
  switchTo(file: SoundFile, at: number, stream: NativeStream): void {
    const { sampleRate, channels } = this.#file!;
    requireMode("sink", file);
    if (file.sampleRate !== sampleRate || file.channels !== channels) {
      throw new RangeError(
        `file must have the ${sampleRate} Hz and ${countOf(channels, "channel")} of the recording, not ` +
          `${file.sampleRate} Hz and ${file.channels}`,
      );
    }
    unwrap(native().ps_stream_next_file(stream.handle, fileHandle(file), at), "nextFile");
    this.#file = file;
  }

  end(): Promise<void> | undefined {
    const own = this.#own;
    this.#own = undefined;
    return own && closeAside(own);
  }

  release(): void {
    try {
      this.#own?.close();
    } finally {
      this.ring.close();
    }
  }
}
