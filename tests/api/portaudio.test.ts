// The real PortAudio, over servers that need no sound card.
// On one runtime: what is tested is in C, and it waits for servers most of the time.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import type { DeviceInfo } from "../../mod.ts";
import { type ChildResult, runTs } from "../helpers/runtime.ts";
import {
  jackMissing,
  missing,
  pipewireMissing,
  pulseMissing,
  type Server,
  startAlsa,
  startJack,
  startPipewire,
  startPulse,
} from "../helpers/servers.ts";
import { newFolder } from "../helpers/sounds.ts";

/** What the programs say, each some of it. */
interface Result {
  readonly loopback: DeviceInfo;
  readonly last: DeviceInfo;
  readonly hostApis: readonly string[];
  readonly settings: Record<string, unknown>;
  readonly equal: boolean;
  readonly delay: number;
  readonly frameCount: number;
  readonly frames: number;
  readonly found: readonly (readonly [at: number, from: number, frames: number])[];
  readonly lost?: boolean;
  readonly foreign: number;
  readonly glitches: number;
  readonly error: string;
  readonly code: string;
  readonly message: string;
  readonly aborted: boolean;
  readonly noticed: number;
  readonly closed: number;
}

const program = new URL("../programs/portaudio.ts", import.meta.url);

/** Runs one of the programs with a server; returns what it printed. */
async function run(server: Server, ...args: string[]): Promise<{ result: Result; child: ChildResult }> {
  const env = { ...server.env, SERVER_PID: String(server.pid), PASTREAM_DEVICE: undefined };
  const child = await runTs(program, { args, env });
  assert.equal(child.code, 0, `${args[0]} ended with ${child.code ?? child.signal}: ${child.stderr}`);
  return { result: JSON.parse(child.stdout), child };
}

describe("PortAudio over JACK", { skip: jackMissing }, () => {
  let server: Server;
  before(async () => {
    server = await startJack();
  });
  after(() => server?.stop());

  it("lists devices, checks settings, and prints nothing", async () => {
    const { result, child } = await run(server, "devices");
    assert.equal(result.loopback.hostApi, "JACK Audio Connection Kit");
    assert.equal(result.loopback.maxInputChannels, 2);
    assert.equal(result.loopback.defaultSampleRate, 48000);
    assert.equal(result.last.hostApi, "Virtual");
    assert.equal(result.hostApis.at(-1), "Virtual");
    assert.equal(result.settings.good, "ok");
    assert.deepEqual(result.settings.rate, { name: "PortAudioError", paCode: -9997, asOpening: true });
    assert.deepEqual(result.settings.channels, { name: "PortAudioError", paCode: -9998, asOpening: true });
    assert.deepEqual(result.settings.host, { name: "RangeError", asOpening: true });
    assert.equal(child.stderr, "");
  });

  it("leaves the program's own stderr alone, and that of its children", async () => {
    const { code, stdout, stderr } = await runTs(new URL("../programs/stderr-lines.ts", import.meta.url), {
      env: server.env,
    });
    assert.equal(code, 0, stderr);
    const lines = Array.from({ length: Number(stdout) }, (_, i) => `line ${i}`);
    assert.deepEqual(stderr.trimEnd().split("\n").filter((line) => line !== "child"), lines);
    assert.match(stderr, /^child$/m);
  });

  it("keeps the chatter of JACK and ALSA off stderr, unless PASTREAM_DEBUG is 1", async () => {
    for (const debug of [undefined, "0", "1"]) {
      const env = { ...server.env, JACK_DEFAULT_SERVER: "pastream-test-none", PASTREAM_DEBUG: debug };
      const { stdout, stderr } = await runTs(program, { args: ["count"], env });
      assert.ok(JSON.parse(stdout) >= 1);
      if (debug === "1") assert.match(stderr, /jack|ALSA/i);
      else assert.equal(stderr, "");
    }
  });

  for (const how of ["memory", "chunks", "files"]) {
    it(`gives float32 back bit for bit: ${how}`, async (t) => {
      const folder = newFolder();
      t.after(folder.remove);
      const { result, child } = await run(server, how, folder.path(""));
      assert.equal(result.equal, true, JSON.stringify(result));
      assert.ok(result.delay > 0 && result.delay < 8192, `a delay of ${result.delay} frames`);
      assert.equal(result.frameCount, 48000 + 8192);
      assert.equal(result.frames, 48000 + 8192);
      assert.equal(child.stderr, "");
    });
  }
});

