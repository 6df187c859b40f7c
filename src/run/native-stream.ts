import {
  PS_COMMAND_OPEN,
  PS_CONFIG_SIZE,
  PS_ERR_PENDING,
  PS_STATE_ACTIVE,
  PS_STATE_ENDING,
  PS_STATE_STARTING,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/errors.ts";
import { backOff, Waiting } from "../base/waiting.ts";

/** Whether a PS_STATE_ is one of a run that is on. */
export function isRunning(state: number): boolean {
  return state === PS_STATE_STARTING || state === PS_STATE_ACTIVE || state === PS_STATE_ENDING;
}

// A stream that was dropped without being closed is closed when it is collected.
const dropped = new FinalizationRegistry<number>((handle) => void native().ps_stream_free(handle));

/** A stream of the C library, and all that waits for it. */
export class NativeStream {
  readonly handle: number;
  readonly waiting: Waiting = new Waiting();

  constructor(config: Float64Array, list: Float64Array) {
    this.handle = unwrap(native().ps_stream_new(config, PS_CONFIG_SIZE, list, list.length));
    dropped.register(this, this.handle, this);
  }

  /** Opens the device, and blocks until that is done. */
  openNow(): void {
    unwrap(native().ps_stream_await(this.handle, this.#hand(PS_COMMAND_OPEN)));
  }

  /** Has a PS_COMMAND_ carried out by the stream's own thread. */
  command(command: number): Promise<void> {
    const ticket = this.#hand(command);
    const look = (): true | undefined => {
      const status = native().ps_stream_done(this.handle, ticket);
      if (status === PS_ERR_PENDING) return undefined;
      unwrap(status);
      return true;
    };
    return this.waiting.until(look, backOff, { keepAlive: true }).then(() => {});
  }

  /** Hands a command over and waits for nothing. */
  order(command: number): void {
    this.#hand(command);
  }

  #hand(command: number): number {
    return unwrap(native().ps_stream_command(this.handle, command));
  }

  get state(): number {
    return unwrap(native().ps_stream_state(this.handle));
  }

  get running(): boolean {
    return isRunning(this.state);
  }

  /** One of the numbers PS_NUMBER_. */
  number(what: number): number {
    return native().ps_stream_number(this.handle, what);
  }

  free(): void {
    dropped.unregister(this);
    unwrap(native().ps_stream_free(this.handle));
  }
}
