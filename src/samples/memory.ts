// Checks of memory that a caller passes in.
import { show } from "../base/validate.ts";

/** Whether memory was transferred, so that it can no longer be read or written. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** What to write in the place of a value that is no memory, or has it; nothing if that is not known. */
export function meant(value: unknown): string {
  const first = Array.isArray(value) ? value[0] : value;
  if (typeof first === "number") return ": Float32Array.from(numbers) makes one";
  if (typeof value !== "object" || value === null) return "";
  if (ArrayBuffer.isView(first)) return ": interleave(planes) makes one of them";
  if ("samples" in value) return ": take its samples, with its sampleRate and channels as options";
  if ("getChannelData" in value) return ": take an array of its channels, [buffer.getChannelData(0), …]";
  return "";
}

/** A typed array or DataView whose memory is not detached. */
export function requireView(name: string, value: unknown): ArrayBufferView {
  if (!ArrayBuffer.isView(value)) {
    throw new TypeError(`${name} must be a typed array or DataView, not ${show(value)}${meant(value)}`);
  }
  if (value.byteLength === 0 && isDetached(value.buffer)) {
    throw new TypeError(`${name} must not be detached: its memory was transferred`);
  }
  return value;
}

/** The bytes of a typed array, DataView, ArrayBuffer or SharedArrayBuffer. */
export function requireBytes(name: string, value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    if (!isDetached(value)) return new Uint8Array(value);
    throw new TypeError(`${name} must not be detached: its memory was transferred`);
  }
  const { buffer, byteOffset, byteLength } = requireView(name, value);
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** How many whole elements of `elementSize` bytes memory holds. */
export function requireWholeElements(name: string, bytes: number, elementSize: number): number {
  const elements = bytes / elementSize;
  if (Number.isInteger(elements)) return elements;
  throw new RangeError(`${name} must be a whole number of elements of ${elementSize} bytes, not ${bytes} bytes long`);
}

/** Makes every view on a buffer empty; false where the runtime cannot (Node 20). */
export function detach(buffer: ArrayBuffer): boolean {
  if (typeof buffer.transfer !== "function") return false;
  buffer.transfer(0);
  return true;
}
