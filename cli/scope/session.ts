/** A viewed stream: its runs, the reduction of its input, and its recordings. */
import { type DeviceInfo, DuplexStream, type Glitch, InputStream, type Levels, SoundFile } from "../../mod.ts";
import { listDevices } from "./devices.ts";
import type { ScopeOptions } from "./options.ts";
import { Recorder, type RecordingFormat, type RecordingInfo } from "./recorder.ts";
import { type Reduced, Reducer, type Resolution, resolutionOf, type SpectrumChoice } from "./reducer.ts";

/** Size of the ring between the device and the analysis. */
const RING_FRAMES = 2 ** 17;
/** Chunks reduced into one packet. */
const CHUNKS_PER_PACKET = 2;
const STATUS_INTERVAL = 500;
/** The past kept for pages opened later: ten minutes of statuses, and as many glitches as a stream's log holds. */
const MOST_STATUSES = 1200;
const MOST_GLITCHES = 256;

export type Phase = "stopped" | "starting" | "running" | "stopping";

/** State of the view. Viewers get it whenever it changes. */
export interface State {
  readonly phase: Phase;
  /** Message of the error that ended the last run or prevented its start. */
  readonly error: string | null;
  /** Id of the input device. */
  readonly device: string | null;
  /** Name of the input device; null while no stream is open. */
  readonly name: string | null;
  readonly sampleRate: number;
  readonly channels: number;
  readonly latency: number;
  readonly resolution: Resolution;
  readonly choice: SpectrumChoice;
  /** Name of the file being played. */
  readonly playback: string | null;
  readonly recording: string | null;
  readonly recordings: readonly RecordingInfo[];
}

/** Measurements of the run. */
export interface Status {
  /** Seconds since the start. */
  readonly time: number;
  readonly xruns: number;
  /** In seconds, of all callbacks since the start. */
  readonly lateness: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly cpuLoad: number;
  readonly recordedFrames: number;
}

/** Receives what the session reports. */
export interface Viewer {
  state(state: State): void;
  packet(reduced: Reduced, levels: Levels): void;
  status(status: Status): void;
  glitches(glitches: readonly Glitch[]): void;
}

/** A request that cannot be carried out in the current state. The page shows its message. */
export class RequestError extends Error {}

type ViewedStream = InputStream<"float32"> | DuplexStream<"float32">;

export class Session {
  /** Input is reduced only while there are viewers. */
  readonly viewers: Set<Viewer> = new Set();
  readonly statuses: Status[] = [];
  readonly glitches: Glitch[] = [];
  readonly #options: ScopeOptions;
  readonly #folder: string;
  #device: number | string | undefined;
  #phase: Phase = "stopped";
  #error: string | null = null;
  #choice: SpectrumChoice = { channel: 0, fftSize: 2048 };
  #stream: ViewedStream | undefined;
  /** The input device, as listed when the stream was opened: indices may change later. */
  #opened: DeviceInfo | undefined;
  #file: SoundFile | undefined;
  #reducer: Reducer | undefined;
  #recorder: Recorder | undefined;
  #finishing: Promise<void> = Promise.resolve();
  readonly #recordings = new Map<string, RecordingInfo & { readonly path: string }>();
  #levels: Levels = { input: [], output: [] };
  /** frameCount at which #levels were read. */
  #levelsAt = -1;
  /** The last glitch reported. */
  #lastGlitch: Glitch | undefined;
  #pumping: Promise<void> = Promise.resolve();
  /** Requests are carried out one at a time. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: ScopeOptions) {
    this.#options = options;
    this.#folder = options.folder ?? ".";
    this.#device = inputOf(options.device);
  }

  get state(): State {
    const stream = this.#stream;
    const sampleRate = stream?.sampleRate ?? 48000;
    const device = this.#opened;
    return {
      phase: this.#phase,
      error: this.#error,
      device: device?.id ?? (typeof this.#device === "string" ? this.#device : null),
      name: device?.name ?? null,
      sampleRate,
      channels: stream ? first(stream.channels) : 0,
      latency: stream ? first(stream.latency) : 0,
      resolution: resolutionOf(sampleRate),
      choice: this.#choice,
      playback: this.#options.playback === undefined ? null : baseName(String(this.#options.playback)),
      recording: this.#recorder?.name ?? null,
      recordings: [...this.#recordings.values()].map(({ name, frames, bytes }) => ({ name, frames, bytes })),
    };
  }

  /** Returns the path of a finished recording, or undefined. */
  pathOf(name: string): string | undefined {
    return this.#recordings.get(name)?.path;
  }

