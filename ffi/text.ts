// Text is passed to and from C as UTF-8 with a zero at its end.

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A text for a C function to read. */
export function cString(text: string): Uint8Array {
  if (text.includes("\0")) throw new TypeError("a text must not contain a zero character");
  const bytes = new Uint8Array(new ArrayBuffer(text.length * 3 + 1));
  encoder.encodeInto(text, bytes);
  return bytes;
}

let buffer: Uint8Array<ArrayBuffer> = new Uint8Array(new ArrayBuffer(512));

/** The text that a C function writes; `fill` returns its full length. */
export function readText(fill: (text: Uint8Array, size: number) => number): string {
  const length = fill(buffer, buffer.length);
  if (length < buffer.length) return decoder.decode(buffer.subarray(0, Math.max(length, 0)));
  buffer = new Uint8Array(new ArrayBuffer(length + 1));
  return readText(fill);
}

/** The text in a buffer that a C function has filled, up to its zero. */
export function filledText(buffer: Uint8Array): string {
  const end = buffer.indexOf(0);
  return decoder.decode(end < 0 ? buffer : buffer.subarray(0, end));
}
