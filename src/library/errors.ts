import { PastreamError } from "../../ffi/errors.ts";
import type { DeviceInfo } from "./device-info.ts";

export { type ErrorCode, LibraryNotFoundError, PastreamError } from "../../ffi/errors.ts";

/** The error that a host API reported to PortAudio. */
export interface HostError {
  /** The host API's name. */
  readonly hostApi: string;
  /** Its own error code. */
  readonly code: number;
  /** Its own text. */
  readonly text: string;
}

/** A call to PortAudio failed. */
export class PortAudioError extends PastreamError {
  static {
    this.prototype.name = "PortAudioError";
  }

  /** PortAudio's own error code (PaErrorCode). */
  readonly paCode: number;
  /** The error of the host API, if that was the reason. */
  readonly hostError?: HostError;

  /** Makes an error with this message. */
  constructor(message: string, paCode: number, hostError?: HostError) {
    super("portaudio", message);
    this.paCode = paCode;
    if (hostError) this.hostError = hostError;
  }
}

/**
 * A sound file cannot be opened, read or written. If the operating system reported an error, `cause` is an Error with
 * its `code` ("ENOENT", "EACCES", "ENOSPC", …) and `errno`.
 */
export class SoundFileError extends PastreamError {
  static {
    this.prototype.name = "SoundFileError";
  }

  /** libsndfile's own error code. */
  readonly sfCode: number;

  /** Makes an error with this message. */
  constructor(message: string, sfCode: number) {
    super("soundfile", message);
    this.sfCode = sfCode;
  }
}

/** The ring or memory of a recording was full. The frames that fitted are kept. */
export class BufferFullError extends PastreamError {
  static {
    this.prototype.name = "BufferFullError";
  }

  /** Makes an error with this message. */
  constructor(message: string) {
    super("buffer-full", message);
  }
}

/** A source ended before `frames` frames were played. */
export class BufferEmptyError extends PastreamError {
  static {
    this.prototype.name = "BufferEmptyError";
  }

  /** Makes an error with this message. */
  constructor(message: string) {
    super("buffer-empty", message);
  }
}

/** No device matches, or several do. */
export class DeviceNotFoundError extends PastreamError {
  static {
    this.prototype.name = "DeviceNotFoundError";
  }

  /** The devices that match if there are several, else all devices of that direction. */
  readonly candidates: readonly DeviceInfo[];

  /** Makes an error with this message. */
  constructor(message: string, candidates: readonly DeviceInfo[] = []) {
    super("device-not-found", message);
    this.candidates = candidates;
  }
}

/** The device was removed, or its audio server ended, while a stream was running. */
export class DeviceLostError extends PastreamError {
  static {
    this.prototype.name = "DeviceLostError";
  }

  /** Makes an error with this message. */
  constructor(message: string) {
    super("device-lost", message);
  }
}
