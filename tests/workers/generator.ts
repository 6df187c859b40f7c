// A worker's source as a generator function.
// Ends only with its worker.
setInterval(() => {}, 1000);

export default function* (): Generator<Int16Array<ArrayBuffer>, void, void> {
  for (let i = 0; i < 10; i++) yield new Int16Array(100).fill(i + 1);
}
