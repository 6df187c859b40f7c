/** What an error means to the user of a command line: one line, and an exit code. */
import process from "node:process";
import { UsageError } from "./usage-error.ts";

export interface Failure {
  readonly exitCode: number;
  /** For programs. */
  readonly code: string;
  readonly message: string;
}

interface CodedError extends Error {
  readonly code?: string;
}

/** Messages may have lines of their own, like a list of places that were searched; here they share one. */
function oneLine(text: string): string {
  return text.replace(/:\s*\n\s*/g, ": ").replace(/\s*\n\s*/g, "; ").trim();
}

export function failureOf(error: unknown): Failure {
  if (error instanceof UsageError) return { exitCode: 2, code: "usage", message: oneLine(error.message) };
  const { code = "error", message } = error instanceof Error ? error as CodedError : { message: String(error) };
  return { exitCode: code === "xrun" ? 3 : 1, code: String(code), message: oneLine(message) };
}

/** Whether the user asked for stack traces. */
export function debugging(): boolean {
  try {
    return process.env.PASTREAM_DEBUG === "1";
  } catch {
    return false; // the environment may not be read
  }
}

/** The line, or with PASTREAM_DEBUG=1 the whole story, for stderr. */
export function failureText(error: unknown): string {
  const stack = debugging() && error instanceof Error ? `\n${error.stack}` : "";
  return `pastream: ${failureOf(error).message}${stack}`;
}
