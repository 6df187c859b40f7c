/**
 * A live view of an audio input in the browser: waveform, spectrogram, spectrum, levels and glitches.
 *
 * @example
 * ```ts
 * import { scope } from "@pastream/pastream/scope";
 *
 * const view = await scope({ device: "virtual" });
 * console.log(view.url);
 * ```
 *
 * @module pastream/scope
 */
import { isLoopback } from "./guard.ts";
import { requireKnownOptions, type ScopeOptions } from "./options.ts";
import { ScopeServer } from "./server.ts";
import { Session } from "./session.ts";

export type { ScopeOptions } from "./options.ts";

/** A running live view. */
export interface Scope extends AsyncDisposable {
  /** Address of the page. It contains a secret token: anyone who has it can hear the input. */
  readonly url: string;
  /** Finishes a recording, frees the device and stops serving the page. */
  close(): Promise<void>;
  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts a live view and serves its page until close() is called. It keeps the process alive. Throws the error of
 * opening the device or file, and a RangeError if `host` is not a loopback address.
 */
export async function scope(options: ScopeOptions = {}): Promise<Scope> {
  requireKnownOptions(options);
  const { host = "127.0.0.1", port = 0 } = options;
  if (!isLoopback(host)) {
    throw new RangeError(`host must be a loopback address such as 127.0.0.1, not ${host}: other machines could listen`);
  }
  const session = new Session(options);
  const server = new ScopeServer(session);
  const close = async () => {
    await session.close();
    await server.close();
  };
  try {
    await session.start();
    const url = await server.listen(host, port);
    return { url, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
