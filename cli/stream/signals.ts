/** Signals that ask the command to end. */
import { host, type SignalName } from "../host.ts";

/** Windows gives SIGHUP when the console is closed, and SIGBREAK for Ctrl+Break, which no other system has. */
const exitCodes: Readonly<Record<SignalName, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGBREAK: 149 };

/** Listens until it is closed. The first signal asks for an orderly end, the second one ends the process. */
export class Signals {
  #exitCode: number | undefined;
  #name: SignalName | undefined;
  readonly #forget: (() => void)[] = [];

  constructor(onFirst: () => unknown) {
    for (const name of Object.keys(exitCodes) as SignalName[]) {
      const listener = () => {
        if (this.#name !== undefined) host.exit(exitCodes[name]);
        this.#name = name;
        this.#exitCode = exitCodes[name];
        onFirst();
      };
      try {
        this.#forget.push(host.onSignal(name, listener));
      } catch {
        // This system does not have it.
      }
    }
  }

  /** The signal that came, and the exit code that says so. */
  get name(): SignalName | undefined {
    return this.#name;
  }
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  close(): void {
    for (const forget of this.#forget) forget();
  }
}
