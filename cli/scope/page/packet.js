// Decodes packets; packet.ts describes the format.

const HEADER_BYTES = 24;

export function decodePacket(base64) {
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const [channels, columnCount, rowCount, bins, inputs, outputs] = Array.from(
    { length: 6 },
    (_, i) => view.getUint16(8 + 2 * i, true),
  );
  const levels = new Float32Array(bytes.buffer, HEADER_BYTES, 2 * (inputs + outputs));
  const level = (i) => ({ peak: levels[2 * i], rms: levels[2 * i + 1] });
  const columnsAt = HEADER_BYTES + levels.byteLength;
  const columns = new Int16Array(bytes.buffer, columnsAt, 2 * channels * columnCount);
  return {
    frame: view.getFloat64(0, true),
    columns,
    rows: new Uint8Array(bytes.buffer, columnsAt + columns.byteLength, rowCount * bins),
    bins,
    inputs: Array.from({ length: inputs }, (_, i) => level(i)),
    outputs: Array.from({ length: outputs }, (_, i) => level(inputs + i)),
  };
}
