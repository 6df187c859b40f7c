// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SoundFile } from "../../mod.ts";
import { ended, said, startPastream, temporaryFolder } from "../helpers/cli.ts";
import { runTs } from "../helpers/runtime.ts";
import { pulseMissing, startPulse } from "../helpers/servers.ts";
import { eventually } from "../helpers/streams.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;

const virtual = ["-D", "virtual"];

/** Waits until a file has begun to grow. */
async function grown(file: string, bytes: number): Promise<void> {
  await eventually(() => existsSync(file) && statSync(file).size >= bytes, `${file} has ${bytes} bytes`);
}

function framesOf(file: string): number {
  const opened = new SoundFile(file);
  const { frames } = opened;
  opened.close();
  return frames;
}

describe("signals", { skip: process.platform === "win32" ? "no signals to send" : false }, () => {
  for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
    it(`${signal} ends a recording in order, with exit code ${code}`, async () => {
      const file = path(`${signal}.wav`);
      const child = startPastream([...virtual, "null", file, "--json"], ["ignore", "ignore", "pipe"]);
      const end = ended(child);
      await grown(file, 100_000);
      process.kill(child.pid!, signal);
      const result = await end;
      assert.equal(result.code, code, result.stderr);
      const last = JSON.parse(result.stderr.trim().split("\n").at(-1)!);
      assert.deepEqual([last.type, last.exitCode, last.signal, last.error], ["end", code, signal, null]);
      // The file has every frame up to the end, and says so.
      assert.equal(framesOf(file), last.frames);
      assert.ok(last.frames > 10_000);
      assert.equal(statSync(file).size - 8 * last.frames < 200, true);
    });
  }

  it("end a recording whose reader has stalled, and playing from a pipe that has gone silent", async () => {
    const head = new Uint8Array(24 + 48000);
    new DataView(head.buffer).setUint32(0, 0x2e736e64); // .snd
    [24, 0xffffffff, 3, 48000, 1].forEach((word, index) => new DataView(head.buffer).setUint32(4 + index * 4, word));
    for (
      const args of [["null", "-", "-t", "au", "--buffersize", "1M"], ["-", path("silent.wav"), "--buffersize", "16K"]]
    ) {
      const child = startPastream([...virtual, "--json", ...args], ["pipe", "pipe", "pipe"]);
      const end = ended(child);
      child.stdin!.write(head);
      child.stdout!.pause();
      await said(child, /"type":"start"/);
      await sleep(1500);
      if (args[0] === "-") await grown(path("silent.wav"), 2 * 24000);
      process.kill(child.pid!, "SIGINT");
      const { code, stderr } = await end;
      assert.equal(code, 130, stderr);
      assert.doesNotMatch(stderr, /\n +at /);
    }
    assert.ok(framesOf(path("silent.wav")) >= 24000);
  });

  it("end the wait for a pipe that has said nothing yet", async () => {
    const child = startPastream([...virtual, "-q", "-", path("never.wav")], ["pipe", "ignore", "pipe"]);
    const end = ended(child);
    await sleep(2000);
    process.kill(child.pid!, "SIGINT");
    const { code, signal } = await end;
    assert.ok(code === 130 || signal === "SIGINT", `${code} ${signal}`);
    assert.ok(!existsSync(path("never.wav")));
  });

  it("a second one ends the process, whatever the first is still waiting for", async () => {
    const { code, stdout } = await runTs(new URL("../programs/two-signals.ts", import.meta.url));
    assert.deepEqual([code, stdout], [143, "asked\nSIGINT 130\n"]);
  });

  it("a second one, in the midst of the end of a stream, ends the process", async () => {
    const args = [...virtual, "--json", "null", "-", "-t", "au", "--buffersize", "1M"];
    const child = startPastream(args, ["ignore", "pipe", "pipe"]);
    const end = ended(child);
    child.stdout!.pause();
    await said(child, /"type":"start"/);
    await sleep(1500);
    await sleep(100);
    process.kill(child.pid!, "SIGINT");
    // Where it comes after all is done, nobody catches it any more.
    const { code, signal } = await end;
    assert.ok(code === 130 || signal === "SIGINT", `${code} ${signal}`);
  });
});

describe("a recording that is stopped for a while", { skip: pulseMissing }, () => {
  it("has what the sound server has kept meanwhile", async () => {
    const server = await startPulse();
    try {
      const file = path("stopped.wav");
      const args = ["null", file, "-f", "int16", "-d", "5", "-q", "--json"];
      const child = startPastream(args, ["ignore", "ignore", "pipe"], { ...server.env, PASTREAM_DEVICE: "" });
      const end = ended(child);
      await grown(file, 50_000);
      process.kill(child.pid!, "SIGSTOP");
      await sleep(2500);
      process.kill(child.pid!, "SIGCONT");
      const { code, stderr } = await end;
      assert.equal(code, 0, stderr);
      const { frames, sampleRate } = JSON.parse(stderr.trim().split("\n").at(-1)!);
      assert.deepEqual([frames, framesOf(file)], [5 * sampleRate, 5 * sampleRate]);
    } finally {
      await server.stop();
    }
  });
});
