// Devices of PulseAudio and of PipeWire: their list, their names, and how they come and go.
// On one runtime: what is tested is in C, and it waits for servers most of the time.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { readFile } from "../../mod.ts";
import { ended, said, startPastream, temporaryFolder } from "../helpers/cli.ts";
import { runTs } from "../helpers/runtime.ts";
import { pipewireMissing, pulseMissing, type Server, startPipewire, startPulse } from "../helpers/servers.ts";
import { noise } from "../helpers/streams.ts";

const program = new URL("../programs/pulse.ts", import.meta.url);

/** Runs programs in one process; returns a function that returns a program's result. */
async function run(server: Server, ...args: string[]) {
  // PortAudio would only be one more way to the same server, which takes time where that does not answer.
  const env = { ...server.env, PASTREAM_DEVICE: undefined, PASTREAM_PORTAUDIO: "none", SERVER_PID: String(server.pid) };
  const { code, stdout, stderr } = await runTs(program, { args, env });
  assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
  const results = JSON.parse(stdout);
  return (name: string) => {
    assert.equal(results[name].failed, undefined);
    return results[name];
  };
}

/** What the command records of the loopback device while a program plays noise: the file, or what ended it early. */
async function heardByCommand(server: Server, file: string): Promise<{ file?: string; failure?: string }> {
  const args = ["-D", "loopback", "--json", "--latency", "0.1", "-e", "float", "null", file];
  const child = startPastream(args, ["ignore", "ignore", "pipe"], { ...server.env, PASTREAM_DEVICE: "" });
  const end = ended(child);
  await said(child, /"type":"start"/);
  await run(server, "noise");
  await setTimeout(500); // what has been heard is on its way to the file
  if (child.exitCode === null) process.kill(child.pid!, "SIGINT");
  const { code, stderr } = await end;
  return code === 130 ? { file } : { failure: stderr };
}

const servers = [
  ["PulseAudio", pulseMissing, startPulse],
  ["PipeWire", pipewireMissing, startPipewire],
] as const;

