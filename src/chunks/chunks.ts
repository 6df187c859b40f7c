import { PS_ENDPOINT_RING } from "../../ffi/constants.ts";
import { PolledGenerator, type PolledValues } from "../base/polled-generator.ts";
import type { Poller, WakeReason } from "../base/poller.ts";
import { streamFrames, withRate } from "../endpoints/shape.ts";
import { overflowFlags, tapFlags } from "../endpoints/sink.ts";
import { openPlayback } from "../endpoints/source.ts";
import { WrittenPlayback } from "../endpoints/written.ts";
import { memoryRing, type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import { ChunkPosition } from "../run/chunk-position.ts";
import type { Core } from "../run/core.ts";
import type { Capture, Playback, SinkPort } from "../run/endpoint.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { requireOffsetWithin, type RunLength } from "../run/run-length.ts";
import { defaultStart } from "../run/run-options.ts";
import type { Run } from "../run/run.ts";
import type { StreamTap } from "../run/tap.ts";
import { formatOf, type SamplesOf } from "../samples/formats.ts";
import { framesAt } from "../samples/rates.ts";
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
  readonly shape: StreamDirection;
  readonly #lead: Uint8Array;
  readonly #flags: number;

  constructor({ bufferSize, overlap, onOverflow, input }: ChunkPlan) {
    const { dtype, frameBytes } = this.shape = input;
    this.ring = memoryRing("bufferSize", frameBytes, bufferSize);
    this.#lead = new Uint8Array(new ArrayBuffer(overlap * frameBytes)).fill(formatOf(dtype).silence);
    this.#flags = overflowFlags(onOverflow);
  }

  attach(port: SinkPort): void {
    this.ring.flush();
    this.ring.write(this.#lead);
    port.setSink(PS_ENDPOINT_RING, withRate(ringHandle(this.ring), this.shape), this.#flags);
  }

  release(): void {
    this.ring.close();
  }
}

/** The live input of a stream in chunks. The options are checked at once; the first next() starts the stream. */
export function chunksOf(core: Core, options: LayoutOptions | undefined): AsyncGenerator<Chunk, void, void> {
  return new Chunks(core, requireChunkOptions(options, core.blockSize)).generator();
}

/**
 * The live input in chunks: a tap of the stream. If no run is on, the first next() starts one, and leaving stops it;
 * else the tap joins the run, which goes on without it.
 */
export class Chunks {
  readonly #core: Core;
  readonly #plan: ChunkPlan;
  /** The source for the run; undefined: the stream's own. */
  #source: Playback | null | undefined;
  #tap: StreamTap | undefined;
  /** Whether it has started the run. */
  #started = false;

  constructor(core: Core, options: CheckedChunkOptions) {
    core.requireOpen();
    this.#core = core;
    this.#plan = planChunks(options, core.input!);
    if (core.active) this.#requireJoinable();
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

  /** Ends it from outside while a chunk is being waited for. */
  async leave(): Promise<void> {
    const run = this.#tap?.run;
    if (!run || !this.#core.isOn(run)) return;
    if (this.#started) await this.#core.stop();
    else await this.#tap!.remove();
  }

  /** Takes part in a run that writable() starts; with a playback of its own it starts its own run. */
  expectRun(): void {
    if (this.#source === undefined && !this.#core.active) this.#core.expectants.add(this.#join);
  }

  /** The options of a run are not for one that is on. */
  #requireJoinable(): void {
    const { playback, length } = this.#plan;
    const name = playback !== undefined ? "playback" : length.pad !== 0 ? "pad" : undefined;
    if (name) throw new TypeError(`${name} must not be set for chunks of a stream that is running`);
  }

  readonly #join = (): RunLength => {
    this.#add(this.#plan.length.offset, -1);
    return this.#plan.length;
  };

  /** Where it is the only sink, a full ring ends the run, as it does for any single sink. */
  #add(offset: number, frames: number): StreamTap {
    const core = this.#core;
    const { onOverflow } = this.#plan;
    const alone = !core.active && core.endpoints.sink === undefined && core.taps.size === 0;
    const flags = tapFlags(onOverflow ?? (alone ? "abort" : undefined));
    return this.#tap = core.addTap(new ChunkCapture(this.#plan), { flags, offset, frames, once: true });
  }

  /** The chunks. The first next() starts a run, unless one is on. */
  generator(): AsyncGenerator<Chunk, void, void> {
    return new PolledGenerator(this.lifecycle(), () => this.#release());
  }

  #release(): void {
    this.#core.expectants.delete(this.#join);
    this.#source?.release();
    this.#source = undefined;
    // The run's own end has been waited for, or the tap leaves by itself.
    this.#tap?.remove().catch(() => {});
  }

  /** The run of which it gets the input: one that is on, or one that it starts. */
  async #enter(): Promise<Run> {
    const core = this.#core;
    const expected = this.#tap?.run;
    if (expected) return expected;
    core.expectants.delete(this.#join);
    const { chunkSize, length } = this.#plan;
    if (core.active) {
      this.#requireJoinable();
      this.#add(length.offset, length.frames);
      return core.run;
    }
    core.requireIdle();
    if (this.#source !== undefined) core.endpoints.source = this.#source ?? undefined;
    this.#source = undefined;
    const { source } = core.endpoints;
    if (source instanceof WrittenPlayback && length.frames < 0) {
      source.beginWithSilence(streamFrames(chunkSize, this.#plan.input));
    }
    this.#add(length.offset, -1);
    this.#started = true;
    return await core.start(defaultStart(length));
  }

  /** Lasts from the start of the run to its end; what it yields in between gives the chunks. */
  async *lifecycle(): AsyncGenerator<PolledValues<Chunk>, void, void> {
    const core = this.#core;
    try {
      const run = await this.#enter();
      const tap = this.#tap!;
      try {
        const leave = run.enter();
        yield new RunChunks(core, run, tap, this.#plan);
        if (tap.error) throw tap.error;
        if (tap.isOver && core.isOn(run)) return;
        await run.settled;
        leave();
      } finally {
        if (this.#started && !tap.error && !core.closed && core.isOn(run)) await core.stop();
        await tap.remove();
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
  readonly reason: WakeReason;
  readonly #core: Core;
  readonly #run: Run;
  readonly #tap: StreamTap;
  readonly #reader: ChunkReader;
  readonly #overlap: number;
  readonly #position: ChunkPosition;
  readonly #rate: number;
  /** Frames of the run before the next chunk, as if none had been dropped; undefined before the first one. */
  #recorded: number | undefined;
  /** Frames that are known to be in the ring. */
  #known = 0;
  #dueIn = 0;
  #checks = 0;

  constructor(core: Core, run: Run, tap: StreamTap, plan: ChunkPlan) {
    this.poller = core.poller;
    this.#core = core;
    this.#run = run;
    this.#tap = tap;
    this.#reader = new ChunkReader(tap.ring, plan);
    this.#overlap = plan.overlap;
    this.#rate = plan.input.sampleRate;
    const { wanted } = this.#reader;
    this.reason = {
      get what() {
        return tap.sink;
      },
      frames: wanted,
    };
    this.#position = new ChunkPosition(core.native.handle, tap, this.#rate, core.sampleRate);
  }

  next(): IteratorResult<Chunk, void> | undefined {
    const core = this.#core;
    const run = this.#run;
    const tap = this.#tap;
    const reader = this.#reader;
    if (core.closed || run.discarded) return end;
    if (this.#known >= reader.wanted && !tap.isLeaving) return this.#read(this.#known);
    const { available } = reader;
    if (available >= reader.wanted) return this.#read(available);
    this.#dueIn = core.run === run ? tap.dueIn(reader.wanted, this.#checks++) : 0;
    if (this.#dueIn > 0) return undefined;
    const ended = !core.isOn(run);
    if (ended && run.discarded) return end;
    if (!ended && !tap.isOver) return undefined;
    const remaining = reader.available; // frames may have come between the check and the end
    return remaining >= reader.wanted || remaining > this.#overlap ? this.#read(remaining) : end;
  }

  dueIn(): number {
    return this.#dueIn;
  }

  #read(available: number): IteratorYieldResult<Chunk> {
    const value = this.#reader.read(available);
    this.#known = available - this.#reader.newFrames;
    this.#checks = 0;
    this.#recorded ??= framesAt(Math.max(this.#tap.first, 0) + this.#tap.offset, this.#core.sampleRate, this.#rate);
    this.#position.moveTo(this.#recorded);
    this.#core.chunk = this.#position;
    this.#recorded += this.#reader.newFrames;
    return { done: false, value };
  }
}
