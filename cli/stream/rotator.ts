/** Moves a recording from one file to the next while it runs. */
import { framesOf } from "../options/numbers.ts";
import type { Settings } from "../options/settings.ts";
import type { Transport } from "./transport.ts";

/** Seconds before a cut at which the next file is opened. The cut itself is exact to the frame. */
const LEAD = 0.5;
/** Seconds between two checks whether a cut has been made. */
const LOOK = 0.02;
/** Seconds after a cut that failed at which it is tried again. */
const RETRY = 10;

export class Rotator {
  readonly #transport: Transport;
  /** Frames of a file. */
  readonly #piece: number;
  /** Frame of the recording at which the next file begins; Infinity: there is none. */
  #cut: number;
  #rotating: Promise<void> | undefined;
  readonly #errors: unknown[] = [];

  constructor(transport: Transport, { rotate }: Settings) {
    this.#transport = transport;
    const { files, stream } = transport;
    const wanted = rotate ? framesOf(rotate, stream.sampleRate) : Infinity;
    this.#piece = files ? Math.min(wanted, files.most) : Infinity;
    this.#cut = this.#orNever(this.#piece);
  }

  /** Prepares the next cut if it is near. Returns the seconds until the next call. */
  advance(): number {
    if (this.#rotating) return LOOK;
    const { stream, length } = this.#transport;
    const untilCut = (this.#cut + length.offset - stream.frameCount) / stream.sampleRate;
    if (untilCut > LEAD) return untilCut - LEAD;
    this.#rotating = this.#rotate(this.#cut, new Date(Date.now() + untilCut * 1000));
    this.#cut = this.#orNever((Math.floor(this.#cut / this.#piece) + 1) * this.#piece);
    return LOOK;
  }

  /** Waits for a cut that is under way when the run has ended; throws the error of the first cut that failed. */
  async finish(): Promise<void> {
    await this.#rotating;
    if (this.#errors.length > 0) throw this.#errors[0];
  }

  async #rotate(cut: number, date: Date): Promise<void> {
    const { files, recorder, stream } = this.#transport;
    try {
      await files!.rotate(recorder!, cut, date);
    } catch (error) {
      // The recording is worth more than its cut.
      this.#errors.push(error);
      this.#cut = Math.min(this.#cut, this.#orNever(cut + Math.round(RETRY * stream.sampleRate)));
    }
    this.#rotating = undefined;
  }

  /** The cut, if the run gets that far. */
  #orNever(cut: number): number {
    const { offset, total = Infinity } = this.#transport.length;
    return cut < total - offset ? cut : Infinity;
  }
}
