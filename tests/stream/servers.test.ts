// What the original was tested for, over sound servers that need no sound card: JACK, by PortAudio, PulseAudio and
// PipeWire.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { behaviours } from "../helpers/loopback.ts";
import { runTs } from "../helpers/runtime.ts";
import {
  jackMissing,
  pipewireMissing,
  pulseMissing,
  type Server,
  startJack,
  startPipewire,
  startPulse,
} from "../helpers/servers.ts";

const places = [
  ["JACK", jackMissing, startJack, { device: "loopback JACK" }],
  // Enough for a server that gets no realtime priority on a busy machine.
  ["PulseAudio", pulseMissing, startPulse, { latency: 0.1 }],
  ["PipeWire", pipewireMissing, startPipewire, { latency: 0.1 }],
] as const;

for (const [name, skip, start, options] of places) {
  describe(`over ${name}, in float32`, { skip }, () => {
    let server: Server;
    let results: Record<string, string> = {};
    before(async () => {
      server = await start();
      const program = new URL("../programs/loopback-on.ts", import.meta.url);
      const env = { ...server.env, PASTREAM_DEVICE: undefined };
      const { code, stdout, stderr } = await runTs(program, { args: [JSON.stringify(options)], env, timeout: 120 });
      assert.equal(code, 0, stderr);
      results = JSON.parse(stdout);
    });
    after(() => server?.stop());

    for (const name of Object.keys(behaviours)) it(name, () => assert.equal(results[name], "ok"));
  });
}
