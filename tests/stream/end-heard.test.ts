// The end of what is played is heard: nothing is cut off by the latency of the device, whatever ends the run. Something
// else listens at the other side: parec at the sound server, and on JACK a stream of its own.
// On one runtime: it waits for sound most of the time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { MARK_FRAMES, ways } from "../helpers/end-heard.ts";
import { heardDuring } from "../helpers/listening.ts";
import { runTs } from "../helpers/runtime.ts";
import * as servers from "../helpers/servers.ts";

const program = new URL("../programs/end-heard.ts", import.meta.url);
const expected = Object.fromEntries(Object.entries(ways).map(([way, { frames }]) => [way, frames ?? MARK_FRAMES]));

async function playAll(server: servers.Server, options: object): Promise<string> {
  const args = [Object.keys(ways).join(","), JSON.stringify(options)];
  const env = { ...server.env, PASTREAM_DEVICE: undefined };
  const { code, stdout, stderr } = await runTs(program, { args, env });
  assert.equal(code, 0, stderr);
  return stdout;
}

/** How many frames of each way's level there are in what was heard. */
function counted(heard: Float32Array): Record<string, number> {
  const count = (level: number) => heard.filter((sample) => Math.abs(sample - level) < 1e-4).length;
  return Object.fromEntries(Object.keys(ways).map((way, i) => [way, count((i + 1) / 32)]));
}

/** What is heard of each way while all of it is played. */
const hearAll = async (server: servers.Server) => counted(await heardDuring(server, () => playAll(server, {})));

describe("the end is heard", () => {
  const kinds = [
    ["PulseAudio through ALSA", servers.pulseMissing, servers.startAlsa],
    ["PulseAudio", servers.pulseMissing, servers.startPulse],
    ["PipeWire", servers.pipewireMissing, servers.startPipewire],
  ] as const;
  for (const [name, skip, start] of kinds) {
    it(`over ${name}`, { skip }, async () => {
      const server = await start();
      try {
        // A server that got no time for a while skips some frames, now of one way, now of another; a cut end is cut
        // each time.
        const heard = await hearAll(server);
        for (let tries = 1; tries < 4 && !isDeepStrictEqual(heard, expected); tries++) {
          for (const [way, count] of Object.entries(await hearAll(server))) heard[way] = Math.max(heard[way], count);
        }
        assert.deepEqual(heard, expected);
      } finally {
        await server.stop();
      }
    });
  }

  it("over JACK", { skip: servers.jackMissing }, async () => {
    const server = await servers.startJack();
    try {
      const counts: number[] = JSON.parse(await playAll(server, { device: "loopback JACK" }));
      assert.deepEqual(Object.fromEntries(Object.keys(ways).map((way, i) => [way, counts[i]])), expected);
    } finally {
      await server.stop();
    }
  });
});
