// Reading and writing off the JavaScript thread: native jobs, waited for and emptied piece by piece.
import { PS_FRAMES_ALL } from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { nextTurn, PIECE_BYTES } from "../base/event-loop.ts";
import { backOff, change, Poller } from "../base/poller.ts";
import { PastreamError, SoundFileError } from "../library/errors.ts";
import { isPending, unwrap } from "../library/native-error.ts";
import type { FileDtype, Format } from "../samples/formats.ts";
import type { Gathering } from "./samples.ts";

const WRITE_BYTES = 2 ** 21; // of one job: they are copied

/** The jobs of one file. Only one can run at a time. */
export class Jobs {
  #running = false;

  /** Throws "busy" while a job runs. */
  requireNone(name: string): void {
    if (this.#running) throw new PastreamError("busy", `${name} is in use: await the call before`);
  }

  /**
   * Reads up to `total` frames. Where some of them can be read and others cannot, `partly` says that the call succeeds
   * with those that can: the next read then throws the error.
   */
  async read<D extends FileDtype>(
    handle: number,
    gathering: Gathering<D>,
    { total, code, frameBytes, partly }: { total: number; code: number; frameBytes: number; partly: boolean },
  ): Promise<void> {
    const most = Math.ceil(PIECE_BYTES / frameBytes);
    const take = (job: number): boolean => {
      let taken = 0;
      for (let room = gathering.room(); room && taken < most; room = gathering.room()) {
        const got = unwrap(native().ps_job_take(job, room.bytes, room.frames));
        if (got === 0) break;
        gathering.advance(got);
        taken += got;
      }
      return taken >= most;
    };
    try {
      await this.#exclusively(() =>
        this.#ended(native().ps_job_read(handle, total < Infinity ? total : PS_FRAMES_ALL, code), take)
      );
    } catch (error) {
      if (!partly || gathering.done === 0 || !(error instanceof SoundFileError)) throw error;
    }
  }

  /** Writes the samples of `bytes`. */
  async write(handle: number, bytes: Uint8Array, frames: number, format: Format, channels: number): Promise<void> {
    const frameBytes = format.sampleSize * channels;
    const most = Math.ceil(WRITE_BYTES / frameBytes);
    await this.#exclusively(async () => {
      for (let done = 0; done < frames; done += most) {
        if (done > 0) await nextTurn();
        const count = Math.min(frames - done, most);
        if (bytes.byteLength < (done + count) * frameBytes) {
          throw new TypeError("data must stay as it is until it is written");
        }
        const part = bytes.subarray(done * frameBytes, (done + count) * frameBytes);
        await this.#ended(native().ps_job_write(handle, part, count, format.code));
      }
    });
  }

  /** Finishes the file, after which closing it takes no time. */
  async finish(handle: number): Promise<void> {
    await this.#exclusively(() => this.#ended(native().ps_job_finish(handle)));
  }

  async #exclusively(work: () => Promise<void>): Promise<void> {
    this.#running = true;
    try {
      await work();
    } finally {
      this.#running = false;
    }
  }

  /** Waits for a job. `look` is called while it runs and after it, and returns whether there may be more. */
  async #ended(job: number, look: (job: number) => boolean = () => false): Promise<void> {
    unwrap(job);
    const poller = new Poller(job);
    const lookAtJob = (): "more" | "ended" | undefined => {
      const done = native().ps_job_done(job); // asked first: what comes meanwhile is then seen
      if (look(job)) return "more";
      if (isPending(done)) return undefined;
      unwrap(done);
      return "ended";
    };
    try {
      while (await poller.until(lookAtJob, backOff, { keepAlive: true, reason: change }) === "more") await nextTurn();
    } finally {
      native().ps_job_free(job);
    }
  }
}
