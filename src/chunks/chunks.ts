import { PS_ENDPOINT_RING } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { ChunkPosition } from "../run/chunk-position.ts";
import { type ChunkOptions, type ChunkPlan, type Layout, planChunks } from "./options.ts";
import type { Core } from "../run/core.ts";
import { unwrap } from "../library/errors.ts";
import { ChunkReader } from "./reader.ts";
import { formatOf, type SamplesOf } from "../samples/formats.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { Direction } from "../run/opened-stream.ts";
import { RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import { requireOffsetWithin, type RunLength, totalFrames } from "../run/run-options.ts";
import type { Run } from "../run/run.ts";
import type { Capture } from "../endpoints/sink.ts";
import { type Host, openPlayback, type Playback } from "../endpoints/source.ts";
import { type Steady, SteadySteps } from "../base/steady-steps.ts";
import type { Waiting } from "../base/waiting.ts";

/** What is handed out: one array, or one per channel. */
export type Chunk = SamplesOf | SamplesOf[];

/** What chunks are made of: a ring that begins with the silence that the first chunk overlaps. */
class ChunkCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly once = true;
  readonly length: RunLength;
  /** The run that it records. */
  run: Run | undefined;
  readonly #lead: Uint8Array;
  readonly #flags: number;

  constructor({ bufferSize, overlap, sinkFlags, length }: ChunkPlan, { dtype, frameBytes }: Direction) {
    this.ring = new RingBuffer(frameBytes, bufferSize);
    this.length = length;
    this.#lead = new Uint8Array(new ArrayBuffer(overlap * frameBytes)).fill(formatOf(dtype).silence);
    this.#flags = sinkFlags;
  }

  attach(stream: NativeStream): void {
    this.ring.flush();
    this.ring.write(this.#lead);
    unwrap(
      native().ps_stream_set_sink(stream.handle, PS_ENDPOINT_RING, ringHandle(this.ring), this.#flags, 0),
      "chunks",
    );
  }

  prepare(_host: Host, run: Run): void {
    this.run = run;
  }

  release(): void {
    this.ring.close();
  }
}

/** The live input in chunks, from its options to its end. The options are checked at once. */
export class Chunks {
  readonly #core: Core;
  readonly #plan: ChunkPlan;
  /** To be set for the run; undefined: what was set stays in force. */
  #source: Playback | null | undefined;
  #capture: ChunkCapture | undefined;

  constructor(core: Core, options: (ChunkOptions & { layout?: Layout }) | undefined) {
    core.requireOpen();
    this.#core = core;
    this.#plan = planChunks(options, core.input!, core.blockSize);
    const { playback, loop } = options ?? {};
    if (playback === undefined || playback === null) {
      this.#source = playback;
      return;
    }
    if (!core.output) throw new TypeError("playback must not be set for a stream that only records");
    this.#source = openPlayback(playback, { loop }, core.output, core.sampleRate);
    try {
      requireOffsetWithin(this.#plan.length, totalFrames(this.#plan.length, this.#source.frames));
    } catch (error) {
      this.#source.release();
      throw error;
    }
  }

  /** Whether a run records for it. */
  get active(): boolean {
    const run = this.#capture?.run;
    return run !== undefined && this.#core.isOn(run);
  }

  /** Has the next run record for it, whoever starts that; what brings something to play starts its own. */
  expectRun(): void {
    if (this.#source === undefined && !this.#core.active) this.#attach();
  }

  #attach(): void {
    const core = this.#core;
    core.requireIdle();
    if (this.#source !== undefined) core.source = this.#source ?? undefined;
    this.#source = undefined;
    core.sink = this.#capture = new ChunkCapture(this.#plan, core.input!);
  }

  /** The chunks. The first next() starts a run, unless one records for it. */
  steps(): AsyncGenerator<Chunk, void, void> {
    return new SteadySteps(this.life(), () => this.#release());
  }

  #release(): void {
    this.#source?.release();
    this.#source = undefined;
    if (this.#capture && this.#core.sink === this.#capture) this.#core.sink = undefined;
    else this.#capture?.release();
  }

  /** The run that records for it: one that is on already, or was, or else begins now. */
  async #run(): Promise<Run> {
    const core = this.#core;
    if (this.#capture?.run) return this.#capture.run;
    if (!this.#capture || core.sink !== this.#capture) this.#attach();
    return await core.start(this.#plan.length);
  }

  /** From the start of the run to its end; between the two the chunks can be asked for. */
  async *life(): AsyncGenerator<Steady<Chunk>, void, void> {
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

const over: IteratorReturnResult<void> = { done: true, value: undefined };

/** The chunks of a run that is on, or was. */
class RunChunks implements Steady<Chunk> {
  readonly waiting: Waiting;
  readonly #core: Core;
  readonly #run: Run;
  readonly #reader: ChunkReader;
  readonly #overlap: number;
  readonly #position: ChunkPosition;
  /** Frames of the recording that came before the next chunk. */
  #recorded: number;
  #due = 0;
  #looks = 0;

  constructor(core: Core, run: Run, ring: RingBuffer, plan: ChunkPlan) {
    this.waiting = core.waiting;
    this.#core = core;
    this.#run = run;
    this.#reader = new ChunkReader(ring, plan, core.input!);
    this.#overlap = plan.overlap;
    this.#position = new ChunkPosition(core.readings, core.native.handle);
    this.#recorded = run.offset;
  }

  look(): IteratorResult<Chunk, void> | undefined {
    const core = this.#core;
    const run = this.#run;
    const reader = this.#reader;
    if (core.closed) return over;
    this.#due = core.run === run ? core.dueIn(reader.wanted, this.#looks++) : 0;
    if (this.#due > 0) return undefined;
    const ended = !core.isOn(run); // before looking for frames: what came before the end is then seen
    if (ended && run.discarded) return over;
    const { available } = reader;
    if (available >= reader.wanted) return this.#read(available);
    if (!ended) return undefined;
    return available > this.#overlap ? this.#read(available) : over;
  }

  lookAgain(): IteratorResult<Chunk, void> | undefined {
    const available = this.#run.discarded ? 0 : this.#reader.available;
    return available >= this.#reader.wanted ? this.#read(available) : this.look();
  }

  pace(): number {
    return Math.max(this.#due, 1);
  }

  #read(available: number): IteratorYieldResult<Chunk> {
    const value = this.#reader.read(available);
    this.#looks = 0;
    this.#position.moveTo(this.#recorded);
    this.#core.chunk = this.#position;
    this.#recorded += this.#reader.fresh;
    return { done: false, value };
  }
}
