// The end of what is played is heard: nothing is cut off by the latency of the device, whatever ends the run. Something
// else listens at the other side: parec at the sound server, and on JACK a stream of its own.
// On one Node: it waits for sound most of the time.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { MARK_FRAMES, ways } from "../helpers/end-heard.ts";
import { runTs } from "../helpers/runtime.ts";
import * as servers from "../helpers/servers.ts";

const program = new URL("../programs/end-heard.ts", import.meta.url);
const expected = Object.fromEntries(Object.keys(ways).map((way) => [way, MARK_FRAMES]));

async function playAll(server: servers.Server, options: object): Promise<string> {
  const args = [Object.keys(ways).join(","), JSON.stringify(options)];
  const env = { ...server.env, PASTREAM_DEVICE: undefined };
  const { code, stdout, stderr } = await runTs(program, { args, env, timeout: 60 });
  assert.equal(code, 0, stderr);
  return stdout;
}

/** How many frames of each way's level there are in what was heard. */
function counted(heard: Float32Array): Record<string, number> {
  const count = (level: number) => heard.filter((sample) => Math.abs(sample - level) < 1e-4).length;
  return Object.fromEntries(Object.keys(ways).map((way, i) => [way, count((i + 1) / 32)]));
}

/** Has parec record what the server's sink plays while all of it is played. */
async function hearAll(server: servers.Server): Promise<Record<string, number>> {
  const format = ["--format=float32le", "--rate=48000", "--channels=2", "--latency-msec=20"];
  const parec = spawn("parec", ["-d", "loop.monitor", ...format], {
    env: { ...process.env, ...server.env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const pieces: Uint8Array[] = [];
  parec.stdout.on("data", (piece: Uint8Array) => pieces.push(piece));
  try {
    await once(parec.stdout, "data");
    await playAll(server, {});
    // What it has recorded by now comes within its latency; on a busy machine later, so until half a second of silence.
    const length = () => pieces.reduce((sum, piece) => sum + piece.length, 0);
    for (const end = length() + 48000 * 8; length() < end;) await setTimeout(20);
  } finally {
    parec.kill();
    await once(parec, "close");
  }
  const bytes = Buffer.concat(pieces);
  const both = new Float32Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 2);
  return counted(both.filter((_, i) => i % 2 === 0));
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
        // A server that got no time for a while skips some frames; a cut end is cut each time.
        let heard = await hearAll(server);
        for (let tries = 1; tries < 3 && !isDeepStrictEqual(heard, expected); tries++) heard = await hearAll(server);
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
