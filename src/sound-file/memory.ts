// The bytes of a sound file in memory.
import { native } from "../../ffi/load.ts";
import { unwrap } from "../library/native-error.ts";

/** A copy of them. */
export function bytesOf(file: number): Uint8Array<ArrayBuffer> {
  const { ps_file_bytes } = native();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let total = 0;
  for (let size; (size = unwrap(ps_file_bytes(file, total, null, 0))) > 0; total += size) {
    const part = new Uint8Array(new ArrayBuffer(size));
    unwrap(ps_file_bytes(file, total, part, size));
    parts.push(part);
  }
  if (parts.length === 1) return parts[0];
  const bytes = new Uint8Array(new ArrayBuffer(total)); // beyond 2 GiB
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
}
