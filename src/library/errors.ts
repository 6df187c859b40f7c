import {
  PS_ERR_ACTIVE,
  PS_ERR_ARGUMENT,
  PS_ERR_BUFFER_EMPTY,
  PS_ERR_BUFFER_FULL,
  PS_ERR_BUSY,
  PS_ERR_DEVICE_LOST,
  PS_ERR_DEVICE_NOT_FOUND,
  PS_ERR_HANDLE,
  PS_ERR_MEMORY,
  PS_ERR_NO_PORTAUDIO,
  PS_ERR_NO_SNDFILE,
  PS_ERR_PENDING,
  PS_ERR_PORTAUDIO,
  PS_ERR_SOUNDFILE,
  PS_ERR_STALLED,
  PS_ERR_STATE,
  PS_ERR_THREAD,
  PS_ERR_UNSUPPORTED,
  PS_ERR_XRUN,
} from "../../ffi/constants.ts";
import { LibraryNotFoundError, PastreamError } from "../../ffi/errors.ts";
import { native } from "../../ffi/load.ts";
import { readText } from "../../ffi/text.ts";
import { type DeviceInfo, queryDevices } from "../device/devices.ts";
import { hostApiName } from "./host-apis.ts";
import { installHint, type SystemLibrary } from "./install-hint.ts";

export { type ErrorCode, LibraryNotFoundError, PastreamError } from "../../ffi/errors.ts";

/** What the host API beneath PortAudio said. */
export interface HostError {
  /** The host API's name. */
  readonly hostApi: string;
  /** Its own error code. */
  readonly code: number;
  /** What it said. */
  readonly text: string;
}

/** PortAudio refused something. */
export class PortAudioError extends PastreamError {
  static {
    this.prototype.name = "PortAudioError";
  }

  /** PortAudio's own code (PaErrorCode). */
  readonly paCode: number;
  /** What the host API beneath said, where that was the reason. */
  readonly hostError?: HostError;

  /** An error with this message. */
  constructor(message: string, paCode: number, hostError?: HostError) {
    super("portaudio", message);
    this.paCode = paCode;
    if (hostError) this.hostError = hostError;
  }
}

/** libsndfile, or the system beneath it, refused something. */
export class SoundFileError extends PastreamError {
  static {
    this.prototype.name = "SoundFileError";
  }

  /** libsndfile's own code. */
  readonly sfCode: number;

  /** An error with this message. */
  constructor(message: string, sfCode: number) {
    super("soundfile", message);
    this.sfCode = sfCode;
  }
}

/** A recording's ring or memory had no room left. What fitted is kept. */
export class BufferFullError extends PastreamError {
  static {
    this.prototype.name = "BufferFullError";
  }

  /** An error with this message. */
  constructor(message: string) {
    super("buffer-full", message);
  }
}

/** A source ended before as many frames were played as asked for. */
export class BufferEmptyError extends PastreamError {
  static {
    this.prototype.name = "BufferEmptyError";
  }

  /** An error with this message. */
  constructor(message: string) {
    super("buffer-empty", message);
  }
}

/** No device fits what was asked for, or several do. */
export class DeviceNotFoundError extends PastreamError {
  static {
    this.prototype.name = "DeviceNotFoundError";
  }

  /** The devices that were in question: those that fit, if several do, else all there are. */
  readonly candidates: readonly DeviceInfo[];

  /** An error with this message. */
  constructor(message: string, candidates: readonly DeviceInfo[] = []) {
    super("device-not-found", message);
    this.candidates = candidates;
  }
}

/** The device went away, or its audio server died, while streaming. */
export class DeviceLostError extends PastreamError {
  static {
    this.prototype.name = "DeviceLostError";
  }

  /** An error with this message. */
  constructor(message: string) {
    super("device-lost", message);
  }
}

/** What the native side says of a failing call: its text, and numbers as ps_error_number has them. */
export interface NativeDetail {
  readonly text: string;
  readonly numbers: ArrayLike<number>;
}

