/**
 * The binary format of a packet for the page: a header of 24 bytes, then levels, columns and rows. All numbers are
 * little-endian, as on every platform that the library supports.
 *
 * | byte | what                                                        |
 * | ---- | ----------------------------------------------------------- |
 * | 0    | float64: frame that the first column begins with            |
 * | 8    | uint16: channels, columns, rows, bins, inputs, outputs      |
 * | 20   | 4 bytes not used                                            |
 * | 24   | float32: peak and RMS of each input, then of each output    |
 * | …    | int16: smallest and largest sample, by column, then channel |
 * | …    | uint8: rows                                                 |
 */
import type { Levels } from "../../mod.ts";
import type { Reduced } from "./reducer.ts";

const HEADER_BYTES = 24;

export function encodePacket({ frame, channels, columns, rows, bins }: Reduced, levels: Levels): Uint8Array {
  const all = [...levels.input, ...levels.output];
  const levelBytes = 8 * all.length;
  const bytes = new Uint8Array(HEADER_BYTES + levelBytes + columns.byteLength + rows.length);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, frame, true);
  const counts = [channels, columns.length / (2 * channels), rows.length / bins, bins];
  [...counts, levels.input.length, levels.output.length].forEach((count, i) => view.setUint16(8 + 2 * i, count, true));
  all.forEach(({ peak, rms }, i) => {
    view.setFloat32(HEADER_BYTES + 8 * i, peak, true);
    view.setFloat32(HEADER_BYTES + 8 * i + 4, rms, true);
  });
  bytes.set(new Uint8Array(columns.buffer), HEADER_BYTES + levelBytes);
  bytes.set(rows, HEADER_BYTES + levelBytes + columns.byteLength);
  return bytes;
}
