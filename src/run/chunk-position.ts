import { native } from "../../ffi/load.ts";
import { framesAt } from "../samples/rates.ts";
import type { Glitch } from "./readings.ts";

/** The sink that the chunks come from. */
interface ChunkSink {
  /** Frames that were dropped so far, at its own rate. */
  readonly dropped: number;
  /** Those of them that are logged, at the stream's. */
  drops(): readonly Glitch[];
}

/** The position of the last chunk in its run, in frames of the chunks. It is computed on demand, which is rare. */
export class ChunkPosition {
  readonly #handle: number;
  readonly #sink: ChunkSink;
  readonly #rate: number;
  readonly #streamRate: number;
  #recorded = 0;
  #found: { frame: number; time: number } | undefined;

  constructor(handle: number, sink: ChunkSink, rate: number, streamRate: number) {
    this.#handle = handle;
    this.#sink = sink;
    this.#rate = rate;
    this.#streamRate = streamRate;
  }

  /** `recorded` is the number of the first new frame of a chunk, in the run, as if nothing had been dropped. */
  moveTo(recorded: number): void {
    this.#recorded = recorded;
    this.#found = undefined;
  }

  /** The frame of the run, and the stream time at which the device captured it. Call it before the next run starts. */
  find(): { readonly frame: number; readonly time: number } {
    if (this.#found) return this.#found;
    const frame = this.#frame();
    const time = native().ps_stream_capture_time(this.#handle, frame * this.#streamRate / this.#rate);
    return this.#found = { frame, time };
  }

  /** Includes the frames that were dropped before it. */
  #frame(): number {
    const { dropped } = this.#sink;
    if (dropped <= 0) return this.#recorded;
    const own = (frames: number) => framesAt(frames, this.#streamRate, this.#rate);
    const drops = this.#sink.drops().map(({ frame, frames }) => ({ frame: own(frame), frames: own(frames) }));
    // Entries that a full log has lost are older than those it has. It may have entries that were not counted above.
    const logged = drops.reduce((sum, { frames }) => sum + frames, 0);
    const lost = dropped - logged;
    let frame = this.#recorded + (lost > drops.length ? lost : 0); // less comes from rounding
    for (const drop of drops) if (drop.frame <= frame) frame += drop.frames;
    return frame;
  }
}
