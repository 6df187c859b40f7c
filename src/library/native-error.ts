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
  PS_ERROR_CODE,
  PS_ERROR_HOST_API_TYPE,
  PS_ERROR_HOST_CODE,
  PS_ERROR_STATUS,
} from "../../ffi/constants.ts";
import { native } from "../../ffi/load.ts";
import { builtin } from "../../ffi/process.ts";
import { readText } from "../../ffi/text.ts";
import {
  BufferEmptyError,
  BufferFullError,
  DeviceLostError,
  DeviceNotFoundError,
  type HostError,
  LibraryNotFoundError,
  PastreamError,
  PortAudioError,
  SoundFileError,
} from "./errors.ts";
import { hostApiName } from "./host-apis.ts";
import { installHint, type SystemLibrary } from "./install-hint.ts";

/** The detail of a native error: its text, and the numbers of ps_error_number. */
export interface NativeDetail {
  readonly text: string;
  readonly numbers: ArrayLike<number>;
}

/** Makes the error for a PS_ERR_ status. `context` names the call or the object that failed. */
export function nativeError(status: number, { text, numbers }: NativeDetail, context = ""): Error {
  const message = (standard: string) => (context ? `${context}: ` : "") + (text || standard);
  switch (status) {
    case PS_ERR_HANDLE:
    case PS_ERR_STATE:
      return new PastreamError("closed", message("it is closed"));
    case PS_ERR_ARGUMENT:
      return new RangeError(message("an argument is out of range"));
    case PS_ERR_MEMORY:
      return new PastreamError("out-of-resources", message("out of memory"));
    case PS_ERR_THREAD:
      return new PastreamError("out-of-resources", message("cannot create a thread"));
    case PS_ERR_ACTIVE:
      return new PastreamError("active", message("not possible while the stream is running: stop it first"));
    case PS_ERR_BUSY:
      return new PastreamError("busy", message("it is in use by a running stream or by another call"));
    case PS_ERR_PENDING:
      return new PastreamError("busy", message("an earlier call has not finished"));
    case PS_ERR_BUFFER_FULL:
      return new BufferFullError(
        message('the buffer of a recording is full: read faster, use a larger buffer, or set onOverflow: "drop"'),
      );
    case PS_ERR_BUFFER_EMPTY:
      return new BufferEmptyError(
        message("the source ended before all frames were played: pad: -1 plays silence instead"),
      );
    case PS_ERR_DEVICE_NOT_FOUND:
      return new DeviceNotFoundError(message("there is no such audio device"));
    case PS_ERR_DEVICE_LOST:
      return new DeviceLostError(message("the audio device was lost while the stream was running"));
    case PS_ERR_PORTAUDIO:
      return new PortAudioError(message("PortAudio failed"), numbers[0], hostError(numbers, text));
    case PS_ERR_SOUNDFILE:
      return withSystemError(new SoundFileError(message("libsndfile failed"), numbers[0]), numbers[1], text);
    case PS_ERR_NO_PORTAUDIO:
      return missingLibrary("portaudio", text, context);
    case PS_ERR_NO_SNDFILE:
      return missingLibrary("libsndfile", text, context);
    case PS_ERR_XRUN:
      return new PastreamError("xrun", message("an xrun ended the run"));
    case PS_ERR_STALLED:
      return new SoundFileError(message("a pipe accepted no more data, and the rest was dropped"), 0);
    case PS_ERR_UNSUPPORTED:
      return new PastreamError("unsupported", message("not supported on this system"));
    default:
      return new PastreamError("unsupported", message(`the native library returned the unknown status ${status}`));
  }
}

/** Sets the system's error as an error's `cause`, with the `code` ("ENOENT", …) and `errno` of Node's own errors. */
function withSystemError<E extends Error>(error: E, errno: number, text: string): E {
  if (errno <= 0) return error;
  const { constants } = builtin("node:os") as typeof import("node:os");
  const code = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0];
  error.cause = Object.assign(new Error(`${code ?? errno}: ${text}`), { code, errno: -errno });
  return error;
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
 * Throws the error of a native call that returned a negative status, or NaN in place of a number; returns any other
 * value. Call it directly after the native call: the native side keeps the detail until this thread's next failure.
 */
export function unwrap(result: number, context?: string): number {
  if (result >= 0) return result;
  const { ps_error_detail, ps_error_number } = native();
  const status = Number.isNaN(result) ? ps_error_number(PS_ERROR_STATUS) : result;
  const numbers = [PS_ERROR_CODE, PS_ERROR_HOST_CODE, PS_ERROR_HOST_API_TYPE].map((what) => ps_error_number(what));
  throw nativeError(status, { text: readText(ps_error_detail), numbers }, context);
}

/** Whether a status that the native side has just returned means that the operation is still under way. */
export function isPending(result: number): boolean {
  return Number.isNaN(result) && native().ps_error_number(PS_ERROR_STATUS) === PS_ERR_PENDING;
}