  start(): Promise<void> {
    return this.#inTurn(() => this.#start());
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop());
  }

  /** Selects another input device. A running view restarts on it. */
  useDevice(id: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#recorder) throw new RequestError("Finish the recording before you choose another device.");
      if (!listDevices().some((device) => device.id === id)) {
        throw new RequestError(`There is no device ${id} any more.`);
      }
      const wasRunning = this.#phase === "running";
      await this.#stop();
      this.#device = id;
      this.#changed({ error: null });
      if (wasRunning) await this.#start();
    });
  }

  /** Selects channel and FFT size of the spectrum. */
  choose(choice: SpectrumChoice): Promise<void> {
    return this.#inTurn(() => {
      const channels = this.#stream ? first(this.#stream.channels) : choice.channel;
      if (choice.channel > channels) throw new RequestError(`There is no channel ${choice.channel}.`);
      this.#choice = choice;
      this.#reducer?.choose(choice);
      this.#changed({});
    });
  }

  record(format: RecordingFormat): Promise<void> {
    return this.#inTurn(() => {
      if (this.#phase !== "running") throw new RequestError("Start the view before you record.");
      if (this.#recorder) throw new RequestError("A recording is being made already.");
      this.#recorder = new Recorder(this.#stream!, this.#folder, format);
      this.#changed({ error: null });
    });
  }

  finish(): Promise<void> {
    return this.#inTurn(() => this.#finish());
  }

  /** Finishes a recording, then stops. */
  async close(): Promise<void> {
    await this.stop();
  }

  #inTurn<T>(action: () => T | Promise<T>): Promise<T> {
    const result = this.#queue.then(action);
    this.#queue = result.catch(() => {});
    return result;
  }

  #changed({ phase, error }: { phase?: Phase; error?: string | null }): void {
    if (phase !== undefined) this.#phase = phase;
    if (error !== undefined) this.#error = error;
    const { state } = this;
    for (const viewer of this.viewers) viewer.state(state);
  }

  async #start(): Promise<void> {
    if (this.#phase !== "stopped") return;
    this.#changed({ phase: "starting", error: null });
    try {
      this.#stream = await this.#open();
    } catch (error) {
      this.#file?.close();
      this.#changed({ phase: "stopped", error: messageOf(error) });
      throw error;
    }
    const { channels, sampleRate, device } = this.#stream;
    this.#opened = listDevices().find(({ index }) => index === first(device));
    if (this.#choice.channel > first(channels)) this.#choice = { ...this.#choice, channel: 0 };
    this.#reducer = new Reducer(first(channels), sampleRate, this.#choice);
    this.statuses.length = this.glitches.length = 0;
    this.#lastGlitch = undefined;
    this.#levelsAt = -1;
    this.#pumping = this.#pump(this.#stream, this.#reducer);
    this.#changed({ phase: "running" });
  }

  async #open(): Promise<ViewedStream> {
    const { playback, loop, folder: _folder, host: _host, port: _port, channels, device, ...options } = this.#options;
    if (playback === undefined) {
      return await InputStream.open<"float32">({ ...options, channels: first(channels), device: this.#device });
    }
    this.#file = new SoundFile(playback);
    const stream = await DuplexStream.open<"float32">({
      ...options,
      sampleRate: options.sampleRate ?? this.#file.sampleRate,
      channels: [first(channels), this.#file.channels],
      device: [this.#device, Array.isArray(device) ? device[1] : device],
    });
    try {
      stream.setSource(this.#file, { loop });
    } catch (error) {
      await stream.close();
      throw error;
    }
    return stream;
  }

  /** Processes chunks until the run ends. */
  async #pump(stream: ViewedStream, reducer: Reducer): Promise<void> {
    const timer = setInterval(() => this.#tell(stream), STATUS_INTERVAL);
    let error: string | null = null;
    try {
      let count = 0;
      const inputs = first(stream.channels);
      const chunkSize = reducer.resolution.rowFrames;
      const options = { chunkSize, bufferSize: RING_FRAMES, onOverflow: "drop", pad: -1 } as const;
      for await (const chunk of stream.chunks(options)) {
        if (this.viewers.size === 0) reducer.skip(chunk.length / inputs);
        else {
          reducer.push(chunk);
          if (++count % CHUNKS_PER_PACKET === 0) this.#send(stream, reducer);
        }
      }
    } catch (thrown) {
      error = messageOf(thrown);
    }
    clearInterval(timer);
    this.#tell(stream);
    try {
      await this.#finish();
      await stream.close();
    } catch (thrown) {
      error ??= messageOf(thrown);
    }
    this.#file?.close();
    this.#stream =
      this.#opened =
      this.#file =
      this.#reducer =
        undefined;
    this.#changed({ phase: "stopped", error });
  }

  #send(stream: ViewedStream, reducer: Reducer): void {
    const reduced = reducer.take();
    if (!reduced) return;
    // One wake-up may yield several packets; no new levels are available between them.
    if (stream.frameCount !== this.#levelsAt) {
      this.#levelsAt = stream.frameCount;
      this.#levels = stream.levels;
    }
    for (const viewer of this.viewers) viewer.packet(reduced, this.#levels);
  }

  /** Reports the status and the glitches since the last report. */
  #tell(stream: ViewedStream): void {
    const status: Status = {
      time: stream.frameCount / stream.sampleRate,
      xruns: stream.xruns,
      lateness: stream.callbackStats.lateness,
      cpuLoad: stream.cpuLoad,
      recordedFrames: this.#recorder?.frames ?? 0,
    };
    keepLast(this.statuses, [status], MOST_STATUSES);
    // A recording that cannot be continued has ended; the view continues.
    if (this.#recorder?.error) this.finish().catch(() => {});
    const log = stream.glitches;
    const last = this.#lastGlitch;
    const known = last ? log.findLastIndex(({ frame, kind }) => frame === last.frame && kind === last.kind) : -1;
    const added = log.slice(known + 1);
    this.#lastGlitch = log.at(-1);
    keepLast(this.glitches, added, MOST_GLITCHES);
    for (const viewer of this.viewers) {
      viewer.status(status);
      if (added.length > 0) viewer.glitches(added);
    }
  }

  async #stop(): Promise<void> {
    const stream = this.#stream;
    if (!stream || this.#phase !== "running") return await this.#pumping;
    this.#changed({ phase: "stopping" });
    await stream.stop().catch(() => {}); // #pump reports the same error
    await this.#pumping;
  }

  #finish(): Promise<void> {
    const recorder = this.#recorder;
    if (!recorder) return this.#finishing;
    this.#recorder = undefined;
    return this.#finishing = (async () => {
      const info = await recorder.close();
      this.#recordings.set(info.name, { ...info, path: recorder.path });
      const { error } = recorder;
      this.#changed(error ? { error: error.message } : {});
    })();
  }
}

/** Returns the input's value of a value or pair. */
function first<T>(value: T | readonly [input: T, output: T]): T {
  return Array.isArray(value) ? value[0] : value as T;
}

function inputOf(device: ScopeOptions["device"]): number | string | undefined {
  return first(device);
}

function keepLast<T>(list: T[], added: readonly T[], most: number): void {
  list.push(...added);
  list.splice(0, list.length - most);
}

function baseName(path: string): string {
  return path.split(/[\\/]/).at(-1)!;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
