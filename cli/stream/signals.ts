/** Signals that ask the command to end. */
import process from "node:process";

/** Windows gives SIGHUP when the console is closed, and SIGBREAK for Ctrl+Break, which no other system has. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143, SIGBREAK: 149 } as const;
type SignalName = keyof typeof exitCodes;

/** Listens until it is closed. The first signal asks for an orderly end, the second one ends the process. */
export class Signals {
  #exitCode: number | undefined;
  #name: SignalName | undefined;
  readonly #listeners: (readonly [SignalName, () => void])[] = [];

  constructor(onFirst: () => unknown) {
    for (const name of Object.keys(exitCodes) as SignalName[]) {
      const listener = () => {
        if (this.#name !== undefined) process.exit(exitCodes[name]);
        this.#name = name;
        this.#exitCode = exitCodes[name];
        onFirst();
      };
      try {
        process.on(name, listener);
      } catch {
        continue; // this system does not have it
      }
      this.#listeners.push([name, listener]);
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
    for (const [name, listener] of this.#listeners) process.off(name, listener);
  }
}
