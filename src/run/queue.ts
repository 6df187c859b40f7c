// The frames of the source that are queued or have been heard, and how they are cleared.
import {
  PS_NUMBER_CLEARED_AT,
  PS_NUMBER_CLEARED_FRAMES,
  PS_NUMBER_HEARD_FRAMES,
  PS_NUMBER_QUEUED_FRAMES,
  PS_WAKE_HEARD,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { nextBlock, type Poller, type PollOptions } from "../base/poller.ts";
import { unwrap } from "../library/native-error.ts";
import type { Clearing } from "./endpoint.ts";
import type { Readings } from "./readings.ts";

/** What clear() did. */
export interface Cleared {
  /** Frames of the source that were dropped; of a file those that had been read ahead. */
  readonly dropped: number;
  /** Frames of the source that had been heard when it fell silent, the fade included. */
  readonly heard: number;
}

/** What the queue asks of its stream. */
export interface QueueHost {
  readonly poller: Poller;
  readonly native: { readonly handle: number };
  readonly readings: Readings;
  readonly active: boolean;
}

/** For what comes when as many frames of the source have been heard. */
const asHeard = (frames: number): PollOptions => ({ reason: { what: PS_WAKE_HEARD, frames } });

/** The frames of the source of a stream, from the write until they are heard. */
export class Queue implements Clearing {
  readonly #host: QueueHost;
  #clears = 0;
  /** Frames dropped in this run before the calls of clear() that are being carried out. */
  #droppedBefore = 0;
  serving: Promise<void> | undefined;

  constructor(host: QueueHost) {
    this.#host = host;
  }

  get heard(): number {
    return this.#host.readings.number(PS_NUMBER_HEARD_FRAMES);
  }

  get queued(): number {
    return this.#host.active ? this.#host.readings.number(PS_NUMBER_QUEUED_FRAMES) : 0;
  }

  /** Drops what is queued, faded out over `fade` frames; resolves when it has fallen silent. */
  async clear(fade: number): Promise<Cleared> {
    const { poller, native: { handle } } = this.#host;
    const before = this.serving ? this.#droppedBefore : this.#host.readings.number(PS_NUMBER_CLEARED_FRAMES);
    this.#droppedBefore = before;
    this.#clears++;
    const request = unwrap(native().ps_stream_clear(handle, fade), "clear");
    if (request === 0) return { dropped: 0, heard: this.heard };
    const served = poller.until(() => this.#isServed(handle, request) ? true : undefined, undefined, {
      reason: nextBlock,
    }).then(() => {});
    this.serving = served;
    await served;
    poller.wake(); // there is room now
    if (this.serving === served) this.serving = undefined;
    const { readings } = this.#host;
    const heard = readings.number(PS_NUMBER_CLEARED_AT);
    await poller.until(() => !this.#host.active || this.heard >= heard ? true : undefined, undefined, asHeard(heard));
    return {
      dropped: this.#host.readings.number(PS_NUMBER_CLEARED_FRAMES) - before,
      heard: Math.min(heard, this.heard),
    };
  }

  #isServed(handle: number, request: number): boolean {
    return !this.#host.active || native().ps_stream_cleared(handle, request) > 0;
  }

  /** Resolves when all that is queued now has been heard (true) or will not be (false). */
  async heardAll(): Promise<boolean> {
    const clears = this.#clears;
    const wanted = this.heard + this.queued;
    return await this.#host.poller.until(
      () => {
        if (this.heard >= wanted) return true;
        return clears !== this.#clears || !this.#host.active ? false : undefined;
      },
      undefined,
      asHeard(wanted),
    );
  }
}
