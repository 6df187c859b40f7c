/** Lines on stderr, and one line that is written over again and again. */
import process from "node:process";
import { isatty } from "node:tty";
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

export const isTerminal: boolean = isatty(2);

/** Columns of the terminal as it is now. */
export function columns(): number {
  return process.stderr.columns || 80;
}

export function line(text: string): void {
  clearStatus();
  write(`${visible(text)}\n`);
}

/** Shows this in place of the status line before. It must fit into one line of the terminal. */
export function showStatus(text: string): void {
  write(`\r${text}\x1b[K`);
  statusShown = true;
}

/** The status line makes room for other lines. */
export function clearStatus(): void {
  if (statusShown) write("\r\x1b[K");
  statusShown = false;
}

/** The status line stays as it is, and what follows comes below it. */
export function keepStatus(): void {
  if (statusShown) write("\n");
  statusShown = false;
}
