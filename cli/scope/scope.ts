/**
 * A live view of an audio input, as a page on this machine: waveform, spectrogram, spectrum, levels, glitches.
 *
 * @example
 * ```ts
 * import { scope } from "@pastream/pastream/scope";
 *
 * const view = await scope({ device: "virtual" });
 * console.log(view.url);
 * ```
 *
 * @module
 */
import { isLoopback } from "./guard.ts";
import type { ScopeOptions } from "./options.ts";
import { ScopeServer } from "./server.ts";
import { Session } from "./session.ts";

export type { ScopeOptions } from "./options.ts";

/** A view that is being shown. */
export interface Scope extends AsyncDisposable {
  /** Address of the page. Whoever knows it hears the input: it holds a secret. */
  readonly url: string;
  /** Finishes a recording, frees the device and takes the page away. */
  close(): Promise<void>;
  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the view and serves its page. It goes on until close() is called, and keeps the process alive. Throws what
 * opening the device throws, and a RangeError for a `host` that is no loopback address.
 */
export async function scope(options: ScopeOptions = {}): Promise<Scope> {
  const { host = "127.0.0.1", port = 0 } = options;
  if (!isLoopback(host)) {
    throw new RangeError(`host must be a loopback address such as 127.0.0.1, not ${host}: others could listen`);
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