/** The error for a PS_ERR_ code. `context` is what was being done, or with what. */
export function nativeError(status: number, { text, numbers }: NativeDetail, context = ""): Error {
  const say = (fallback: string) => (context ? `${context}: ` : "") + (text || fallback);
  switch (status) {
    case PS_ERR_HANDLE:
    case PS_ERR_STATE:
      return new PastreamError("closed", say("it is closed"));
    case PS_ERR_ARGUMENT:
      return new RangeError(say("an argument is out of range"));
    case PS_ERR_MEMORY:
      return new PastreamError("out-of-resources", say("out of memory"));
    case PS_ERR_THREAD:
      return new PastreamError("out-of-resources", say("the system refused a thread"));
    case PS_ERR_ACTIVE:
      return new PastreamError("active", say("not while the stream is running: stop it first"));
    case PS_ERR_BUSY:
      return new PastreamError("busy", say("it is in use by a running stream or another call"));
    case PS_ERR_PENDING:
      return new PastreamError("busy", say("an earlier call has not ended yet"));
    case PS_ERR_BUFFER_FULL:
      return new BufferFullError(
        say('a recording had no room left: read faster, give it more room, or use onOverflow: "drop"'),
      );
    case PS_ERR_BUFFER_EMPTY:
      return new BufferEmptyError(say("the source ended before all frames were played: pad: -1 goes on with silence"));
    case PS_ERR_DEVICE_NOT_FOUND:
      return new DeviceNotFoundError(
        `${say("no such audio device")}; the device "virtual" is always there`,
        allDevices(),
      );
    case PS_ERR_DEVICE_LOST:
      return new DeviceLostError(say("the audio device went away while streaming"));
    case PS_ERR_PORTAUDIO:
      return new PortAudioError(say("PortAudio failed"), numbers[0], hostError(numbers, text));
    case PS_ERR_SOUNDFILE:
      return new SoundFileError(say("libsndfile failed"), numbers[0]);
    case PS_ERR_NO_PORTAUDIO:
      return missingLibrary("portaudio", text, context);
    case PS_ERR_NO_SNDFILE:
      return missingLibrary("libsndfile", text, context);
    case PS_ERR_XRUN:
      return new PastreamError("xrun", say("an xrun ended the run"));
    case PS_ERR_STALLED:
      return new SoundFileError(say("a pipe took no more data, and the rest was dropped"), 0);
    case PS_ERR_UNSUPPORTED:
      return new PastreamError("unsupported", say("not possible on this system"));
    default:
      return new PastreamError("unsupported", say(`the native library answered ${status}`));
  }
}

/** The devices there are, as far as they can be listed. */
function allDevices(): DeviceInfo[] {
  try {
    return queryDevices();
  } catch {
    return [];
  }
}

function hostError(numbers: ArrayLike<number>, text: string): HostError | undefined {
  return numbers[2] >= 0 ? { hostApi: hostApiName(numbers[2]), code: numbers[1], text } : undefined;
}

function missingLibrary(library: SystemLibrary, text: string, context: string): LibraryNotFoundError {
  const tried = text.split("\n").filter((line) => line !== "");
  const name = library === "portaudio" ? "PortAudio" : "libsndfile";
  return new LibraryNotFoundError(
    [
      `${context}${context && ": "}${name} was not found; ${installHint(library)}.`,
      ...tried.map((line) => `  tried ${line}`),
    ].join("\n"),
    tried,
  );
}

/**
 * Throws the error for a negative status, and answers any other as it is. Call it right after the failing call: the
 * native side keeps the detail until this thread's next failure.
 */
export function unwrap(status: number, context?: string): number {
  if (status >= 0) return status;
  const { ps_error_detail, ps_error_number } = native();
  const detail = { text: readText(ps_error_detail), numbers: [0, 1, 2].map((what) => ps_error_number(what)) };
  throw nativeError(status, detail, context);
}
