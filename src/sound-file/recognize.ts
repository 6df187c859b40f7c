// Whether bytes are samples or a sound file, by how they begin.
import { PS_BYTES_SOUND_FILE, PS_BYTES_UNDECIDED } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { dismiss, type Steps } from "../base/steps.ts";
import { unwrap } from "../library/native-error.ts";
import { isMemory } from "../samples/samples.ts";
import { requireBytes } from "../samples/memory.ts";

const ENOUGH = 4096; // bytes that decide it, in any case
const NOTHING = new Uint8Array(new ArrayBuffer(0));

/** Whether a value is memory that has no type of its own: only such is looked at. */
export function isBytes(value: unknown): value is Uint8Array | DataView | ArrayBufferLike {
  return isMemory(value) && (!ArrayBuffer.isView(value) || value instanceof Uint8Array || value instanceof DataView);
}

/** `whole`: nothing follows. undefined: more is needed. Throws for encoded sound that nothing can decode. */
function recognize(bytes: Uint8Array, whole: boolean): boolean | undefined {
  const result = unwrap(native().ps_bytes_recognize(bytes, bytes.length, whole ? 1 : 0));
  return result === PS_BYTES_UNDECIDED ? undefined : result === PS_BYTES_SOUND_FILE;
}

/** The first bytes of some, and then of others, in new memory. */
function headOf(bytes: Uint8Array, others: Uint8Array): Uint8Array {
  const more = others.subarray(0, ENOUGH - bytes.length);
  const head = new Uint8Array(new ArrayBuffer(bytes.length + more.length));
  head.set(bytes);
  head.set(more, bytes.length);
  return head;
}

/** Whether memory is the bytes of a sound file. Throws for encoded sound that nothing can decode. */
export function isSoundFile(memory: unknown): memory is Uint8Array | DataView | ArrayBufferLike {
  if (!isBytes(memory)) return false;
  return recognize(headOf(NOTHING, requireBytes("source", memory)), true)!;
}

/** Steps whose first pieces have been looked at, and still come. */
export class KnownSteps implements Steps {
  /** Whether the pieces are the bytes of a sound file; undefined until it is known. */
  isSoundFile: boolean | undefined;
  readonly #steps: Steps;
  readonly #first: IteratorResult<unknown>[] = [];
  #head: Uint8Array = NOTHING;

  constructor(steps: Steps) {
    this.#steps = steps;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>> {
    return this.#first.shift() ?? this.#steps.next();
  }

  return(): void {
    dismiss(this.#steps);
  }

  /** Looks at pieces until it is known what they are: at once where they are there, and their promise otherwise. */
  look(): this | Promise<this> {
    try {
      while (this.isSoundFile === undefined) {
        const next = this.#steps.next();
        if ("then" in next) return this.#lookOn(next);
        this.#take(next);
      }
      return this;
    } catch (error) {
      this.return();
      throw error;
    }
  }

  async #lookOn(first: PromiseLike<IteratorResult<unknown>>): Promise<this> {
    try {
      this.#take(await first);
      while (this.isSoundFile === undefined) this.#take(await this.#steps.next());
      return this;
    } catch (error) {
      this.return();
      throw error;
    }
  }

  #take(result: IteratorResult<unknown>): void {
    this.#first.push(result);
    if (result.done) {
      this.isSoundFile = recognize(this.#head, true);
    } else if (!isBytes(result.value)) {
      this.isSoundFile = false;
    } else {
      this.#head = headOf(this.#head, requireBytes("a piece of the source", result.value));
      this.isSoundFile = recognize(this.#head, this.#head.length >= ENOUGH);
    }
  }
}
