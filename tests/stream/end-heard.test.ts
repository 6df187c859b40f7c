// The end of what is played is heard: nothing is cut off by the latency of the device, whatever ends the run. Something
// else listens at the other side: parec at the sound server, and on JACK a stream of its own.
// On one runtime: it waits for sound most of the time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MARK_FRAMES, ways } from "../helpers/end-heard.ts";
import { heardDuring } from "../helpers/listening.ts";
import { runTs } from "../helpers/runtime.ts";
import * as servers from "../helpers/servers.ts";

const program = new URL("../programs/end-heard.ts", import.meta.url);
const expected = Object.fromEntries(Object.entries(ways).map(([way, { frames }]) => [way, frames ?? MARK_FRAMES]));

/** Plays in these ways, each with a level of its own. */
async function playIn(names: readonly string[], server: servers.Server, options: object): Promise<string> {
  const args = [names.join(","), JSON.stringify(options)];
  const env = { ...server.env, PASTREAM_DEVICE: undefined };
  const { code, stdout, stderr } = await runTs(program, { args, env });
  assert.equal(code, 0, stderr);
  return stdout;
}

/** How many frames are heard of each of these ways while they are played. */
async function hear(names: readonly string[], server: servers.Server): Promise<number[]> {
  const heard = await heardDuring(server, () => playIn(names, server, {}));
  const count = (level: number) => heard.filter((sample) => Math.abs(sample - level) < 1e-4).length;
  return names.map((_, i) => count((i + 1) / 32));
}

/**
 * What is heard of all ways at best. A server that got no time for a while skips some frames, now of one way, now of
 * another, and those are played again; a cut end is cut each time.
 */
async function hearAll(listen: (names: readonly string[]) => Promise<number[]>): Promise<Record<string, number>> {
  const heard = Object.fromEntries(Object.keys(ways).map((way) => [way, 0]));
  for (let tries = 0; tries < 12; tries++) {
    const names = Object.keys(ways).filter((way) => heard[way] !== expected[way]);
    if (names.length === 0) break;
    for (const [i, count] of (await listen(names)).entries()) heard[names[i]] = Math.max(heard[names[i]], count);
  }
  return heard;
}

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
        assert.deepEqual(await hearAll((names) => hear(names, server)), expected);
      } finally {
        await server.stop();
      }
    });
  }

  it("over JACK", { skip: servers.jackMissing }, async () => {
    const server = await servers.startJack();
    try {
      const listen = async (names: readonly string[]) =>
        JSON.parse(await playIn(names, server, { device: "loopback JACK" })) as number[];
      assert.deepEqual(await hearAll(listen), expected);
    } finally {
      await server.stop();
    }
  });
});
