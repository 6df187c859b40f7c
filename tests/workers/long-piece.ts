// A piece that is longer than any ring, and a short one.
export default function* (): Generator<Float32Array<ArrayBuffer>> {
  yield new Float32Array(100_000).fill(0.5);
  yield new Float32Array(1000).fill(0.25);
}
