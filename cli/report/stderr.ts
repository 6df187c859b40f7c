/** Lines on stderr, and a status line that is overwritten in place. */
import { openOutlet, type Outlet } from "./outlet.ts";
import { visible } from "./visible.ts";

let outlet: Outlet | undefined;
const encoder = new TextEncoder();

function write(text: string): void {
  try {
    outlet ??= openOutlet();
    outlet.write(encoder.encode(text));
  } catch {
    // A reader that is gone costs messages, never the recording.
  }
}

/** Before the process ends: waits a moment for messages that are on their way. */
export async function finish(): Promise<void> {
  try {
    await outlet?.finish();
  } catch {
    // As above.
  }
}

let statusShown = false;

/** Columns of the terminal as it is now. */
export function columns(): number {
  return globalThis.process.stderr.columns || 80;
}

export function line(text: string): void {
  clearStatus();
  write(`${visible(text)}\n`);
}

/** Replaces the status line. The text must fit into one line of the terminal. */
export function showStatus(text: string): void {
  write(`\r${text}\x1b[K`);
  statusShown = true;
}

/** Removes the status line. */
export function clearStatus(): void {
  if (statusShown) write("\r\x1b[K");
  statusShown = false;
}

/** Leaves the status line as it is; the next line is printed below it. */
export function keepStatus(): void {
  if (statusShown) write("\n");
  statusShown = false;
}
