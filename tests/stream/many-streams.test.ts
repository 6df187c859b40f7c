// Many streams of one program, and what it is started with.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers";
import { fileURLToPath } from "node:url";
import { OutputStream } from "../../mod.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { flags, virtual } from "../helpers/streams.ts";

describe("one signal of many streams", () => {
  it("ends them all, without a warning of a leak", async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => void warnings.push(warning.name);
    process.on("warning", note);
    const control = new AbortController();
    const options = virtual("realtime", { channels: 1, signal: control.signal });
    const streams = Array.from({ length: 30 }, () => new OutputStream(options));
    for (const stream of streams.slice(0, 3)) await stream.start();
    await streams[29].close(); // takes nothing more of the signal
    await new Promise(setImmediate); // warnings come a turn later
    control.abort();
    await Promise.all(streams.slice(0, 3).map((stream) => assert.rejects(stream.wait(), { name: "AbortError" })));
    assert.deepEqual(streams.slice(0, 3).map(flags), Array(3).fill("finished aborted"));
    assert.deepEqual(warnings, []);
    await Promise.all(streams.map((stream) => stream.close()));
    process.off("warning", note);
  });
});

describe("a worker task under tsx", { skip: runtimeName === "node" ? false : "of Node" }, () => {
  it("runs, on every Node", () => {
    const file = fileURLToPath(new URL("../programs/worker-tone.ts", import.meta.url));
    const { status, stderr, stdout } = spawnSync(process.execPath, ["--import", "tsx", file], {
      cwd: fileURLToPath(new URL("../../", import.meta.url)),
      env: { ...process.env, NODE_OPTIONS: "" },
      encoding: "utf8",
    });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "4800 frames, 0 gaps\n", stderr: "" });
  });
});
