// What is played comes back, sample for sample: by memory, by rings and by chunks.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Dtype, DuplexStream, type SamplesOf } from "../../mod.ts";
import { behaviours } from "../helpers/loopback.ts";
import { tooSlow } from "../helpers/runtime.ts";
import { clocks, equalSamples, join, noise, silence, virtual } from "../helpers/streams.ts";

const PREAMBLE_FRAMES = 4096;
const loudest = { float32: 1, int32: 0x7fffffff, int16: 0x7fff, int8: 0x7f } as const;
type LoudDtype = keyof typeof loudest;

/** A preamble by which a recording is found, then noise in which it does not occur. */
function withPreamble<D extends LoudDtype>(dtype: D, channels: number, frames: number, seed = 1): SamplesOf<D> {
  const preamble = silence(dtype, PREAMBLE_FRAMES * channels).fill(loudest[dtype]) as SamplesOf<D>;
  const signal = noise(dtype, frames * channels, seed);
  for (let i = 0; i < signal.length; i++) if (signal[i] === loudest[dtype]) signal[i] = 0;
  return join(preamble, signal);
}

/** That a recording is all that was played, with nothing but silence before and after it. */
function comesBack<A extends SamplesOf>(recorded: A, played: A, channels: number): void {
  const start = recorded.findIndex((sample) => sample !== 0);
  assert.ok(start >= 0 && start % channels === 0, `the preamble begins at sample ${start}`);
  const silent = (length: number) => recorded.slice(0, length).fill(0) as A;
  const after = recorded.length - start - played.length;
  equalSamples(recorded, join(silent(start), played, silent(Math.max(after, 0))));
}

for (const clock of clocks) {
  describe(`loopback, ${clock}`, { skip: clock === "realtime" && tooSlow }, () => {
    for (const dtype of ["int16", "int32", "float32"] as const) {
      it(`gives ${dtype} back from memory`, async () => {
        await using stream = new DuplexStream(virtual(clock, { dtype, channels: 2 }));
        const played = withPreamble(dtype, 2, 6000);
        const recorded = await stream.playrec(played, { pad: 1000 });
        assert.equal(recorded.length, played.length + 2000);
        comesBack(recorded, played, 2);
        assert.equal(stream.xruns, 0);
      });

      it(`gives ${dtype} back in chunks`, async () => {
        await using stream = new DuplexStream(virtual(clock, { dtype, channels: 2 }));
        const played = withPreamble(dtype, 2, 6000);
        const parts: SamplesOf[] = [];
        for await (const chunk of stream.chunks({ chunkSize: 500, playback: played, pad: 1000 })) {
          parts.push(chunk.slice() as SamplesOf);
        }
        const recorded = join(...parts);
        assert.equal(recorded.length, played.length + 2000);
        comesBack(recorded, played, 2);
      });
    }

    it("gives every dtype back, with any loopback delay", async () => {
      for (const dtype of ["float32", "int32", "int24", "int16", "int8", "uint8"] as const) {
        const delay = 700;
        await using stream = new DuplexStream(
          virtual(clock, { dtype, channels: 3, blockSize: 128 }, { loopbackDelay: delay }),
        );
        const bytes = dtype === "int24" ? 3 : 1; // array elements in a sample
        const played = noise(dtype as Dtype, 1000 * 3, 7);
        const recorded = await stream.playrec(played, { pad: delay });
        equalSamples(recorded, join(silence(dtype as Dtype, delay * 3), played), dtype);
        assert.equal(recorded.length, 1700 * 3 * bytes);
      }
    });
  });
}

describe("what the original was tested for", () => {
  for (const clock of clocks) {
    const frames = clock === "realtime" ? 8192 : 65536;
    const place = { options: virtual(clock), dtype: "int32", channels: 4, frames } as const;
    for (const [name, prove] of Object.entries(behaviours)) {
      it(`${name}, ${clock}`, { skip: clock === "realtime" && tooSlow }, () => prove(place));
    }
  }
});
