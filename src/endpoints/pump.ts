// Moves samples between iterables or Web Streams and a ring.
import { PS_WAKE_ROOM } from "../../ffi/constants.ts";
import { newSamples, type SamplesOf } from "../samples/formats.ts";
import { holdElements, type RingBuffer, writeHeld } from "../ring/ring-buffer.ts";
import { FrameJoiner } from "../samples/frame-joiner.ts";
import { type FrameFormat, requirePiece } from "../samples/samples.ts";
import { LoopYield } from "../base/event-loop.ts";
import type { Pace, Poller } from "../base/poller.ts";
import type { Clearing, Host } from "../run/endpoint.ts";
import { paceOf } from "../run/pace.ts";
import { dismiss, type Steps } from "../base/steps.ts";

const LONGEST_WAIT = 50; // milliseconds

/** The format and the rate of the frames in a ring. */
export interface FlowFormat extends FrameFormat {
  readonly sampleRate: number;
}

/** A ring that is filled or emptied during a run. */
export interface Flow {
  readonly ring: RingBuffer;
  readonly format: FlowFormat;
  /** Aborted when the run has ended, or when its source is to end. */
  readonly signal: AbortSignal;
  readonly poller: Poller;
  readonly queue: Clearing;
}

/** Waits for room for `frames` frames, at most a quarter of the ring; returns false if the run ends first. */
async function waitForRoom({ ring, format, signal, poller }: Flow, frames: number): Promise<boolean> {
  const wanted = Math.min(frames, Math.ceil(ring.size / 4));
  const reason = { what: PS_WAKE_ROOM, frames: wanted };
  const missing = () => wanted - ring.writeAvailable;
  const pace = paceOf(missing, () => ring.writeAvailable, format.sampleRate, LONGEST_WAIT);
  return await poller.until(() => (signal.aborted ? false : missing() <= 0 ? true : undefined), pace, { reason });
}

/** Samples that are being written, and are held. */
export interface Piece {
  readonly bytes: Uint8Array;
  /** The length of the bytes, which the caller may transfer meanwhile. */
  readonly length: number;
  /** As holdElements() returned it. */
  readonly clears: number;
}

/** Writes a piece from byte `at` on, or drops the rest when it is cleared; returns false if the run ends first. */
export async function writeRest(flow: Flow, { bytes, length, clears }: Piece, at: number): Promise<boolean> {
  while (at < length) {
    if (!await waitForRoom(flow, flow.ring.size)) return false;
    if (bytes.length < length) throw new TypeError("samples must not be transferred before all of them are written");
    at += writeHeld(flow.ring, bytes.subarray(at), clears) * flow.format.frameBytes;
  }
  return true;
}

/**
 * Fills a ring from an iterator until the iterator or the run ends. It begins at once and waits when the ring is full.
 */
export async function fillRing(steps: Steps, flow: Flow): Promise<void> {
  const loopYield = new LoopYield();
  const joiner = new FrameJoiner(flow.format.frameBytes);
  const stop = () => dismiss(steps);
  flow.signal.addEventListener("abort", stop, { once: true });
  try {
    while (!flow.signal.aborted) {
      const next = steps.next();
      const { done, value } = "then" in next ? await next : next;
      if (flow.signal.aborted) return;
      if (done) {
        joiner.requireWhole("the source");
        return;
      }
      const bytes = joiner.join(requirePieceOrDismiss(steps, value, flow.format));
      const { length } = bytes;
      const clears = holdElements(flow.ring, length / flow.format.frameBytes);
      if (flow.queue.serving) await flow.queue.serving;
      const written = writeHeld(flow.ring, bytes, clears) * flow.format.frameBytes;
      if (written < length) {
        if (!await writeRest(flow, { bytes, length, clears }, written)) return;
        loopYield.yielded();
      }
      const turn = loopYield.due();
      if (turn) await turn;
    }
  } finally {
    flow.signal.removeEventListener("abort", stop);
  }
}

function requirePieceOrDismiss(steps: Steps, value: unknown, format: FrameFormat): Uint8Array {
  try {
    return requirePiece("a piece of the source", value, format);
  } catch (error) {
    dismiss(steps);
    throw error;
  }
}

/** Writes the contents of a ring to a WritableStream in new arrays until the run ends, and closes it. */
export async function emptyRing(
  stream: WritableStream<SamplesOf>,
  flow: Flow,
  host: Pick<Host, "dueIn" | "sink">,
): Promise<void> {
  const { ring, format, signal, poller } = flow;
  // A compromise: short enough for a meter, long enough to cost little.
  const wanted = Math.max(1, Math.min(Math.round(format.sampleRate / 20), ring.size >> 2));
  const writer = stream.getWriter();
  try {
    for (;;) {
      const ended = signal.aborted; // read first, so that no frame from before the end is missed
      const frames = ring.readAvailable;
      if (frames >= wanted || (ended && frames > 0)) {
        const samples = newSamples(format.dtype, frames * format.channels);
        ring.readInto(samples);
        await writer.write(samples as SamplesOf);
      } else if (ended) {
        break;
      } else {
        const check = () => (signal.aborted || ring.readAvailable >= wanted ? true : undefined);
        const pace: Pace = (checks) => Math.min(host.dueIn(wanted, checks), LONGEST_WAIT);
        await poller.until(check, pace, { reason: { what: host.sink, frames: wanted } });
      }
    }
    await writer.close();
  } catch (error) {
    writer.abort(error).catch(() => {});
    throw error;
  } finally {
    writer.releaseLock();
  }
}
