import { PS_SIDE_RING } from "../ffi/constants.ts";
import { native } from "../ffi/load.ts";
import { ChunkPosition } from "./chunk-position.ts";
import { type ChunkOptions, type ChunkPlan, type Layout, planChunks } from "./chunk-options.ts";
import type { Core } from "./core.ts";
import { unwrap } from "./errors.ts";
import { formatOf, newSamples, type SamplesOf } from "./formats.ts";
import type { NativeStream } from "./native-stream.ts";
import type { Direction } from "./opened-stream.ts";
import { fillPlanes, newPlanes } from "./planar.ts";
import { RingBuffer, ringHandle } from "./ring-buffer.ts";
import { requireOffsetWithin, type RunLength, totalFrames } from "./run-options.ts";
import type { Run } from "./run.ts";
import { requireStill } from "./samples.ts";
import type { Capture } from "./sink.ts";
import { type Host, openPlayback, type Playback } from "./source.ts";
import { Breath } from "./waiting.ts";

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
    unwrap(native().ps_stream_set_sink(stream.handle, PS_SIDE_RING, ringHandle(this.ring), this.#flags, 0), "chunks");
  }

  prepare(_host: Host, run: Run): void {
    this.run = run;
  }

  release(): void {
    this.ring.close();
  }
}

/** Copies chunks out of the ring into memory that is used again for each. */
class ChunkReader {
  readonly #handle: number;
  readonly #plan: ChunkPlan;
  readonly #input: Direction;
  /** Frames that fit into a chunk. */
  readonly #most: number;
  /** Bytes of the caller's memory, if that is to be filled. */
  readonly #room: number;
  /** What is handed out if the caller gives no memory. */
  #own: SamplesOf | undefined;
  /** Planar only: where samples lie before they come apart, and where they are put. */
  readonly #mixed: SamplesOf | undefined;
  #planes: SamplesOf[] = [];

  constructor(ring: RingBuffer, plan: ChunkPlan, input: Direction) {
    this.#handle = ringHandle(ring);
    this.#plan = plan;
    this.#input = input;
    this.#room = plan.out?.byteLength ?? 0;
    this.#most = plan.chunkSize || (plan.out ? Math.floor(this.#room / input.frameBytes) : ring.size);
    if (plan.layout === "planar") this.#mixed = this.#newMemory();
  }

  get available(): number {
    return native().ps_ring_read_available(this.#handle);
  }

  /** Frames that must be there for a chunk, unless it is the last one. */
  get wanted(): number {
    return this.#plan.chunkSize || 1;
  }

  /** The next chunk, of at most `available` frames, and how many of them are new. */
  read(available: number): [chunk: SamplesOf | SamplesOf[], fresh: number] {
    const { overlap } = this.#plan;
    const { dtype, sampleSize, frameBytes } = this.#input;
    const frames = Math.min(available, this.#most);
    const memory = this.#memory();
    unwrap(native().ps_ring_read_overlap(this.#handle, this.#mixed ?? memory, frames, overlap), "chunks");
    const fresh = frames - overlap;
    if (!this.#mixed) return [firstBytes(memory, frames * frameBytes), fresh];
    if (this.#planes[0]?.buffer !== memory.buffer) {
      this.#planes = newPlanes(
        (memory as SamplesOf).subarray(0, this.#mixed.length) as SamplesOf,
        this.#input.channels,
      );
    }
    fillPlanes(this.#planes, this.#mixed, frames, dtype === "int24" ? 3 : 1);
    return [this.#planes.map((plane) => firstBytes(plane, frames * sampleSize)), fresh];
  }

  /** What is handed out: the caller's memory, which must still be all there, or our own, anew if it was given away. */
  #memory(): ArrayBufferView {
    const { out } = this.#plan;
    if (out) {
      requireStill("out", out, this.#input, this.#room);
      return out;
    }
    if (!this.#own || this.#own.byteLength === 0) this.#own = this.#newMemory();
    return this.#own;
  }

  #newMemory(): SamplesOf {
    return newSamples(this.#input.dtype, this.#most * this.#input.channels) as SamplesOf;
  }
}

/** The first bytes of memory: itself where that is all of it. */
function firstBytes(memory: ArrayBufferView, bytes: number): SamplesOf {
  if (memory.byteLength === bytes) return memory as SamplesOf;
  if (memory instanceof DataView) return new DataView(memory.buffer, memory.byteOffset, bytes) as unknown as SamplesOf;
  const samples = memory as SamplesOf;
  return samples.subarray(0, bytes / samples.BYTES_PER_ELEMENT) as SamplesOf;
}

/** The live input in chunks, from its options to its end. The options are checked at once. */
export class Chunks {
  readonly #core: Core;
  readonly #plan: ChunkPlan;
  /** To be set for the run; undefined: what was set stays in force. */
  #source: Playback | null | undefined;
  #capture: ChunkCapture | undefined;
  #begun = false;

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
  steps(): AsyncGenerator<SamplesOf | SamplesOf[], void, void> {
    const steps = this.#generate();
    // What ends a generator before its first next() does not run any of it.
    for (const end of ["return", "throw"] as const) {
      const leave = steps[end].bind(steps) as (value?: unknown) => Promise<IteratorResult<SamplesOf, void>>;
      steps[end] = (value?: unknown) => {
        if (!this.#begun) this.#release();
        return leave(value);
      };
    }
    return steps;
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

  async *#generate(): AsyncGenerator<SamplesOf | SamplesOf[], void, void> {
    const core = this.#core;
    this.#begun = true;
    try {
      const run = await this.#run();
      try {
        const leave = run.enter();
        const capture = this.#capture!;
        const reader = new ChunkReader(capture.ring, this.#plan, core.input!);
        const { wanted } = reader;
        const position = new ChunkPosition(core.readings, core.native.handle);
        const breath = new Breath();
        let recorded = run.offset;
        let due = 0;
        let looks = 0;
        /** Frames to read now, where there are enough or no more will come. */
        const look = (): number | undefined => {
          if (core.closed) return 0;
          due = core.run === run ? core.dueIn(wanted, looks++) : 0;
          if (due > 0) return undefined;
          const over = !core.isOn(run); // before looking for frames: what came before the end is then seen
          if (over && run.discarded) return 0;
          const available = reader.available;
          return over || available >= wanted ? available : undefined;
        };
        /** The same at the moment that was aimed at, when they most likely are there. */
        const lookAgain = (): number | undefined => {
          const available = run.discarded ? 0 : reader.available;
          return available >= wanted ? available : look();
        };
        const pace = () => Math.max(due, 1);
        for (let waited = true;;) {
          const turn = waited ? undefined : breath.take();
          if (turn) await turn;
          looks = 0;
          let available = look();
          waited = available === undefined;
          if (available === undefined) available = await core.waiting.later(lookAgain, pace);
          if (available < wanted && available <= this.#plan.overlap) break;
          const [chunk, fresh] = reader.read(available);
          position.moveTo(recorded);
          core.chunk = position;
          recorded += fresh;
          yield chunk;
        }
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
