// clear() and heard over sound servers, against what comes back.
// On one runtime: it waits for servers most of the time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runTs } from "../helpers/runtime.ts";
import { jackMissing, pulseMissing, startJack, startPulse } from "../helpers/servers.ts";
import { full } from "../helpers/streams.ts";

const FADE = 240;
const BLOCK = 2048; // at most, of either server
const MOST_BLOCKS = 4; // that may pass between the look at the frame count and the call

interface Round {
  before: number;
  heard: number;
  dropped: number;
  back: number;
  gap: boolean;
  xruns: number;
  frames: number;
}

describe("clear()", () => {
  for (
    const [name, missing, start, devices] of [
      ["JACK", jackMissing, startJack, ["loopback JACK"]],
      ["PulseAudio", pulseMissing, startPulse, ["monitor pulseaudio", "pulseaudio"]],
    ] as const
  ) {
    it(
      `falls silent within a block and the fade over ${name}, and tells what was heard`,
      { skip: missing },
      async () => {
        const server = await start();
        try {
          const program = new URL("../programs/clears.ts", import.meta.url);
          const env = { ...server.env, PASTREAM_DEVICE: undefined };
          const args = [String(full ? 200 : 3), ...devices];
          const { code, stdout, stderr } = await runTs(program, { args, env, timeout: 300 });
          assert.equal(code, 0, stderr);
          let exact = 0;
          for (const round of JSON.parse(stdout) as Round[]) {
            const { before, heard, dropped, back, gap, xruns, frames } = round;
            assert.deepEqual([heard + dropped, frames], [48000, 48000], JSON.stringify(round));
            assert.ok(heard >= before && heard <= before + FADE + MOST_BLOCKS * BLOCK, JSON.stringify(round));
            if (gap || xruns > 0) continue; // the server was late: what came back has a hole, or has lost its end
            assert.ok(Math.abs(back - heard) <= BLOCK, JSON.stringify(round));
            exact++;
          }
          assert.ok(exact > 0, stdout);
        } finally {
          await server.stop();
        }
      },
    );
  }
});
