import { PS_ENDPOINT_RING } from "../../ffi/constants.ts";
import { PolledGenerator, type PolledValues } from "../base/polled-generator.ts";
import type { Poller } from "../base/poller.ts";
import { openPlayback } from "../endpoints/source.ts";
import { WrittenPlayback } from "../endpoints/written.ts";
import { memoryRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import { ChunkPosition } from "../run/chunk-position.ts";
import type { Core } from "../run/core.ts";
import type { Capture, Host, Playback } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { requireOffsetWithin, type RunLength } from "../run/run-length.ts";
import { defaultStart } from "../run/run-options.ts";
import type { Run } from "../run/run.ts";
import { formatOf, type SamplesOf } from "../samples/formats.ts";
import {
  type CheckedChunkOptions,
  type ChunkPlan,
  type LayoutOptions,
  planChunks,
  requireChunkOptions,
} from "./options.ts";
import { ChunkReader } from "./reader.ts";

/** What is yielded: one array, or one per channel. */
export type Chunk = SamplesOf | SamplesOf[];

/** The sink of chunks: a ring that begins with the silence that the first chunk overlaps. */
class ChunkCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly once = true;
  readonly length: RunLength;
  /** The run that it records. */
  run: Run | undefined;
  readonly #lead: Uint8Array;
  readonly #flags: number;

  constructor({ bufferSize, overlap, sinkFlags, length }: ChunkPlan, { dtype, frameBytes }: StreamDirection) {
    this.ring = memoryRing("bufferSize", frameBytes, bufferSize);
    this.length = length;
    this.#lead = new Uint8Array(new ArrayBuffer(overlap * frameBytes)).fill(formatOf(dtype).silence);
    this.#flags = sinkFlags;
  }

  attach(stream: NativeStream): void {
    this.ring.flush();
    this.ring.write(this.#lead);
    stream.setSink(PS_ENDPOINT_RING, ringHandle(this.ring), this.#flags);
  }

  prepare(_host: Host, run: Run): void {
    this.run = run;
  }

  release(): void {
    this.ring.close();
  }
}

/** The live input of a stream in chunks. The options are checked at once; the first next() starts the stream. */
export function chunksOf(core: Core, options: LayoutOptions | undefined): AsyncGenerator<Chunk, void, void> {
  return new Chunks(core, requireChunkOptions(options, core.blockSize)).generator();
}

/** The live input in chunks. */
export class Chunks {
  readonly #core: Core;
  readonly #plan: ChunkPlan;
  /** The source for the run; undefined: the stream's own. */
  #source: Playback | null | undefined;
  #capture: ChunkCapture | undefined;

  constructor(core: Core, options: CheckedChunkOptions) {
    core.requireOpen();
    this.#core = core;
    this.#plan = planChunks(options, core.input!);
    const { playback, loop } = options;
    if (playback === undefined || playback === null) {
      this.#source = playback;
      return;
    }
    if (!core.output) throw new TypeError("playback must not be set for a stream that only records");
    this.#source = openPlayback(playback, { loop }, core.output);
    try {
      requireOffsetWithin(this.#plan.length, this.#source.frames);
    } catch (error) {
      this.#source.release();
      throw error;
    }
  }

  /** Whether a run that it records is on. */
  get active(): boolean {
    const run = this.#capture?.run;
    return run !== undefined && this.#core.isOn(run);
  }

  /** Makes the next run record for it, whoever starts that; with a playback of its own it starts its own run. */
  expectRun(): void {
    if (this.#source === undefined && !this.#core.active) this.#attach();
  }

  #attach(): void {
    const core = this.#core;
    core.requireIdle();
    if (this.#source !== undefined) core.endpoints.source = this.#source ?? undefined;
    this.#source = undefined;
    core.endpoints.sink = this.#capture = new ChunkCapture(this.#plan, core.input!);
  }

  /** The chunks. The first next() starts a run, unless one that it records is on. */
  generator(): AsyncGenerator<Chunk, void, void> {
    return new PolledGenerator(this.lifecycle(), () => this.#release());
  }

  #release(): void {
    this.#source?.release();
    this.#source = undefined;
    if (this.#capture && this.#core.endpoints.sink === this.#capture) this.#core.endpoints.sink = undefined;
    else this.#capture?.release();
  }

  /** The run that it records: one that is on, or has ended, else a new one. */
  async #run(): Promise<Run> {
    const core = this.#core;
    if (this.#capture?.run) return this.#capture.run;
    if (!this.#capture || core.endpoints.sink !== this.#capture) this.#attach();
    const { chunkSize, length } = this.#plan;
    const { source } = core.endpoints;
    if (source instanceof WrittenPlayback && length.frames < 0) source.beginWithSilence(chunkSize);
    return await core.start(defaultStart(length));
  }

  /** Lasts from the start of the run to its end; what it yields in between gives the chunks. */
  async *lifecycle(): AsyncGenerator<PolledValues<Chunk>, void, void> {
    const core = this.#core;
    try {
      const run = await this.#run();
      try {
        const leave = run.enter();
        yield new RunChunks(core, run, this.#capture!.ring, this.#plan);
        await run.settled;
        leave();
      } finally {
        if (!core.closed && core.isOn(run)) await core.stop();
      }
    } finally {
      this.#release();
    }
  }
}

const end: IteratorReturnResult<void> = { done: true, value: undefined };

/** The chunks of one run. */
class RunChunks implements PolledValues<Chunk> {
  readonly poller: Poller;
  readonly #core: Core;
  readonly #run: Run;
  readonly #reader: ChunkReader;
  readonly #overlap: number;
  readonly #position: ChunkPosition;
  /** Frames of the recording before the next chunk. */
  #recorded: number;
  #dueIn = 0;
  #checks = 0;

  constructor(core: Core, run: Run, ring: RingBuffer, plan: ChunkPlan) {
    this.poller = core.poller;
    this.#core = core;
    this.#run = run;
    this.#reader = new ChunkReader(ring, plan, core.input!);
    this.#overlap = plan.overlap;
    this.#position = new ChunkPosition(core.readings, core.native.handle);
    this.#recorded = run.offset;
  }

  next(): IteratorResult<Chunk, void> | undefined {
    const core = this.#core;
    const run = this.#run;
    const reader = this.#reader;
    if (core.closed) return end;
    this.#dueIn = core.run === run ? core.dueIn(reader.wanted, this.#checks++) : 0;
    if (this.#dueIn > 0) return undefined;
    const ended = !core.isOn(run); // read first, so that no frame that came before the end is missed
    if (ended && run.discarded) return end;
    const { available } = reader;
    if (available >= reader.wanted) return this.#read(available);
    if (!ended) return undefined;
    return available > this.#overlap ? this.#read(available) : end;
  }

  nextWhenDue(): IteratorResult<Chunk, void> | undefined {
    const available = this.#run.discarded ? 0 : this.#reader.available;
    return available >= this.#reader.wanted ? this.#read(available) : this.next();
  }

  dueIn(): number {
    return Math.max(this.#dueIn, 1);
  }

  #read(available: number): IteratorYieldResult<Chunk> {
    const value = this.#reader.read(available);
    this.#checks = 0;
    this.#position.moveTo(this.#recorded);
    this.#core.chunk = this.#position;
    this.#recorded += this.#reader.newFrames;
    return { done: false, value };
  }
}
