// The source of app.js, in a worker.
export default function* (_stream, _ring, { data: frames }) {
  yield Float32Array.from({ length: frames }, (_, i) => (i % 997) / 1000);
}
