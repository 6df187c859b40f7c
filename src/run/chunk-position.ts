import { native } from "../../ffi/load.ts";
import { MOST_GLITCHES, type Readings } from "./readings.ts";

/** The position of the last chunk in its run. It is computed on demand, which is rare. */
export class ChunkPosition {
  readonly #readings: Readings;
  readonly #handle: number;
  /** Frames that were dropped so far. */
  readonly #dropped: () => number;
  #recorded = 0;
  #found: { frame: number; time: number } | undefined;

  constructor(readings: Readings, handle: number, dropped: () => number) {
    this.#readings = readings;
    this.#handle = handle;
    this.#dropped = dropped;
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
    return this.#found = { frame, time: native().ps_stream_capture_time(this.#handle, frame) };
  }

  /** Includes the frames that were dropped before it. */
  #frame(): number {
    const dropped = this.#dropped();
    if (dropped <= 0) return this.#recorded;
    const log = this.#readings.glitches();
    const drops = log.filter(({ kind }) => kind === "sinkOverflow");
    // Entries that a full log has lost are older than those it has. It may have entries that were not counted above.
    const logged = drops.reduce((sum, { frames }) => sum + frames, 0);
    let frame = this.#recorded + (log.length < MOST_GLITCHES ? 0 : Math.max(dropped - logged, 0));
    for (const drop of drops) if (drop.frame <= frame) frame += drop.frames;
    return frame;
  }
}
