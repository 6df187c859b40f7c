/** What an error means to the user of a command line: one line, and an exit code. */
import { UsageError } from "../options/usage-error.ts";

export interface Failure {
  readonly exitCode: number;
  /** For programs. */
  readonly code: string;
  readonly message: string;
}

interface CodedError extends Error {
  readonly code?: string;
}

/** Joins the lines of a message, like a list of places that were searched, into one. */
export function oneLine(text: string): string {
  return text.replace(/([.:])\s*\n\s*/g, "$1 ").replace(/\s*\n\s*/g, "; ").trim();
}

/** Replaces the API's descriptors by names. */
function plainWords(text: string): string {
  return text.replaceAll("descriptor 0", "standard input").replaceAll("descriptor 1", "standard output");
}

const TOO_SLOW = "the recording could not be written fast enough: --buffersize gives it more room, and with " +
  "--on-overflow drop it goes on without what is lost";

export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { exitCode: 2, code: "usage", message: oneLine(error.message) };
  const { code = "error", message } = error instanceof Error ? error as CodedError : { message: String(error) };
  if (code === "buffer-full") return { exitCode: 1, code, message: TOO_SLOW };
  return { exitCode: code === "xrun" ? 3 : 1, code: String(code), message: plainWords(oneLine(message)) };
}

/** Whether the reader of a recording to standard output has gone, which is not reported. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && /descriptor 1\b.*broken pipe/i.test(error.message);
}

/** The same for text that is printed there. */
export function isClosedPipe(error: unknown): boolean {
  return (error as { code?: string } | null)?.code === "EPIPE";
}

/** Whether the user asked for stack traces. */
export function debugging(): boolean {
  try {
    return globalThis.process.env.PASTREAM_DEBUG === "1";
  } catch {
    return false; // the environment may not be read
  }
}

/** The line for stderr, with PASTREAM_DEBUG=1 followed by the stack trace. */
export function failureText(error: unknown): string {
  const stack = debugging() && error instanceof Error ? `\n${error.stack}` : "";
  return `pastream: ${failureOf(error).message}${stack}`;
}
