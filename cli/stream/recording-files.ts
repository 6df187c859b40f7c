/** The recorded file, or files one after the other. */
import { countOf } from "../options/count.ts";
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { type SoundFile, SoundFileError } from "../../mod.ts";
import { checkWritable, type FileChoice, fileChoice, framesHeld, typeOfName } from "./file-options.ts";
import { RotationNames } from "./rotation.ts";
import type { Recorder } from "./streams.ts";
import type { CommandLine } from "../options/settings.ts";
import { UsageError } from "../options/usage-error.ts";
import { isTerminal } from "../report/terminal.ts";

/** libsndfile's error for files that cannot be read, and for new ones that cannot be as they are to be. */
const UNRECOGNISED_FORMAT = 1;

/** File types that can be written from start to end. */
const pipeTypes = ["AU", "RAW", "FLAC", "OGG", "MP3", "IRCAM", "PVF"];
/** The same, except that the header lacks the length, which most programs that read from pipes accept. */
const lengthless = ["WAV", "WAVEX"];
const FALLBACK = "AU";

/** Identifies a file on a disk; undefined if it is not one, or cannot be accessed. */
function identity(file: string | number): string | undefined {
  try {
    const stat = typeof file === "number" ? fstatSync(file, { bigint: true }) : statSync(file, { bigint: true });
    return stat.isFile() ? `${stat.dev} ${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Error(`--rotate: the folder '${folder}' cannot be made (${(error as { code?: string }).code ?? error})`);
  }
}

const gone = ({ name }: SoundFile) => `${name} was removed while it was recorded: what it had is lost`;

export class RecordingFiles {
  /** The files so far, and the frame of the recording at which each begins. */
  readonly begun: { readonly file: string; readonly frame: number }[] = [];
  readonly #name: string;
  readonly #choice: FileChoice;
  readonly #names: RotationNames;
  readonly #rotates: boolean;
  readonly #noClobber: boolean;
  readonly #playbackType: string | undefined;
  readonly #played: string | undefined;
  readonly #note: (text: string) => void;
  #current: SoundFile | undefined;
  /** A descriptor of its own for the current file, which tells whether its name is gone. */
  #watched: number | undefined;

  /** Checks what can be checked before anything is opened. */
  constructor(line: CommandLine, playback: SoundFile | undefined, note: (text: string) => void) {
    const { settings } = line;
    this.#name = line.recording!;
    this.#choice = fileChoice(settings, "recording");
    this.#noClobber = settings.noClobber ?? false;
    this.#playbackType = playback?.format;
    this.#played = playback && identity(line.playback === "-" ? 0 : line.playback!);
    this.#note = note;
    const format = this.#choice.format ?? typeOfName(this.#name);
    if (this.#name !== "-" && format === undefined) {
      throw new UsageError(
        `-t/--file-type: '${this.#name}' has no extension of a supported file type; --list-formats shows all. Record ` +
          "in one of them, like FLAC, and convert the file for other types, for example with ffmpeg",
      );
    }
    if (this.#name === "-" && isTerminal(1)) {
      throw new UsageError("standard output is a terminal: send the recording into a file or a pipe");
    }
    checkWritable({ ...this.#choice, format });
    this.#rotates = settings.rotate !== undefined;
    if (this.#rotates && this.#name === "-") {
      throw new UsageError("--rotate: the recording goes to standard output, which is one file");
    }
    // A file that nobody has asked for takes no other's place.
    this.#names = this.#rotates
      ? new RotationNames(this.#name, (name) => this.#noClobber && existsSync(name))
      : new RotationNames(this.#name.replaceAll("%", "%%"), existsSync);
  }

  /** The file that is being recorded. */
  get current(): SoundFile {
    return this.#current!;
  }

  /** Frames that fit into one file. */
  get most(): number {
    return this.#name === "-" ? Infinity : framesHeld(this.current);
  }

  /** Opens the first file. */
  openFirst(recorder: Recorder): SoundFile {
    const name = this.#rotates ? undefined : this.#name;
    const file = this.#name === "-" ? this.#openOutput(recorder) : this.#open(recorder, new Date(), name);
    this.begun.push({ file: this.#name === "-" ? "-" : file.name, frame: 0 });
    if (this.#name !== "-") this.#watch(file);
    return this.#current = file;
  }

  /**
   * Goes on in a new file at frame `at` of the recording, which will be recorded at `date`.
   * After an error the file that is being recorded goes on.
   */
  async rotate(recorder: Recorder, at: number, date: Date): Promise<void> {
    const old = this.current;
    try {
      await this.#moveOn(recorder, at, date);
    } catch (error) {
      this.#note(`${(error as Error).message}: the recording goes on in ${old.name}`);
      throw error;
    }
  }

  async #moveOn(recorder: Recorder, at: number, date: Date): Promise<void> {
    const old = this.current;
    const next = this.#open(recorder, date);
    let frame: number;
    try {
      frame = await recorder.nextFile(next, { at });
    } catch (error) {
      next.close();
      rmSync(next.name);
      if (recorder.finished) return; // the run ended meanwhile: the old file has it all
      throw error;
    }
    this.#current = next;
    if (!this.#rotates) this.#note(`${old.name} is full: the recording goes on in ${next.name}`);
    this.begun.push({ file: next.name, frame });
    old.close();
    if (this.#isGone()) this.#note(gone(old));
    this.#watch(next);
  }

  close(): void {
    const file = this.#current;
    if (!file) return;
    const isEmpty = this.begun.length > 1 && file.frames === 0; // the recording ended before this file began
    file.close();
    const isGone = this.#isGone();
    if (isEmpty) {
      rmSync(file.name, { force: true });
      this.begun.pop();
    } else if (isGone) {
      throw new Error(gone(file));
    }
  }

  /** Windows does not let go of a file that is open. */
  #watch(file: SoundFile): void {
    if (process.platform !== "win32" && identity(file.name)) this.#watched = openSync(file.name, "r");
  }

  /** Whether the watched file has been removed; it is not watched any longer. */
  #isGone(): boolean {
    if (this.#watched === undefined) return false;
    const { nlink } = fstatSync(this.#watched);
    closeSync(this.#watched);
    this.#watched = undefined;
    return nlink === 0;
  }

  /** Returns a name for the next file. With --no-clobber it has created an empty file of that name. */
  #claimName(date: Date): string {
    while (true) {
      const name = this.#names.next(date);
      makeFolder(dirname(name));
      try {
        if (this.#noClobber) closeSync(openSync(name, "wx"));
        return name;
      } catch (error) {
        if ((error as { code?: string }).code !== "EEXIST") throw error;
      }
    }
  }

  #open(recorder: Recorder, date: Date, given?: string): SoundFile {
    const isClaimed = given === undefined && this.#noClobber;
    const name = given ?? this.#claimName(date);
    this.#drop(name);
    try {
      return recorder.toFile(name, this.#noClobber && !isClaimed ? "x" : "w", this.#choice);
    } catch (error) {
      if (isClaimed) rmSync(name);
      if (error instanceof SoundFileError && error.sfCode === UNRECOGNISED_FORMAT) {
        const { channels, sampleRate } = recorder;
        const count = typeof channels === "number" ? channels : channels[0];
        error.message += `; here ${countOf(count, "channel")} (-c/--channels) at ${sampleRate} Hz (-r/--rate)`;
      }
      throw error;
    }
  }

  /** Throws if the file is the one that is played, because opening it for recording would empty it. */
  #drop(file: string | number): void {
    if (this.#played === undefined || identity(file) !== this.#played) return;
    throw new UsageError(
      `${file === 1 ? "standard output" : `'${file}'`} is the file to be played: record into another`,
    );
  }

  #openOutput(recorder: Recorder): SoundFile {
    this.#drop(1);
    const { format } = this.#choice;
    const toDisk = identity(1) !== undefined;
    if (format !== undefined) {
      if (!toDisk && !pipeTypes.includes(format) && !lengthless.includes(format)) {
        const possible = [...pipeTypes, ...lengthless].join(", ");
        throw new UsageError(`-t/--file-type: ${format} files cannot be written to a pipe, but ${possible} can`);
      }
      return recorder.toFile(1, "w", this.#choice);
    }
    const type = this.#playbackType ?? FALLBACK;
    if (toDisk || pipeTypes.includes(type)) return recorder.toFile(1, "w", { ...this.#choice, format: type });
    this.#note(
      `the recording is ${FALLBACK}: a ${type} file begins with its length, which a pipe does not know (-t ,TYPE)`,
    );
    const choice = { ...this.#choice, format: FALLBACK };
    checkWritable(choice);
    return recorder.toFile(1, "w", choice);
  }
}
