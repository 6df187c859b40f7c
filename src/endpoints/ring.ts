// A RingBuffer of the user, who fills or empties it.
import { countOf } from "../base/count.ts";
import { PS_ENDPOINT_RING, PS_SOURCE_COMPLETE, PS_SOURCE_LOOP } from "../../ffi/constants.ts";
import { RingLoan } from "../ring/loan.ts";
import { type RingBuffer, ringHandle } from "../ring/ring-buffer.ts";
import type { Capture, Playback, SinkPort } from "../run/endpoint.ts";
import type { NativeStream } from "../run/native-stream.ts";
import type { StreamDirection } from "../run/opened-stream.ts";
import { withRate } from "./shape.ts";

/** What both directions have in common. */
class LentRing {
  readonly ring: RingBuffer;
  readonly #loan: RingLoan;
  readonly shape: StreamDirection;

  constructor(name: "source" | "sink", ring: RingBuffer, direction: StreamDirection) {
    const { dtype, channels, frameBytes } = direction;
    ringHandle(ring); // throws if it is closed
    if (ring.elementSize !== frameBytes) {
      throw new RangeError(
        `${name} must be a ring of elements of ${frameBytes} bytes (${countOf(channels, "channel")} of ${dtype}), ` +
          `not of ${ring.elementSize}`,
      );
    }
    this.ring = ring;
    this.shape = direction;
    this.#loan = new RingLoan(ring);
  }

  get frames(): undefined {
    return undefined;
  }

  protected take(): number {
    return withRate(this.#loan.take(), this.shape);
  }

  end(): void {
    this.#loan.giveBack();
  }

  release(): void {
    this.#loan.giveBack();
  }
}

export class RingPlayback extends LentRing implements Playback {
  readonly prebuffer = 0;
  readonly #loop: boolean;

  constructor(ring: RingBuffer, format: StreamDirection, loop: boolean) {
    super("source", ring, format);
    this.#loop = loop;
  }

  attach(stream: NativeStream): void {
    const flags = PS_SOURCE_COMPLETE | (this.#loop ? PS_SOURCE_LOOP : 0);
    stream.setSource(PS_ENDPOINT_RING, this.take(), flags);
  }
}

export class RingCapture extends LentRing implements Capture {
  readonly #flags: number;

  constructor(ring: RingBuffer, format: StreamDirection, flags: number) {
    super("sink", ring, format);
    this.#flags = flags;
  }

  attach(port: SinkPort): void {
    port.setSink(PS_ENDPOINT_RING, this.take(), this.#flags);
  }
}
