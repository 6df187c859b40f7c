// The loopback behaviours over a sound server.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { behaviours } from "./loopback.ts";
import { runTs } from "./runtime.ts";
import type { Server } from "./servers.ts";

/** A group of tests, one for each behaviour, with these options of streams, of which all run in one child process. */
export function loopbackOver(name: string, skip: string | false, start: () => Promise<Server>, options: object): void {
  describe(`over ${name}, in float32`, { skip }, () => {
    let server: Server;
    let results: Record<string, string> = {};
    before(async () => {
      server = await start();
      const program = new URL("../programs/loopback-on.ts", import.meta.url);
      const env = { ...server.env, PASTREAM_DEVICE: undefined };
      const { code, stdout, stderr } = await runTs(program, { args: [JSON.stringify(options)], env });
      assert.equal(code, 0, stderr);
      results = JSON.parse(stdout);
    });
    after(() => server?.stop());

    for (const behaviour of Object.keys(behaviours)) {
      it(behaviour, () => assert.equal(results[behaviour], "ok"));
    }
  });
}
