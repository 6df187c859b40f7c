/** Stable codes of the errors that are thrown on purpose. */
export type ErrorCode =
  | "closed"
  | "active"
  | "busy"
  | "buffer-full"
  | "buffer-empty"
  | "device-not-found"
  | "device-lost"
  | "library-not-found"
  | "abi-mismatch"
  | "download"
  | "portaudio"
  | "soundfile"
  | "xrun"
  | "unsupported"
  | "out-of-resources";

/**
 * Base of all errors thrown on purpose. `code` is stable and meant for programs; the message tells the user what to do.
 */
export class PastreamError extends Error {
  static {
    this.prototype.name = "PastreamError";
  }

  /** What went wrong, for programs. */
  readonly code: ErrorCode;

  /** An error with this message. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A native library could not be loaded. The message says which command helps. */
export class LibraryNotFoundError extends PastreamError {
  static {
    this.prototype.name = "LibraryNotFoundError";
  }

  /** The places that were searched. */
  readonly tried: readonly string[];

  /** An error with this message. */
  constructor(message: string, tried: readonly string[], options?: ErrorOptions) {
    super("library-not-found", message, options);
    this.tried = tried;
  }
}
