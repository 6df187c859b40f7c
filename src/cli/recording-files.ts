/** The file, or the files one after the other, that are recorded. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type Dtype, type Recording, type SoundFile, SoundFileError, type SoundFileOptions } from "../../mod.ts";
import { checkWritable, type FileChoice, fileChoice, typeOfName } from "./file-options.ts";
import { RotationNames } from "./rotation.ts";
import type { CommandLine } from "./settings.ts";
import { UsageError } from "./usage-error.ts";

/** What can be written to any pipe, whatever the samples are. */
const pipeType = "AU";

export class RecordingFiles {
  /** The files that were begun, and the frame of the recording at which each begins. */
  readonly begun: { readonly file: string; readonly frame: number }[] = [];
  readonly #name: string;
  readonly #choice: FileChoice;
  readonly #names: RotationNames | undefined;
  readonly #noClobber: boolean;
  readonly #playbackType: string | undefined;
  readonly #note: (text: string) => void;
  #current: SoundFile | undefined;

  /** Checks what can be checked before anything is opened. */
  constructor({ settings, recording }: CommandLine, playback: SoundFile | undefined, note: (text: string) => void) {
    this.#name = recording!;
    this.#choice = fileChoice(settings, "recording");
    this.#noClobber = settings.noClobber ?? false;
    this.#playbackType = playback?.format;
    this.#note = note;
    const format = this.#choice.format ?? typeOfName(this.#name);
    if (this.#name !== "-" && format === undefined) {
      throw new UsageError(`-t/--file-type: the name '${this.#name}' does not say which; --list-formats shows all`);
    }
    checkWritable({ ...this.#choice, format });
    if (settings.rotate) {
      if (this.#name === "-") {
        throw new UsageError("--rotate: the recording goes to standard output, which is one file");
      }
      this.#names = new RotationNames(this.#name, (name) => this.#noClobber && existsSync(name));
    }
  }

  /** The file that is being recorded. */
  get current(): SoundFile {
    return this.#current!;
  }

  /** Begins the first file. */
  openFirst(recorder: Recording<Dtype>): SoundFile {
    const file = this.#name === "-" ? this.#openOutput(recorder) : this.#open(recorder);
    this.begun.push({ file: this.#name === "-" ? "-" : file.name, frame: 0 });
    return this.#current = file;
  }

  /** Goes on in a new file. */
  async rotate(recorder: Recording<Dtype>): Promise<void> {
    const old = this.current;
    const next = this.#open(recorder);
    const frame = await recorder.nextFile(next);
    this.#current = next;
    this.begun.push({ file: next.name, frame });
    old.close();
  }

  close(): void {
    this.#current?.close();
  }

  #open(recorder: Recording<Dtype>): SoundFile {
    const name = this.#names?.next(new Date()) ?? this.#name;
    if (this.#names) mkdirSync(dirname(name), { recursive: true });
    return recorder.toFile(name, this.#noClobber ? "x" : "w", this.#choice);
  }

  #openOutput(recorder: Recording<Dtype>): SoundFile {
    const open = (options: SoundFileOptions) => recorder.toFile(1, "w", options);
    if (this.#choice.format !== undefined) return open(this.#choice);
    const { subtype } = this.#choice;
    const type = this.#playbackType ?? pipeType;
    try {
      return open({ ...this.#choice, format: type });
    } catch (error) {
      if (!(error instanceof SoundFileError) || type === pipeType) throw error;
      this.#note(`${type} files cannot be written to a pipe: the recording is ${pipeType} (-t ,TYPE chooses another)`);
      checkWritable({ format: pipeType, subtype });
      return open({ ...this.#choice, format: pipeType });
    }
  }
}