for (const [name, skip, start] of servers) {
  describe(`devices of ${name}`, { skip }, () => {
    let server: Server;
    let result: Awaited<ReturnType<typeof run>>;
    before(async () => {
      server = await start();
      result = await run(server, "list", "short", "twins", "changes", "names", "moved", "follow", "unloaded", "two");
    });
    after(() => server?.stop());

    it("are listed first, the default ones before the others, with the server's names", () => {
      const { hostApis, first, loopback, byName, output } = result("list");
      assert.deepEqual(hostApis[0], { name: "PulseAudio", devices: 2 });
      assert.deepEqual(first, [
        { id: "PulseAudio: loop", isDefaultInput: false, isDefaultOutput: true, isLoopback: false },
        { id: "PulseAudio: loop.monitor", isDefaultInput: true, isDefaultOutput: false, isLoopback: true },
      ]);
      assert.deepEqual([loopback, byName], ["PulseAudio: loop.monitor", "PulseAudio: loop"]);
      assert.match(output, /TypeError: device: "loopback" is an input/);
    });

    it("play a sound of 5 ms from the first frame to the last", () => {
      const ways = result("short");
      for (const heard of ways) assert.deepEqual(heard, { frames: 240, whole: true, only: true });
    });

    it("of the same name are told apart by their ids", () => {
      const { error, id } = result("twins");
      assert.match(error, /several output devices match "Twin".*\(PulseAudio: twin1\)\n.*\(PulseAudio: twin2\)$/s);
      assert.equal(id, "PulseAudio: twin2");
    });

    it("are told as they come and go, and the default with them", () => {
      const { between, added, changed, loopback, removed } = result("changes");
      assert.equal(between, "ok");
      assert.deepEqual({ added, changed, removed }, { added: "ok", changed: "ok", removed: "ok" });
      assert.equal(loopback, "PulseAudio: second.monitor");
    });

    it("show a stream in a mixer as it is called", () => {
      assert.deepEqual(result("names"), [
        'application.name = "Test \u00fc"',
        'media.name = "A song"',
        'media.icon_name = "audio-headset"',
        'media.role = "music"',
      ]);
    });

    it("take a stream along when another one becomes the default", () => {
      const { heard, device, active, glitches } = result("moved");
      assert.equal(device, "PulseAudio: second");
      assert.ok(heard > 0.5, `${heard} of the new device's sound is the stream's`);
      assert.equal(active, true);
      assert.ok(glitches.includes("deviceGap"), glitches.join(" "));
    });

    it("that are taken away: a stream that follows goes on on the default", () => {
      const { before, after, rerouted, hole, recorded, frameCount, gaps } = result("follow");
      assert.equal(before, "PulseAudio: second");
      assert.deepEqual({ recorded, gaps }, { recorded: frameCount, gaps: 0 });
      // A server may move the stream itself, as most desktops' do.
      if (rerouted === 0) assert.equal(frameCount, 120000);
      else {
        assert.deepEqual([after, rerouted, frameCount - hole], ["PulseAudio: loop", 1, 120000]);
      }
    });

    it("that are taken away end a stream there, or it is moved", () => {
      const { error, goneOn, glitches } = result("unloaded");
      if (error === "runs") {
        assert.ok(goneOn > 0 && glitches.includes("deviceGap"), JSON.stringify({ goneOn, glitches }));
      } else assert.equal(error, "DeviceLostError");
    });

    it("are heard by the command, as the loopback device, bit for bit from the first sample to the last", async (t) => {
      const folder = temporaryFolder();
      t.after(folder.remove);
      const played = noise("float32", 2 * 48000);
      let result = "";
      // A server that had no time for a while drops something, and does not always say so, or a stream with it.
      for (let attempt = 1; attempt <= 5 && result !== "equal"; attempt++) {
        const { file, failure } = await heardByCommand(server, folder.path("heard.wav"));
        if (file === undefined) {
          result = failure!;
          continue;
        }
        const { samples, sampleRate, channels } = await readFile(file);
        assert.deepEqual([sampleRate, channels], [48000, 2]);
        const first = samples.findIndex((sample) => sample !== 0);
        const last = samples.findLastIndex((sample) => sample !== 0);
        const bits = (samples: Float32Array) => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
        result = first < 0
          ? "silence"
          : bits(samples.subarray(first, last + 1)).equals(bits(played))
          ? "equal"
          : `${last + 1 - first} samples from ${first} on`;
        t.diagnostic(`attempt ${attempt}: ${result}`);
      }
      assert.equal(result, "equal");
    });

    it("are used two at a time, each by its name", () => {
      const ways = result("two");
      assert.deepEqual(ways, ways.map(() => ({ frames: 9600, whole: true, only: true })));
    });
  });

  describe(`a server of ${name}`, { skip }, () => {
    // Each needs a server of its own, and waits most of the time.
    const programs = ["stopped", "killed", "restarted", ...name === "PipeWire" ? ["unmanaged"] : []];
    // deno-lint-ignore no-explicit-any
    let results: Record<string, any>;
    before(async () => {
      const once = async (program: string) => {
        const server = await start();
        return [program, (await run(server, program).finally(server.stop))(program)];
      };
      results = Object.fromEntries(await Promise.all(programs.map(once)));
    });

    it("that does not answer is an error in bounded time, and is used again when it does", () => {
      const { errors, seconds, calls, long, frames } = results.stopped;
      for (const error of errors) assert.match(error, /PulseAudio server did not answer/);
      assert.ok(seconds < 60, `after ${seconds} s`);
      assert.ok(calls > 0);
      assert.deepEqual(long, [], "no call of C waits for the server on the thread of JavaScript");
      assert.equal(frames, 4800);
    });

    if (name === "PipeWire") {
      it("without a session manager says so, is not tried again, and has no default device", () => {
        const { errors, tries, later } = results.unmanaged;
        for (const error of errors) {
          assert.match(error, /is PipeWire's session manager \(such as WirePlumber\) running\?/);
        }
        assert.match(errors[1], /has connected it to no device within 5 s/);
        assert.equal(tries[1], 1);
        assert.match(later, /^DeviceNotFoundError: none of .*is the default output device; is PipeWire's/);
      });
    }

    if (name === "PulseAudio") {
      for (const portaudio of [undefined, "none"]) {
        it(`without any device says so, ${portaudio ? "alone" : "also where ALSA leads to it"}`, async () => {
          const server = await start();
          const env = { ...server.env, PASTREAM_DEVICE: undefined, PASTREAM_PORTAUDIO: portaudio };
          const { stdout } = await runTs(program, { args: ["sinkless"], env }).finally(server.stop);
          const { before, after, checked } = JSON.parse(stdout).sinkless;
          for (const [output, input, loopback] of [before, after]) {
            assert.match(output, /^DeviceNotFoundError: the PulseAudio server has no output device \(.* can be used: /);
            assert.match(input, /^DeviceNotFoundError: the PulseAudio server has no input device \(.* can be used: /);
            assert.match(loopback, /^DeviceNotFoundError: device: .*: the PulseAudio server has no output device/);
          }
          assert.match(checked, /^DeviceNotFoundError: .*the PulseAudio server has no output device/);
        });
      }
    }

    it("that is gone says so, and is found again when it has come back", () => {
      const { before, after, errors, frames, again } = results.killed;
      assert.ok(before.includes("PulseAudio: loop"));
      assert.deepEqual(after.filter((id: string) => id.startsWith("PulseAudio")), []);
      assert.match(errors[0], /the PulseAudio server does not answer/);
      assert.match(errors[1], /no output device matches "loop"/);
      assert.deepEqual({ frames, again }, { frames: 4800, again: "PulseAudio: loop" });
    });

    it("that is killed and comes back: a stream that follows goes on there", () => {
      const { device, ...rest } = results.restarted;
      assert.deepEqual(rest, { error: "none", rerouted: true, played: 100800, gaps: 0 });
      assert.match(device, /^PulseAudio: /); // it may have found a sink that another one has replaced meanwhile
    });
  });
}
