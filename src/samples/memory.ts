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

/** A typed array or DataView whose memory is not detached. */
export function requireView(name: string, value: unknown): ArrayBufferView {
  if (!ArrayBuffer.isView(value)) {
    const hint = typeof value === "number" ? ": Float32Array.from(numbers) makes one" : "";
    throw new TypeError(`${name} must be a typed array or DataView, not ${show(value)}${hint}`);
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
