/** Lines on stderr, and one line that is written over again and again. */
import process from "node:process";
import { isatty } from "node:tty";
import { writeText } from "./write.ts";

function write(text: string): void {
  try {
    writeText(2, text, 20);
  } catch {
    // A reader that is gone, or a pipe that is full, costs messages, never the recording.
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
  write(`${text}\n`);
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
