import { PS_NUMBER_DROPPED_FRAMES } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { MOST_GLITCHES, type Readings } from "./readings.ts";

/** Where the chunk that was handed out last comes from. Few ask, so it is found out when somebody does. */
export class ChunkPosition {
  readonly #readings: Readings;
  readonly #handle: number;
  #recorded = 0;
  #found: { frame: number; time: number } | undefined;

  constructor(readings: Readings, handle: number) {
    this.#readings = readings;
    this.#handle = handle;
  }

  /** A chunk is handed out whose first new frame has this number in the recording. */
  moveTo(recorded: number): void {
    this.#recorded = recorded;
    this.#found = undefined;
  }

  /** The frame of the run, and the stream time at which the device captured it. To be called before both are history. */
  find(): { readonly frame: number; readonly time: number } {
    if (this.#found) return this.#found;
    const frame = this.#frame();
    return this.#found = { frame, time: native().ps_stream_capture_time(this.#handle, frame) };
  }

  /** Counts in what was dropped before it. */
  #frame(): number {
    const dropped = this.#readings.number(PS_NUMBER_DROPPED_FRAMES);
    if (dropped <= 0) return this.#recorded;
    const log = this.#readings.glitches();
    const drops = log.filter(({ kind }) => kind === "sinkOverflow");
    // What a full log has forgotten came before all that it still has. It may know more than was counted a moment ago.
    const logged = drops.reduce((sum, { frames }) => sum + frames, 0);
    let frame = this.#recorded + (log.length < MOST_GLITCHES ? 0 : Math.max(dropped - logged, 0));
    for (const drop of drops) if (drop.frame <= frame) frame += drop.frames;
    return frame;
  }
}