describe("a client of JACK", { skip: jackMissing || missing(["jack_metro"]) }, () => {
  it("has its channels whatever it is called", async () => {
    const server = await startJack();
    const { result } = await run(server, "names").finally(server.stop);
    assert.deepEqual(result, { found: true, channels: 1, heard: true });
  });
});

describe("a JACK server", { skip: jackMissing }, () => {
  it("that is gone says so, and is found again when it has come back", async () => {
    const server = await startJack();
    const { result } = await run(server, "restarted").finally(server.stop);
    const { error, ...frames } = result as unknown as { error: string; before: number; after: number };
    assert.match(error, /JACK server does not answer/);
    assert.deepEqual(frames, { before: 4800, after: 4800 });
  });
});

describe("deviceChanges() of JACK", { skip: jackMissing }, () => {
  it("tells that the server goes and comes", async () => {
    const server = await startJack();
    const { result } = await run(server, "changes").finally(server.stop);
    assert.deepEqual(result, { gone: true, back: true });
  });
});

/** Where PipeWire has its library for clients of JACK, as pw-jack says. */
const pipewireJack = spawnSync("pw-jack", ["printenv", "LD_LIBRARY_PATH"], { encoding: "utf8" }).stdout?.trim();

describe("JACK by PipeWire", { skip: pipewireMissing || missing(["pw-jack"]) }, () => {
  let server: Server;
  before(async () => {
    const { env, ...others } = await startPipewire();
    // PulseAudio's protocol would tell of changes, too.
    server = { ...others, env: { ...env, LD_LIBRARY_PATH: pipewireJack ?? "", PASTREAM_PULSE: "none" } };
  });
  after(() => server?.stop());

  it("gives float32 back bit for bit, and has the latency of a period", async () => {
    const { result } = await run(server, "pipewire");
    const { equal, latencies } = result as unknown as { equal: boolean; latencies: number[] };
    assert.equal(equal, true);
    for (const latency of latencies) assert.ok(latency > 0 && latency < 0.2, `${latency} s`);
  });

  it("tells that PipeWire goes and comes", async () => {
    const { result } = await run(server, "changes", server.env.PIPEWIRE_PID, "loop Audio/Sink sink");
    assert.deepEqual(result, { gone: true, back: true });
  });
});

describe("PortAudio over PulseAudio", { skip: pulseMissing }, () => {
  let server: Server;
  before(async () => {
    server = await startAlsa();
  });
  after(() => server?.stop());

  it("plays and records a file, right except for glitches that it reports", async (t) => {
    const folder = newFolder();
    t.after(folder.remove);
    // On a machine that is too busy PulseAudio itself drops something now and then, and reports nothing.
    for (let attempt = 1;; attempt++) {
      const { result, child } = await run(server, "pieces", folder.path(""));
      if (result.lost) { // PortAudio has printed why, on a thread of its own
        assert.ok(attempt < 5, "PulseAudio never keeps up");
        continue;
      }
      // Where PortAudio gives a stream up, and the stream goes on with a new one, PortAudio prints why.
      assert.equal(child.stderr.replaceAll(/^Expression '.*' failed in '.*pa_linux_alsa\.c', line: \d+\n/gm, ""), "");
      const { found } = result;
      assert.equal(result.foreign, 0, "nothing but what was played and silence");
      for (let i = 1; i < found.length; i++) {
        assert.ok(found[i][1] >= found[i - 1][1] + found[i - 1][2], `in order: ${JSON.stringify(found)}`);
      }
      const frames = found.reduce((sum, [, , length]) => sum + length, 0);
      if (frames === result.frames && found.length === 1) break;
      if (found.length - 1 <= result.glitches && frames > 0.9 * result.frames) break;
      assert.ok(attempt < 5, `unreported gaps: ${JSON.stringify(result)}`);
    }
  });

  it("runs both directions at a rate that the server converts, with a buffer as long as it takes", async () => {
    const { result } = await run(server, "converted");
    assert.deepEqual(result, { frames: 44100, heard: true, rate: 44100 });
  });
});

