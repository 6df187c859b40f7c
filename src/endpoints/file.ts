// A sound file, which a native thread reads or writes.
import { PS_ENDPOINT_FILE, PS_SOURCE_LOOP } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";
import { memoryRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Capture, Playback, SinkPort } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { prebufferFrames } from "../run/ring-size.ts";
import { fileHandle, SoundFile } from "../sound-file/sound-file.ts";

/** Throws unless a file has the stream's rate and channels, and is open for reading (a source) or writing (a sink). */
function requireFit(
  name: "source" | "sink",
  file: SoundFile,
  { channels, sampleRate }: StreamDirection,
): SoundFile {
  const direction = name === "source" ? "reading" : "writing";
  const unfit = name === "source" ? /^[wx]$/ : /^r$/;
  fileHandle(file); // throws if it is closed
  if (unfit.test(file.mode)) {
    throw new TypeError(`${name} ${file.name} must be open for ${direction}, not "${file.mode}"`);
  }
  if (file.sampleRate !== Math.round(sampleRate)) { // a file has a whole number of hertz
    throw new RangeError(`${name} ${file.name} must have the stream's ${sampleRate} Hz, not ${file.sampleRate} Hz`);
  }
  if (file.channels !== channels) {
    throw new RangeError(`${name} ${file.name} must have the stream's ${channels} channels, not ${file.channels}`);
  }
  return file;
}

/** The file of a source. One that is given by its path is opened for a run, and closed after it. */
class SourceFile {
  readonly #path: string | URL | undefined;
  readonly #direction: StreamDirection;
  #file: SoundFile | undefined;

  constructor(file: SoundFile | string | URL, direction: StreamDirection) {
    this.#direction = direction;
    if (file instanceof SoundFile) this.#file = requireFit("source", file, direction);
    else this.#path = file;
  }

  open(): SoundFile {
    if (this.#file) return this.#file;
    const file = new SoundFile(this.#path!);
    try {
      return this.#file = requireFit("source", file, this.#direction);
    } catch (error) {
      file.close();
      throw error;
    }
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
  readonly #loop: boolean;

  constructor(file: SoundFile | string | URL, direction: StreamDirection, size: number, loop: boolean) {
    this.#file = new SourceFile(file, direction);
    const { seekable, frames } = this.#file.open();
    try {
      if (loop && !seekable) throw new TypeError("loop must not be set for a file that is not seekable");
      if (loop && frames === 0) throw new RangeError("loop must not be set for an empty source");
      this.ring = memoryRing("bufferSize", direction.frameBytes, size);
    } catch (error) {
      this.#file.closeOwn();
      throw error;
    }
    this.#loop = loop;
    this.prebuffer = prebufferFrames(direction);
  }

  get frames(): number | undefined {
    const file = this.#file.open();
    return this.#loop || file.frames < 0 ? undefined : file.frames - (file.seekable ? file.tell() : 0);
  }

  get loops(): boolean {
    return this.#loop;
  }

  attach(stream: NativeStream): void {
    const flags = this.#loop ? PS_SOURCE_LOOP : 0;
    stream.setSource(PS_ENDPOINT_FILE, fileHandle(this.#file.open()), flags, ringHandle(this.ring));
  }

  end(): void {
    this.#file.closeOwn();
  }

  release(): void {
    this.#file.closeOwn();
    this.ring.close();
  }
}

/** A file, and after it the next ones. */
export class FileCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly #direction: StreamDirection;
  readonly #flags: number;
  #file: SoundFile;

  constructor(file: SoundFile, direction: StreamDirection, size: number, flags: number) {
    this.#file = requireFit("sink", file, direction);
    this.#direction = direction;
    this.#flags = flags;
    this.ring = memoryRing("bufferSize", direction.frameBytes, size);
  }

  attach(port: SinkPort): void {
    port.setSink(PS_ENDPOINT_FILE, fileHandle(this.#file), this.#flags, ringHandle(this.ring));
  }

  /** During a run: continues in another file from frame `at`, or, if it is negative, from the next block. */
  switchTo(file: SoundFile, at: number, stream: NativeStream): void {
    requireFit("sink", file, this.#direction);
    unwrap(native().ps_stream_next_file(stream.handle, fileHandle(file), at), "nextFile");
    this.#file = file;
  }

  release(): void {
    this.ring.close();
  }
}
