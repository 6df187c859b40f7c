import {
  PS_COMMAND_OPEN,
  PS_CONFIG_SIZE,
  PS_ERR_HANDLE,
  PS_ERR_PENDING,
  PS_STATE_ACTIVE,
  PS_STATE_ENDING,
  PS_STATE_STARTING,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { filledText } from "../../ffi/text.ts";
import { backOff, change, Poller } from "../base/poller.ts";
import { nativeError, unwrap } from "../library/native-error.ts";

const MOST_ERROR_TEXT = 4096;

/** Whether a stream in this PS_STATE_ has a run that has not ended. */
export function isRunning(state: number): boolean {
  return state === PS_STATE_STARTING || state === PS_STATE_ACTIVE || state === PS_STATE_ENDING;
}

// A stream that was dropped without being closed is closed when it is collected.
const dropped = new FinalizationRegistry<number>((handle) => void native().ps_stream_free(handle));

/** A stream of the C library, and the poller for all that waits for it. */
export class NativeStream {
  readonly handle: number;
  readonly poller: Poller;

  constructor(config: Float64Array, list: Float64Array) {
    this.handle = unwrap(native().ps_stream_new(config, PS_CONFIG_SIZE, list, list.length));
    this.poller = new Poller(this.handle);
    dropped.register(this, this.handle, this);
  }

  /** Opens the device, and blocks until that is done. */
  openNow(): void {
    unwrap(native().ps_stream_await(this.handle, this.#handOver(PS_COMMAND_OPEN)));
  }

  /** Gives a PS_COMMAND_ to the stream's own thread, and resolves when that has carried it out. */
  command(command: number): Promise<void> {
    const ticket = this.#handOver(command);
    const check = (): true | undefined => {
      const status = native().ps_stream_done(this.handle, ticket);
      if (status === PS_ERR_PENDING) return undefined;
      // A later command has closed the stream, and it was freed before this look: commands are carried out in order.
      if (status !== PS_ERR_HANDLE) unwrap(status);
      return true;
    };
    return this.poller.until(check, backOff, { keepAlive: true, reason: change }).then(() => {});
  }

  #handOver(command: number): number {
    return unwrap(native().ps_stream_command(this.handle, command));
  }

  /** Sets what the next run plays, as ps_stream_set_source. */
  setSource(kind: number, object: number, flags: number, between = 0): void {
    unwrap(native().ps_stream_set_source(this.handle, kind, object, flags, between), "source");
  }

  /** Sets what the next run records into, as ps_stream_set_sink. */
  setSink(kind: number, object: number, flags: number, between = 0): void {
    unwrap(native().ps_stream_set_sink(this.handle, kind, object, flags, between), "sink");
  }

  get running(): boolean {
    return isRunning(unwrap(native().ps_stream_state(this.handle)));
  }

  /** The error that ended the last run, if one did. */
  runError(): Error | undefined {
    const text = new Uint8Array(new ArrayBuffer(MOST_ERROR_TEXT));
    const numbers = new Int32Array(new ArrayBuffer(12));
    const status = native().ps_stream_error(this.handle, text, text.length, numbers, numbers.length);
    return status >= 0 ? undefined : nativeError(status, { text: filledText(text), numbers });
  }

  free(): void {
    dropped.unregister(this);
    unwrap(native().ps_stream_free(this.handle));
  }
}
