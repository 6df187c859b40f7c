// The ways in which a run can play out.

/** Length of the mark that each way plays. */
export const MARK_FRAMES = 4800;

/** Ways by name, with the latency that the stream asks for. */
export const ways: Readonly<Record<string, { readonly latency?: "low" | number }>> = {
  memory: {},
  "low latency": { latency: "low" },
  "0.3 s": { latency: 0.3 },
  file: {},
  generator: {},
  function: {},
  writable: {},
  drain: {},
  stop: {},
};
