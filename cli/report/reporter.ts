/** Reports about a running stream on stderr: for a person, or as JSON for a program. */
import type { Conversion, Stream } from "../../mod.ts";
import { failureOf, failureText } from "./failure.ts";
import { PeakHold } from "./levels.ts";
import { statusLine } from "./status-line.ts";
import * as stderr from "./stderr.ts";
import { summaryLines, summaryOf } from "./summary.ts";
import { isTerminal } from "./terminal.ts";

/** A file, as it is announced. */
export interface FileInfo {
  readonly file: string;
  readonly format: string;
  readonly encoding: string;
}

export interface StreamInfo {
  readonly playback: FileInfo | null;
  readonly recording: FileInfo | null;
  /** The stream, for people. */
  readonly stream: string;
  readonly sampleRate: number;
  /** Rate of the device, in Hz. */
  readonly deviceRate: number;
  readonly conversions: readonly Conversion[];
  /** Seconds, as the device reports it; with two directions, of the input and of the output. */
  readonly latency: Stream["latency"];
  /** Frames of the whole run; undefined if its end is not known. */
  readonly totalFrames: number | undefined;
}

export interface Ending {
  readonly exitCode: number;
  readonly signal: string | undefined;
  readonly error: unknown;
  readonly stream: Stream | undefined;
  /** The files that were recorded, and the frame of the recording at which each begins. */
  readonly files: readonly { readonly file: string; readonly frame: number }[];
}

export interface Reporter {
  /** Seconds between two calls of progress(); Infinity: it is not called. */
  readonly interval: number;
  note(text: string): void;
  start(info: StreamInfo): void;
  progress(stream: Stream): void;
  end(ending: Ending): void;
}

function fileText({ file, format, encoding }: FileInfo): string {
  return `${file.replaceAll("\n", "\\u000a")} (${format}, ${encoding})`;
}

class TextReporter implements Reporter {
  readonly interval: number;
  readonly #quiet: boolean;
  readonly #hold = new PeakHold();
  #info: StreamInfo | undefined;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
    this.interval = !quiet && isTerminal(2) ? 0.1 : Infinity;
  }

  note(text: string): void {
    if (!this.#quiet) stderr.line(`pastream: ${text}`);
  }

  start(info: StreamInfo): void {
    this.#info = info;
    if (this.#quiet) return;
    const { playback, recording, stream } = info;
    if (playback) stderr.line(`<- ${fileText(playback)}`);
    stderr.line(`-- ${stream}`);
    if (recording) stderr.line(`-> ${fileText(recording)}`);
  }

  progress(stream: Stream): void {
    const { totalFrames, recording } = this.#info!;
    const levels = recording ? stream.levels.input : stream.levels.output;
    const elapsed = stream.frameCount / stream.sampleRate;
    const status = {
      elapsed,
      total: totalFrames === undefined ? undefined : totalFrames / stream.sampleRate,
      meters: this.#hold.update(levels.map(({ peak }) => peak), elapsed),
      xruns: stream.xruns,
      load: stream.cpuLoad,
    };
    // After its last column a terminal may start a new line.
    stderr.showStatus(statusLine(status, stderr.columns() - 1));
  }

  end({ error, stream }: Ending): void {
    if (stream?.finished) {
      if (this.interval !== Infinity) this.progress(stream);
      stderr.keepStatus();
      if (!this.#quiet) { for (const text of summaryLines(summaryOf(stream))) stderr.line(text); }
    }
    if (error !== undefined) stderr.line(failureText(error));
  }
}

class JsonReporter implements Reporter {
  readonly interval: number;
  readonly #quiet: boolean;
  #info: StreamInfo | undefined;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
    this.interval = quiet ? Infinity : 1;
  }

  #print(type: "start" | "progress" | "note" | "end", value: object): void {
    if (!this.#quiet || type === "end") stderr.line(JSON.stringify({ type, ...value }));
  }

  note(text: string): void {
    this.#print("note", { message: text });
  }

  start(info: StreamInfo): void {
    this.#info = info;
    this.#print("start", { ...info, totalFrames: info.totalFrames ?? null });
  }

  progress(stream: Stream): void {
    const { frameCount, sampleRate, xruns, cpuLoad, levels } = stream;
    this.#print("progress", {
      elapsed: frameCount / sampleRate,
      total: this.#info?.totalFrames === undefined ? null : this.#info.totalFrames / sampleRate,
      frames: frameCount,
      xruns,
      load: cpuLoad,
      levels,
    });
  }

  end({ exitCode, signal, error, stream, files }: Ending): void {
    const failure = error === undefined ? undefined : failureOf(error);
    this.#print("end", {
      exitCode,
      signal: signal ?? null,
      error: failure ? { code: failure.code, message: failure.message } : null,
      files,
      ...(stream && summaryOf(stream)),
    });
  }
}

export function makeReporter({ json = false, quiet = false }: { json?: boolean; quiet?: boolean }): Reporter {
  return json ? new JsonReporter(quiet) : new TextReporter(quiet);
}
