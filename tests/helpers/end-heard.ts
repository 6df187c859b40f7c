// The ways in which a run can play out, and those in which it fails with an error that is told afterwards.

/** Length of the mark that each way plays. */
export const MARK_FRAMES = 4800;

/** Frames of the mark in a FLAC file: a block, so that it ends where the damage begins. */
export const BLOCK_FRAMES = 4096;

/** Ways by name, with the latency that the stream asks for, the frames of the mark, and the error's name. */
export const ways: Readonly<
  Record<string, { readonly latency?: "low" | number; readonly frames?: number; readonly error?: string }>
> = {
  memory: {},
  "low latency": { latency: "low" },
  "0.3 s": { latency: 0.3 },
  file: {},
  generator: {},
  function: {},
  writable: {},
  drain: {},
  stop: {},
  "too short": { error: "BufferEmptyError" },
  "damaged file": { frames: BLOCK_FRAMES, error: "SoundFileError" },
  "late damaged file": { frames: BLOCK_FRAMES, latency: 0.3, error: "SoundFileError" },
  "damaged file before silence": { frames: BLOCK_FRAMES, error: "SoundFileError" },
  "broken download": { error: "SoundFileError" },
  "broken pieces": { error: "URIError" },
  "failing generator": { latency: 0.3, error: "URIError" },
  "failing function": { error: "URIError" },
  "half a frame": { error: "RangeError" },
};
