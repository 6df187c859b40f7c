import { PS_NUMBER_DROPPED_FRAMES, PS_SIDE_RING, PS_STATE_ABORTED } from "../ffi/constants.ts";
import { native } from "../ffi/load.ts";
import { type ChunkOptions, type ChunkPlan, type Layout, planChunks } from "./chunk-options.ts";
import type { Core } from "./core.ts";
import { unwrap } from "./errors.ts";
import { formatOf, newSamples, type SamplesOf } from "./formats.ts";
import type { NativeStream } from "./native-stream.ts";
import type { Direction } from "./opened-stream.ts";
import { fillPlanes, newPlanes } from "./planar.ts";
import { RingBuffer, ringHandle } from "./ring-buffer.ts";
import type { Run } from "./run.ts";
import { requireSamples } from "./samples.ts";
import type { Capture } from "./sink.ts";
import { openPlayback } from "./source.ts";
import { Breath } from "./waiting.ts";

/** Where the chunk that was handed out last comes from. */
export interface ChunkPosition {
  /** frameCount of its first new frame. */
  readonly frame: number;
  /** Stream time at which the device captured that frame. */
  readonly time: number;
}

/** What chunks are made of: a ring that begins with the silence that the first chunk overlaps. */
class ChunkCapture implements Capture {
  readonly ring: RingBuffer;
  readonly frames = undefined;
  readonly once = true;
  readonly #lead: Uint8Array;
  readonly #flags: number;

  constructor({ bufferSize, overlap, sinkFlags }: ChunkPlan, { dtype, frameBytes }: Direction) {
    this.ring = new RingBuffer(frameBytes, bufferSize);
    this.#lead = new Uint8Array(new ArrayBuffer(overlap * frameBytes)).fill(formatOf(dtype).silence);
    this.#flags = sinkFlags;
  }

  attach(stream: NativeStream): void {
    this.ring.write(this.#lead);
    unwrap(native().ps_stream_set_sink(stream.handle, PS_SIDE_RING, ringHandle(this.ring), this.#flags, 0), "chunks");
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
  readonly #memory: SamplesOf | ArrayBufferView;
  readonly #planes: SamplesOf[] | undefined;
  /** Frames that fit into a chunk. */
  readonly #most: number;

  constructor(ring: RingBuffer, plan: ChunkPlan, input: Direction) {
    this.#handle = ringHandle(ring);
    this.#plan = plan;
    this.#input = input;
    const { layout, out, chunkSize } = plan;
    const room = out ? Math.floor(out.byteLength / input.frameBytes) : ring.size;
    this.#most = chunkSize || room;
    const samples = this.#most * input.channels;
    this.#memory = layout === "interleaved" && out ? out : newSamples(input.dtype, samples) as SamplesOf;
    if (layout === "planar") {
      const unit = this.#memory as SamplesOf;
      const planes = out ? (out as SamplesOf).subarray(0, unit.length) as SamplesOf : newSamples(input.dtype, samples);
      this.#planes = newPlanes(planes as SamplesOf, input.channels);
    }
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
    const { overlap, out } = this.#plan;
    const frames = Math.min(available, this.#most);
    const { dtype, sampleSize } = this.#input;
    const memory = out && !this.#planes ? requireSamples("out", out, this.#input) : this.#memory;
    unwrap(native().ps_ring_read_overlap(this.#handle, memory, frames, overlap), "chunks");
    const fresh = frames - overlap;
    if (!this.#planes) return [this.#part(this.#memory, frames * this.#input.frameBytes), fresh];
    const width = dtype === "int24" ? 3 : 1;
    fillPlanes(this.#planes, this.#memory as SamplesOf, frames, width);
    return [this.#planes.map((plane) => this.#part(plane, frames * sampleSize)), fresh];
  }

  /** The first bytes of memory: itself where that is all of it. */
  #part(memory: SamplesOf | ArrayBufferView, bytes: number): SamplesOf {
    if (memory.byteLength === bytes) return memory as SamplesOf;
    if (memory instanceof DataView) {
      return new DataView(memory.buffer, memory.byteOffset, bytes) as unknown as SamplesOf;
    }
    const samples = memory as SamplesOf;
    return samples.subarray(0, bytes / samples.BYTES_PER_ELEMENT) as SamplesOf;
  }
}

/** Tells at which frame of the run the recording's frame number `recorded` was captured, of what was dropped before it. */
function frameOf(core: Core, recorded: number): number {
  const dropped = core.readings.number(PS_NUMBER_DROPPED_FRAMES);
  if (dropped <= 0) return recorded;
  const drops = core.readings.glitches().filter(({ kind }) => kind === "sinkOverflow");
  // What the log has forgotten came before all that it still has.
  let frame = recorded + dropped - drops.reduce((sum, { frames }) => sum + frames, 0);
  for (const drop of drops) if (drop.frame <= frame) frame += drop.frames;
  return frame;
}

/**
 * The live input in chunks. It checks its options at once, and starts on the first next().
 *
 * @param handedOut is told where each chunk comes from
 */
export function chunksOf(
  core: Core,
  options: (ChunkOptions & { layout?: Layout }) | undefined,
  handedOut: (position: ChunkPosition) => void,
): AsyncGenerator<SamplesOf | SamplesOf[], void, void> {
  core.requireOpen();
  const input = core.input!;
  const plan = planChunks(options, input, core.blockSize);
  const { playback, loop } = options ?? {};
  if (playback && !core.output) throw new TypeError("playback must not be set for a stream that only records");
  const source = playback ? openPlayback(playback, { loop }, core.output!, core.sampleRate) : undefined;

  async function* generate(): AsyncGenerator<SamplesOf | SamplesOf[], void, void> {
    core.requireIdle();
    if (playback !== undefined) core.source = source;
    const capture = new ChunkCapture(plan, input);
    core.sink = capture;
    try {
      const run = await core.start(plan.length);
      try {
        const leave = run.enter();
        yield* chunksOfRun(core, run, new ChunkReader(capture.ring, plan, input), plan, handedOut);
        await run.settled;
        leave();
      } finally {
        if (!core.closed && core.isOn(run)) await core.stop();
      }
    } finally {
      if (core.sink === capture) core.sink = undefined;
      else capture.release();
    }
  }
  return generate();
}

async function* chunksOfRun(
  core: Core,
  run: Run,
  reader: ChunkReader,
  { overlap, length }: ChunkPlan,
  handedOut: (position: ChunkPosition) => void,
): AsyncGenerator<SamplesOf | SamplesOf[], void, void> {
  const { handle } = core.native;
  const { wanted } = reader;
  const { ps_stream_capture_time } = native();
  const breath = new Breath();
  const pace = (looks: number) => core.dueIn(wanted, looks);
  const look = () => (core.closed || reader.available >= wanted || !core.isOn(run) ? true : undefined);
  let recorded = length.offset;
  let ended = false;
  for (;;) {
    if (!ended && !core.isOn(run)) {
      ended = true; // before looking: what came before the end is then seen
      if (run.interrupted || (run.outcome === PS_STATE_ABORTED && !run.failed)) return;
    }
    if (core.closed) return;
    const available = reader.available;
    if (available >= wanted || (ended && available > overlap)) {
      const [chunk, fresh] = reader.read(available);
      const frame = frameOf(core, recorded);
      recorded += fresh;
      handedOut({ frame, time: ps_stream_capture_time(handle, frame) });
      yield chunk;
      const turn = breath.take();
      if (turn) await turn;
    } else if (ended) {
      return;
    } else {
      await core.waiting.until(look, pace);
      breath.rested();
    }
  }
}