describe("ALSA", { skip: process.platform !== "linux" && "not on Linux" }, () => {
  for (
    const [what, text, ids] of [
      ["is not configured", "", []],
      ["has no default device", "pcm.other { type null }", ["ALSA: other"]],
    ] as const
  ) {
    it(`that ${what} is no reason for PortAudio to abort the process`, async (t) => {
      const folder = newFolder();
      t.after(folder.remove);
      writeFileSync(folder.path("alsa.conf"), text);
      const env = {
        ALSA_CONFIG_PATH: folder.path("alsa.conf"),
        XDG_RUNTIME_DIR: folder.path("none"), // no server is found
        PULSE_SERVER: `unix:${folder.path("none")}`,
        JACK_DEFAULT_SERVER: "pastream-test-none",
        PASTREAM_DEVICE: undefined,
      };
      const { code, stdout, stderr } = await runTs(program, { args: ["again"], env });
      assert.equal(code, 0, stderr);
      const looks = JSON.parse(stdout) as string[][];
      for (const look of looks) assert.deepEqual(look.filter((id) => id.startsWith("ALSA")), ids);
    });
  }
});

describe("a sound server that is stopped before it is asked for anything", () => {
  for (
    const [name, start, skip, device] of [
      ["JACK", startJack, jackMissing, "loopback JACK"],
      ["ALSA over PulseAudio", startAlsa, pulseMissing, "default ALSA"],
      ["PulseAudio", startPulse, pulseMissing, "loop"],
      ["PipeWire", startPipewire, pipewireMissing, "loop"],
    ] as const
  ) {
    it(`is what the errors are about, and holds nothing else up, ${name}`, { skip }, async () => {
      const server = await start();
      const { result } = await run(server, "stopped", device).finally(server.stop);
      const answers = result as unknown as { name: string; error: string; wasFree: boolean }[];
      assert.equal(answers.length, 3);
      for (const answer of answers) {
        assert.match(answer.error, /^PortAudioError: .*\bserver\b.*(does|did) not answer/, answer.name);
        assert.ok(answer.wasFree, JSON.stringify(answer));
      }
    });
  }
});

describe("supportedSampleRates()", { skip: pulseMissing }, () => {
  it("waits once for a server behind ALSA that is stopped, not for each rate", async () => {
    const server = await startAlsa();
    const { result } = await run(server, "rates", "default ALSA").finally(server.stop);
    assert.match(result.error, /^PortAudioError: .*did not answer/);
  });
});

describe("a sound server that is lost", () => {
  for (
    const [name, start, skip, where] of [
      ["JACK", startJack, jackMissing, "loopback JACK"],
      ["ALSA over PulseAudio", startAlsa, pulseMissing, "output"],
      ["PulseAudio", startPulse, pulseMissing, ""],
      ["PipeWire", startPipewire, pipewireMissing, ""],
    ] as const
  ) {
    const lose = async (signal: string) => {
      const server = await start();
      const { result } = await run(server, "lose", signal, where).finally(server.stop);
      assert.equal(result.error, "DeviceLostError");
      assert.equal(result.code, "device-lost");
      // What helps where ALSA is only a way to such a server.
      const hint = signal === "SIGKILL" && start === startAlsa;
      const why = /server (has ended, or|behind the ALSA device does not|does not (answer|call its clients))/;
      assert.match(result.message, hint ? /a longer latency .* \(host API PulseAudio\)$/ : why);
      assert.equal(result.aborted, true);
      // How soon is measured in C; here it is that it comes, on a machine that may be busy.
      assert.ok(result.noticed < 60, `noticed after ${result.noticed} s`);
      assert.ok(result.closed < 60, `closed after ${result.closed} s`);
    };
    it(`ends the stream in time, ${name}, killed and stopped`, { skip }, async () => {
      await Promise.all(["SIGKILL", "SIGSTOP"].map(lose));
    });
  }
});
