// The bytes of a sound file on their way to the C library, which decodes them while they arrive.
import {
  PS_ERR_PENDING,
  PS_FILE_INFO_SIZE,
  PS_INCOMING_CUT_OFF,
  PS_INCOMING_LEFT,
  PS_INCOMING_WHOLE,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { cString } from "../../ffi/text.ts";
import { onAbort } from "../base/abort-listeners.ts";
import { LoopYield, PIECE_BYTES } from "../base/event-loop.ts";
import { backOff, change, type Pace, Poller } from "../base/poller.ts";
import { dismiss, isIterable, isStream, type Steps, stepsOf } from "../base/steps.ts";
import { show } from "../base/validate.ts";
import { PastreamError, SoundFileError } from "../library/errors.ts";
import { unwrap } from "../library/native-error.ts";
import { requireBytes } from "../samples/memory.ts";
import { isBytes } from "./recognize.ts";

const ROOM = 2 ** 20; // bytes that have arrived and have not been decoded: all that is held of a long download

/** For room where nobody wakes us: what is decoded as it is played leaves half of it free after seconds. */
const roomPace: Pace = (checks) => (checks < 8 ? backOff(checks) : 250);

/** What brings the bytes of a sound file one after the other. */
export type ByteSource = Response | Blob | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** Whether a value is a Response, without a look at the class: Node loads its HTTP client for that. */
export function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === "[object Response]";
}

/** Whether a value is a Response or a Blob, which are sound files unless something else is said. */
export function isEncoded(value: unknown): value is Response | Blob {
  return isResponse(value) || value instanceof Blob;
}

/** Throws unless a Response can be read, and was successful. */
export function requireReadable(source: Response | Blob): void {
  if (source instanceof Blob) return;
  const { ok, status, statusText, url, bodyUsed } = source;
  if (!ok) {
    const error = new SoundFileError(
      `${url || "the response"}: the server answered ${`${status} ${statusText}`.trim()}`,
      0,
    );
    source.body?.cancel().catch(() => {});
    throw error;
  }
  if (bodyUsed || source.body?.locked) throw new TypeError("a Response must not have been read, or played, before");
}

/**
 * The bytes of a Blob. The stream of one that is in memory brings it in one piece on Deno and Node, whose copy holds up
 * the event loop for long. The size of a pipe is not known.
 */
function bytesOfBlob(blob: Blob): ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> {
  return blob.size > 0 && blob.size < Infinity ? piecesOfBlob(blob) : blob.stream();
}

async function* piecesOfBlob(blob: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.size; at += PIECE_BYTES) {
    yield new Uint8Array(await blob.slice(at, at + PIECE_BYTES).arrayBuffer());
  }
}

/** The bytes of a source, and its name for messages. */
export function bytesOf(source: ByteSource): { steps: Steps; name: string } {
  if (isEncoded(source)) {
    requireReadable(source);
    const isBlob = source instanceof Blob;
    const name = isBlob ? (source as Partial<File>).name : source.url;
    return {
      steps: stepsOf(isBlob ? bytesOfBlob(source) : source.body ?? []),
      name: name || (isBlob ? "the blob" : "the response"),
    };
  }
  if (!isStream(source) && !isIterable(source)) {
    throw new TypeError(`source must be a Response, a Blob, a ReadableStream or an iterable, not ${show(source)}`);
  }
  return { steps: stepsOf(source), name: "the stream" };
}

/** A download: brings bytes as far as there is room for them, until it is closed. */
export class Incoming {
  readonly name: string;
  readonly #steps: Steps;
  readonly #handle: number;
  readonly #poller: Poller;
  #failure: { readonly error: unknown } | undefined;
  #complete = false;
  #closed = false;

  constructor({ steps, name }: { steps: Steps; name: string }) {
    this.name = name;
    this.#steps = steps;
    this.#handle = unwrap(native().ps_incoming_new(ROOM));
    this.#poller = new Poller(this.#handle);
    this.#poller.keepAlive(false); // whoever waits for the sound does
  }

  /** Whether all bytes have come, so that nothing has to be waited for. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Opens the file when its header has arrived; returns its handle. */
  async open(info: Float64Array, signal?: AbortSignal): Promise<number> {
    const forget = signal && onAbort(signal, () => this.close());
    try {
      signal?.throwIfAborted();
      unwrap(native().ps_incoming_open(this.#handle, cString(this.name), info, PS_FILE_INFO_SIZE));
      this.#bring();
      const check = (): number | undefined => {
        if (this.#closed) throw new PastreamError("closed", `${this.name}: it was closed before it was open`);
        const file = native().ps_incoming_opened(this.#handle);
        return file === PS_ERR_PENDING ? undefined : unwrap(file);
      };
      const file = await this.#poller.until(check, backOff, { keepAlive: true, reason: change });
      unwrap(native().ps_file_info(file, info, PS_FILE_INFO_SIZE));
      return file;
    } catch (error) {
      this.close();
      signal?.throwIfAborted();
      throw this.explain(error);
    } finally {
      forget?.();
    }
  }

  async #bring(): Promise<void> {
    const loopYield = new LoopYield();
    let how = PS_INCOMING_WHOLE;
    try {
      for (;;) {
        const { done, value } = await this.#steps.next();
        if (done || this.#closed) break;
        await this.#write(value);
        const turn = loopYield.due();
        if (turn) await turn;
      }
    } catch (error) {
      this.#failure = { error };
      how = PS_INCOMING_CUT_OFF;
      dismiss(this.#steps);
    }
    this.#complete = true;
    if (!this.#closed) native().ps_incoming_end(this.#handle, how);
  }

  async #write(piece: unknown): Promise<void> {
    if (!isBytes(piece)) throw new TypeError(`a piece of ${this.name} must be bytes, not ${show(piece)}`);
    const { ps_incoming_write, ps_incoming_waiting } = native();
    const bytes = requireBytes("a piece", piece);
    const { length } = bytes;
    for (let done = 0; done < length;) {
      if (bytes.length < length) throw new TypeError("a piece must not be transferred before all of it is taken");
      const part = bytes.subarray(done, done + ROOM);
      const count = unwrap(ps_incoming_write(this.#handle, part, part.length));
      done += count;
      if (count === part.length) continue;
      const hasRoom = () => this.#closed || unwrap(ps_incoming_waiting(this.#handle)) <= ROOM / 2 || undefined;
      await this.#poller.until(hasRoom, roomPace, { reason: change });
      if (this.#closed) return;
    }
  }

  /** Gives an error of the file the one as its cause that kept bytes from coming. */
  explain(error: unknown): unknown {
    if (this.#failure && error instanceof SoundFileError) error.cause ??= this.#failure.error;
    return error;
  }

  /** Wants no more than has been decoded, which is not an error of the file. */
  leave(): void {
    if (this.#closed || this.#complete) return;
    native().ps_incoming_end(this.#handle, PS_INCOMING_LEFT);
    dismiss(this.#steps);
  }

  /** Ends the download; the file is cut off where it is still used. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#complete) dismiss(this.#steps);
    this.#poller.wake();
    native().ps_incoming_free(this.#handle);
  }
}
