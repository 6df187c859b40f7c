// Samples on their way between JavaScript's own streams and a ring.
import { newSamples, type SamplesOf } from "../samples/formats.ts";
import type { RingBuffer } from "../ring/ring-buffer.ts";
import { type FrameFormat, requireSamples } from "../samples/samples.ts";
import { Breath, paceOf, type Waiting } from "../base/waiting.ts";

const LONGEST_WAIT = 50; // milliseconds

/** A ring that is filled or emptied during a run. */
export interface Flow {
  readonly ring: RingBuffer;
  readonly format: FrameFormat;
  readonly sampleRate: number;
  /** Fires when the run has ended, or its source is to. */
  readonly signal: AbortSignal;
  readonly waiting: Waiting;
}

/** Whatever gives values one after the other. */
export interface Steps {
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  return?(): unknown;
}

export function isStream(value: unknown): value is ReadableStream<unknown> {
  return value instanceof ReadableStream;
}

export function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}

/** Begins to iterate. A stream is read through a reader of its own, whose cancel() does not wait for a pending read. */
export function stepsOf(source: ReadableStream<unknown> | Iterable<unknown> | AsyncIterable<unknown>): Steps {
  if (isStream(source)) {
    const reader = source.getReader();
    return { next: () => reader.read() as Promise<IteratorResult<unknown>>, return: () => reader.cancel() };
  }
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}

/** Tells an iterator that no more is wanted. What it has to say to that is of no use to anyone. */
function dismiss(steps: Steps): void {
  try {
    Promise.resolve(steps.return?.()).catch(() => {});
  } catch {
    // As above.
  }
}

/** Waits until a quarter of the ring, or `frames` if that is less, can be written; false if the run ends before. */
async function waitForRoom({ ring, sampleRate, signal, waiting }: Flow, frames: number): Promise<boolean> {
  const wanted = Math.min(frames, Math.ceil(ring.size / 4));
  const left = () => wanted - ring.writeAvailable;
  const pace = paceOf(left, () => ring.writeAvailable, sampleRate, LONGEST_WAIT);
  return await waiting.until(() => (signal.aborted ? false : left() <= 0 ? true : undefined), pace);
}

/** Writes the samples, which were of `length` bytes, from byte `at` on; false if the run ends before. */
export async function writeAll(flow: Flow, bytes: Uint8Array, at: number, length: number): Promise<boolean> {
  while (at < length) {
    if (!await waitForRoom(flow, flow.ring.size)) return false;
    if (bytes.length < length) throw new TypeError("samples must not be given away before all of them are written");
    at += flow.ring.write(bytes.subarray(at)) * flow.format.frameBytes;
  }
  return true;
}

/** Fills a ring from an iterator until one of them ends. Runs at once as far as it can without waiting. */
export async function fillRing(steps: Steps, flow: Flow): Promise<void> {
  const breath = new Breath();
  const stop = () => dismiss(steps);
  flow.signal.addEventListener("abort", stop, { once: true });
  try {
    while (!flow.signal.aborted) {
      const next = steps.next();
      const { done, value } = "then" in next ? await next : next;
      if (done || flow.signal.aborted) return;
      const bytes = requireSamplesOrDismiss(steps, value, flow.format);
      const { length } = bytes;
      const written = flow.ring.write(bytes) * flow.format.frameBytes;
      if (written < length) {
        if (!await writeAll(flow, bytes, written, length)) return;
        breath.rested();
      }
      const turn = breath.take();
      if (turn) await turn;
    }
  } finally {
    flow.signal.removeEventListener("abort", stop);
  }
}

function requireSamplesOrDismiss(steps: Steps, value: unknown, format: FrameFormat): Uint8Array {
  try {
    return requireSamples("what the source gives", value, format);
  } catch (error) {
    dismiss(steps);
    throw error;
  }
}

/**
 * Hands what comes into a ring to a WritableStream, in new arrays, and closes it after the last. `host` foretells when so
 * many frames will be there.
 */
export async function emptyRing(
  stream: WritableStream<SamplesOf>,
  flow: Flow,
  host: { dueIn(frames: number, looks: number): number },
): Promise<void> {
  const { ring, format, signal, waiting } = flow;
  // Seldom enough to cost little, often enough for a meter.
  const wanted = Math.max(1, Math.min(Math.round(flow.sampleRate / 20), ring.size >> 2));
  const writer = stream.getWriter();
  try {
    for (;;) {
      const ended = signal.aborted; // before looking: what came before the end is then seen
      const frames = ring.readAvailable;
      if (frames >= wanted || (ended && frames > 0)) {
        const samples = newSamples(format.dtype, frames * format.channels);
        ring.readInto(samples);
        await writer.write(samples as SamplesOf);
      } else if (ended) {
        break;
      } else {
        const look = () => (signal.aborted || ring.readAvailable >= wanted ? true : undefined);
        await waiting.until(look, (looks) => Math.min(host.dueIn(wanted, looks), LONGEST_WAIT));
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
