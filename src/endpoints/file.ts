import type { FrameFormat } from "../samples/samples.ts";
import { fileHandle, SoundFile } from "../sound-file/sound-file.ts";

/** A sound file as a source or sink. One that was named by its path is opened for a run, and closed after it. */
export class SideFile {
  readonly #path: string | URL | undefined;
  #file: SoundFile | undefined;
  readonly #check: (file: SoundFile) => SoundFile;

  constructor(name: "source" | "sink", file: SoundFile | string | URL, format: FrameFormat, sampleRate: number) {
    this.#check = (file) => requireFit(name, file, format, sampleRate);
    if (file instanceof SoundFile) this.#file = this.#check(file);
    else this.#path = file;
  }

  open(): SoundFile {
    if (this.#file) return this.#file;
    const file = new SoundFile(this.#path!);
    try {
      return this.#file = this.#check(file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  handle(): number {
    return fileHandle(this.open());
  }

  /** After a run. */
  end(): void {
    if (this.#path === undefined) return;
    this.#file?.close();
    this.#file = undefined;
  }
}

/** A file must have the stream's rate and channels, and be open in the right direction. */
export function requireFit(name: string, file: SoundFile, { channels }: FrameFormat, sampleRate: number): SoundFile {
  const direction = name === "source" ? "reading" : "writing";
  const wrong = name === "source" ? /^[wx]$/ : /^r$/;
  fileHandle(file); // throws if it is closed
  if (wrong.test(file.mode)) {
    throw new TypeError(`${name} ${file.name} must be open for ${direction}, not "${file.mode}"`);
  }
  if (file.sampleRate !== sampleRate) {
    throw new RangeError(`${name} ${file.name} must have the stream's ${sampleRate} Hz, not ${file.sampleRate} Hz`);
  }
  if (file.channels !== channels) {
    throw new RangeError(`${name} ${file.name} must have the stream's ${channels} channels, not ${file.channels}`);
  }
  return file;
}
