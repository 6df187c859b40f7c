// What the original was tested for, over the real PortAudio and a JACK server that needs no sound card.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { behaviours } from "../helpers/loopback.ts";
import { runTs } from "../helpers/runtime.ts";
import { jackMissing, type Server, startJack } from "../helpers/servers.ts";

describe("over JACK, in float32", { skip: jackMissing }, () => {
  let server: Server;
  let results: Record<string, string> = {};
  before(async () => {
    server = await startJack();
    const program = new URL("../programs/loopback-on.ts", import.meta.url);
    const env = { ...server.env, PASTREAM_DEVICE: undefined };
    const { code, stdout, stderr } = await runTs(program, { args: ["loopback"], env, timeout: 120 });
    assert.equal(code, 0, stderr);
    results = JSON.parse(stdout);
  });
  after(() => server?.stop());

  for (const name of Object.keys(behaviours)) it(name, () => assert.equal(results[name], "ok"));
});
