/** The callbacks of each signal: runtimes warn of a leak when many streams add listeners of their own to one signal. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `callback` when the signal is aborted. Returns a function that removes it. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let all = callbacks.get(signal);
  if (!all) {
    const added = all = new Set();
    callbacks.set(signal, added);
    signal.addEventListener("abort", () => added.forEach((call) => call()), { once: true });
  }
  all.add(callback);
  return () => void all.delete(callback);
}
