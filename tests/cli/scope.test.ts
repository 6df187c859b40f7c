// The live view over its own address: what it shows, what it records, and whom it refuses.
// On one Node: it plays for several seconds.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Scope, scope, type ScopeOptions } from "../../cli/scope/scope.ts";
import { info, readFile, writeFile } from "../../mod.ts";
import { cliFile, ended, fail, temporaryFolder } from "../helpers/cli.ts";
import { commandFor } from "../helpers/runtime.ts";
import { jackMissing, pulseMissing, startJack, startPulse } from "../helpers/servers.ts";
import { events, firstEvent, post, rawRequest } from "../helpers/scope.ts";
import { eventually } from "../helpers/streams.ts";

const RATE = 48000;
const { path, remove } = temporaryFolder();

/** A disk with little room. */
const disk = path("disk");
mkdirSync(disk);
const mounted = process.getuid?.() === 0 &&
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "pastream-test", disk]).status === 0;
after(() => {
  if (mounted) spawnSync("umount", [disk]);
  remove();
});

/** A file with a tone of 1 kHz and a quarter of full scale, of which no two blocks of a second are alike. */
const frames = 2 * RATE;
const played = Float32Array.from(
  { length: 2 * frames },
  (_, i) => 0.25 * Math.sin(2 * Math.PI * 1000 * (i >> 1) / RATE) + (i & 1 ? 0 : (i >> 1) / frames * 2 ** -12),
);
const tone = path("tone.wav");
await writeFile(tone, played, { sampleRate: RATE, channels: 2, subtype: "FLOAT" });

/** Shows a view for as long as a test needs it. */
async function view(options: ScopeOptions, look: (view: Scope) => Promise<void>): Promise<void> {
  const shown = await scope({ device: "virtual", folder: path(""), ...options });
  try {
    await look(shown);
  } finally {
    await shown.close();
  }
}

/** Records `seconds` and returns the file that the page downloads. */
async function recordFor(url: string, format: string, seconds: number): Promise<{ name: string; bytes: Uint8Array }> {
  assert.deepEqual(await post(url, "record", { format }), { status: 200, text: "{}" });
  await firstEvent(url, "status", ({ recordedFrames }) => recordedFrames >= seconds * RATE);
  assert.equal((await post(url, "finish")).status, 200);
  const { recordings } = await firstEvent(url, "state");
  const { name, bytes: length } = recordings.at(-1);
  const response = await fetch(`${url}recordings/${name}`);
  assert.equal(response.headers.get("content-disposition"), `attachment; filename="${name}"`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.equal(bytes.length, length);
  return { name, bytes };
}

/** Whether a recording is what was played over and over, from wherever it begins. */
function assertPlayed(recorded: Float32Array, expected: Float32Array, tolerance = 0): void {
  const isSame = (a: number, b: number) => Math.abs(a - b) <= tolerance;
  const length = expected.length;
  const start = expected.findIndex((_, at) =>
    at % 2 === 0 && recorded.subarray(0, 64).every((sample, i) => isSame(sample, expected[(at + i) % length]))
  );
  assert.notEqual(start, -1, "it does not begin with anything that was played");
  const wrong = recorded.findIndex((sample, i) => !isSame(sample, expected[(start + i) % length]));
  assert.equal(wrong, -1, `sample ${wrong} of ${recorded.length} differs`);
}

describe("a live view", () => {
  it("shows the spectrum, the waveform and the levels of what comes in", () =>
    view({ playback: tone, loop: true }, async ({ url }) => {
      const { rows, bins, columns } = await firstEvent(
        url,
        "packet",
        ({ frame, rows }) => frame > RATE / 2 && rows.length > 0,
      );
      const row = rows.subarray(0, bins);
      const loudest = row.indexOf(Math.max(...row));
      assert.ok(Math.abs(loudest - 1000 * 2 * bins / RATE) <= 1, `bin ${loudest} of ${bins}`);
      assert.ok(Math.max(...columns) > 0.24 * 32767 && Math.min(...columns) < -0.24 * 32767);
      let packets = 0;
      for await (const { name, data: { inputs, outputs } } of events(url)) {
        if (name !== "packet") continue;
        assert.deepEqual([inputs.length, outputs.length], [2, 2]);
        for (const { peak, rms } of [...inputs, ...outputs]) {
          assert.ok(Math.abs(peak - 0.25) < 0.01 && Math.abs(rms - 0.177) < 0.02, `${peak}, ${rms}`);
        }
        if (++packets === 10) break;
      }
    }));

  it("tells its state, the devices and how it is doing", () =>
    view({ playback: tone }, async ({ url }) => {
      const state = await firstEvent(url, "state");
      assert.deepEqual(
        [state.phase, state.error, state.name, state.sampleRate, state.channels, state.playback, state.recording],
        ["running", null, "virtual", RATE, 2, "tone.wav", null],
      );
      const devices = await firstEvent(url, "devices");
      assert.ok(devices.some(({ id }: { id: string }) => id === state.device));
      const status = await firstEvent(url, "status");
      assert.ok(status.time > 0 && status.xruns === 0 && status.lateness.max >= status.lateness.p50);
    }));

  it("records bit for bit, several times in one run", () =>
    view({ playback: tone, loop: true }, async ({ url }) => {
      await firstEvent(url, "packet", ({ frame }) => frame > RATE / 4); // the silence before the sound came back
      for (const seconds of [0.5, 1.5]) {
        const { name, bytes } = await recordFor(url, "WAV", seconds);
        const { samples, channels, sampleRate } = await readFile(bytes);
        assert.deepEqual([channels, sampleRate], [2, RATE]);
        assert.ok(samples.length >= 2 * seconds * RATE);
        assertPlayed(samples, played);
        assert.deepEqual([...readFileSync(path(name))], [...bytes]);
      }
    }));

  it("loses nothing of a recording while its thread is busy", () =>
    view({ playback: tone, loop: true }, async ({ url }) => {
      await firstEvent(url, "packet", ({ frame }) => frame > RATE / 4);
      await post(url, "record", { format: "WAV" });
      const busySeconds = 3; // more than the analysis has room for
      const busyUntil = performance.now() + busySeconds * 1000;
      while (performance.now() < busyUntil);
      const { recordings } = await post(url, "finish").then(() => firstEvent(url, "state"));
      const { samples } = await readFile(path(recordings[0].name));
      assert.ok(samples.length > 2 * 0.7 * busySeconds * RATE, `${samples.length} samples`);
      assertPlayed(samples, played);
    }));

  it("records FLAC", () =>
    view({ playback: tone, loop: true }, async ({ url }) => {
      await firstEvent(url, "packet", ({ frame }) => frame > RATE / 4);
      const { name, bytes } = await recordFor(url, "FLAC", 0.5);
      assert.match(name, /^scope-\d{8}-\d{6}(-\d+)?\.flac$/);
      assert.equal(info(bytes).subtype, "PCM_24");
      assertPlayed((await readFile(bytes)).samples, played, 1.01 * 2 ** -23); // a step of 24 bits
    }));

  it("shows a glitch as it happens, and to a page that is opened later", () =>
    view({
      playback: tone,
      loop: true,
      hostSettings: { hostApi: "virtual", faults: [{ atFrame: RATE, kind: "inputOverflow", frames: 100 }] },
    }, async ({ url }) => {
      const [glitch, ...others] = await firstEvent(url, "glitches");
      assert.deepEqual([glitch.kind, others.length], ["inputOverflow", 0]);
      const past = await firstEvent(url, "past");
      assert.deepEqual(past.glitches, [glitch]);
      assert.ok(past.statuses.at(-1).xruns >= 1);
    }));

  it("stops, starts again and takes another device", () =>
    view({}, async ({ url }) => {
      const phases: string[] = [];
      const stopped = (async () => {
        for await (const { name, data } of events(url)) {
          if (name === "state" && phases.at(-1) !== data.phase) phases.push(data.phase);
          if (phases.at(-1) === "stopped") return;
        }
      })();
      await firstEvent(url, "packet");
      await eventually(() => phases.length > 0);
      assert.equal((await post(url, "stop")).status, 200);
      await stopped;
      assert.deepEqual(phases, ["running", "stopping", "stopped"]);
      assert.deepEqual(await post(url, "record", { format: "WAV" }), {
        status: 400,
        text: "Start the view before you record.",
      });
      assert.equal((await post(url, "start")).status, 200);
      await firstEvent(url, "packet");
      const { device } = await firstEvent(url, "state");
      assert.equal((await post(url, "device", { id: device })).status, 200);
      assert.equal((await firstEvent(url, "packet")).frame >= 0, true);
      assert.deepEqual(await post(url, "device", { id: "none" }), {
        status: 400,
        text: "There is no device none any more.",
      });
    }));

  it(
    "ends a recording for which the disk has no room, and goes on",
    { skip: mounted ? false : "no right to mount" },
    () =>
      view({ playback: tone, loop: true, folder: disk }, async ({ url }) => {
        await firstEvent(url, "packet", ({ frame }) => frame > RATE / 4);
        await post(url, "record", { format: "WAV" });
        const state = await firstEvent(url, "state", ({ recordings }) => recordings.length > 0);
        assert.match(state.error, /No space left/);
        assert.deepEqual([state.phase, state.recording], ["running", null]);
        const { samples } = await readFile(join(disk, state.recordings[0].name));
        assert.ok(samples.length > 0);
        assertPlayed(samples, played);
        await firstEvent(url, "packet");
      }),
  );

  it("takes another spectrum", () =>
    view({}, async ({ url }) => {
      assert.equal((await post(url, "spectrum", { channel: 2, fftSize: 8192 })).status, 200);
      await firstEvent(url, "packet", ({ bins }) => bins === 4096);
      for (
        const body of [{ channel: 3, fftSize: 8192 }, { channel: 1, fftSize: 1000 }, { channel: -1, fftSize: 512 }]
      ) {
        assert.equal((await post(url, "spectrum", body)).status, 400);
      }
    }));

  it("says what ended a run, and starts again", () =>
    view({
      playback: tone,
      hostSettings: { hostApi: "virtual", faults: [{ atFrame: RATE / 2, kind: "deviceLost" }] },
    }, async ({ url }) => {
      await post(url, "record", { format: "WAV" });
      const state = await firstEvent(url, "state", ({ phase }) => phase === "stopped");
      assert.match(state.error, /device/i);
      assert.equal(state.recording, null);
      const { samples } = await readFile(path(state.recordings[0].name)); // what there was is a whole file
      assert.ok(samples.length > 0);
      assert.equal((await post(url, "start")).status, 200);
      await firstEvent(url, "packet");
    }));

  it("has one page, in which nothing comes from elsewhere", () =>
    view({}, async ({ url }) => {
      const response = await fetch(url);
      assert.match(response.headers.get("content-security-policy")!, /default-src 'none'.*frame-ancestors 'none'/);
      const page = await response.text();
      const files = [...page.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, file]) => file).filter((file) =>
        file !== "data:,"
      );
      assert.deepEqual(files.toSorted(), ["main.js", "style.css", "uplot.css", "uplot.js"]);
      for (const file of files) {
        const { status, headers } = await fetch(url + file).then(async (file) => (await file.text(), file));
        assert.equal(status, 200, file);
        assert.match(headers.get("content-type")!, file.endsWith(".css") ? /^text\/css/ : /^text\/javascript/);
      }
    }));
});

describe("a live view refuses", () => {
  it("requests without the token, with another host, or from another page", () =>
    view({}, async ({ url }) => {
      const { origin, host, port } = new URL(url);
      const get = async (address: string, headers: Record<string, string> = {}) =>
        (await rawRequest(address, "GET", headers)).status;
      assert.equal(await get(url), 200);
      assert.equal(await get(`${url}main.js`, { Origin: origin, "Sec-Fetch-Site": "same-origin" }), 200);
      assert.equal(await get(url, { Host: `localhost:${port}` }), 200);
      // A link to the page, which says nothing yet.
      assert.equal(await get(url, { "Sec-Fetch-Site": "cross-site" }), 200);

      for (
        const path of ["", "events", "main.js", `${"x".repeat(32)}/events`, `${new URL(url).pathname.slice(2)}events`]
      ) {
        assert.equal(await get(`${origin}/${path}`), 404, path);
      }
      for (const wrong of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example", "localhost.evil", ""]) {
        assert.equal(await get(`${url}events`, { Host: wrong }), 403, wrong);
      }
      for (const other of ["http://evil.example", `https://${host}`, "http://localhost:1", "null"]) {
        assert.equal(await get(`${url}events`, { Origin: other }), 403, other);
      }
      for (const site of ["cross-site", "same-site"]) {
        assert.equal(await get(`${url}events`, { "Sec-Fetch-Site": site }), 403, site);
      }
    }));

  it("requests that its own page would not make", () =>
    view({}, async ({ url }) => {
      const { origin } = new URL(url);
      const own = { Origin: origin, "Content-Type": "application/json" };
      const send = async (headers: Record<string, string>, body = "{}", name = "stop", method = "POST") =>
        (await rawRequest(url + name, method, headers, body)).status;
      assert.equal(await send({ "Content-Type": "application/json" }), 403); // no Origin
      assert.equal(await send({ ...own, Origin: "http://evil.example" }), 403);
      assert.equal(await send({ Origin: origin, "Content-Type": "text/plain" }), 415); // what a form can send
      assert.equal(await send({ Origin: origin }), 415);
      assert.equal(await send(own, "{", "stop"), 400);
      assert.equal(await send(own, "[", "stop"), 400);
      assert.equal(await send(own, " ".repeat(5000), "stop"), 400);
      assert.equal(await send(own, "{}", "constructor"), 404);
      assert.equal(await send(own, "{}", "stop", "DELETE"), 405);
      assert.equal(await send(own, "", "events", "HEAD"), 405);
      assert.equal(await send(own, '{"format":"OGG"}', "record"), 400);
      assert.equal((await firstEvent(url, "state")).phase, "running"); // none of them had an effect
    }));

  it("files that are no recordings of its own", () =>
    view({}, async ({ url }) => {
      writeFileSync(path("secret.txt"), "secret");
      for (const name of ["secret.txt", "..%2Fsecret.txt", "%2E%2E/secret.txt", "../secret.txt", "__proto__", ""]) {
        assert.equal((await rawRequest(`${url}recordings/${name}`, "GET", {})).status, 404, name);
      }
      assert.equal((await rawRequest(`${url}recordings/%`, "GET", {})).status, 404);
    }));

  it("addresses that others can reach", async () => {
    for (const host of ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.evil.example"]) {
      await assert.rejects(scope({ device: "virtual", host }), RangeError, host);
    }
  });

  it("a device and a file that are not there, and leaves nothing open", async () => {
    await assert.rejects(scope({ device: "no such device" }), { name: "DeviceNotFoundError" });
    await assert.rejects(scope({ device: "virtual", playback: path("none.wav") }), { name: "SoundFileError" });
  });

  it("everything once it is closed", async () => {
    const shown = await scope({ device: "virtual", folder: path("") });
    const open = firstEvent(shown.url, "no such event").catch((error) => error);
    await firstEvent(shown.url, "packet");
    await post(shown.url, "record", { format: "WAV" });
    await shown.close();
    await shown.close();
    assert.ok(await open instanceof Error);
    // With a limit, because Bun for Windows does not learn under Wine that a connection was refused.
    await assert.rejects(fetch(shown.url, { signal: AbortSignal.timeout(5000) }));
  });
});

describe("the command scope", () => {
  const noSignals = process.platform === "win32" && "no signals to send";
  it("prints the address, and ends with a signal, its recording finished", { skip: noSignals }, async () => {
    const [program, ...words] = commandFor(cliFile, ["scope", "-q", "-D", "virtual", "--loop", tone]);
    const child = spawn(program, words, { cwd: path(""), stdio: ["ignore", "pipe", "pipe"] });
    const end = ended(child);
    const url = String(await new Promise((resolve) => child.stdout!.once("data", resolve))).trim();
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    await firstEvent(url, "packet", ({ frame }) => frame > RATE / 4);
    const { recording } = await post(url, "record", { format: "WAV" }).then(() => firstEvent(url, "state"));
    await firstEvent(url, "status", ({ recordedFrames }) => recordedFrames > 0);
    process.kill(child.pid!, "SIGTERM");
    assert.deepEqual(await end, { code: 143, signal: null, stderr: "" });
    assertPlayed((await readFile(path(recording))).samples, played);
  });

  it("views a JACK device, and the virtual one while JACK plays", { skip: jackMissing }, async () => {
    const server = await startJack();
    const args = ["scope", "-q", "-D", "loopback", "--host-api", "jack", "--loop", tone];
    const [program, ...words] = commandFor(cliFile, args);
    const env = { ...process.env, ...server.env };
    const child = spawn(program, words, { cwd: path(""), env, stdio: ["ignore", "pipe", "pipe"] });
    const end = ended(child);
    try {
      const url = String(await new Promise((resolve) => child.stdout!.once("data", resolve))).trim();
      await firstEvent(url, "packet", ({ frame, columns }) => frame > RATE / 2 && Math.max(...columns) > 8000);
      // A server that got no time for a while plays its last block again, or drops one.
      for (let tries = 1;; tries++) {
        const { name, bytes } = await recordFor(url, "WAV", 0.5);
        assert.ok(name.endsWith(".wav"));
        const { samples } = await readFile(bytes);
        try {
          assertPlayed(samples, played);
          break;
        } catch (error) {
          if (tries === 5) throw error;
        }
      }

      const devices = await firstEvent(url, "devices");
      const idOf = (wanted: string) => devices.find(({ name }: { name: string }) => name === wanted).id;
      const { device } = await firstEvent(url, "state");
      assert.equal(device, idOf("loopback"));
      // What is played still goes to JACK: the two have clocks of their own.
      for (const id of [idOf("virtual"), device]) {
        assert.deepEqual(await post(url, "device", { id }), { status: 200, text: "{}" });
        const state = await firstEvent(url, "state");
        assert.deepEqual([state.phase, state.error, state.device], ["running", null, id]);
        await firstEvent(url, "packet");
      }
      await firstEvent(url, "packet", ({ columns }) => Math.max(...columns) > 8000); // the tone comes back again
    } finally {
      process.kill(child.pid!, "SIGINT");
      const { stderr } = await end;
      await server.stop();
      assert.equal(stderr, "");
    }
  });

  it("tells of devices that come and go, and views one that came", { skip: pulseMissing }, async () => {
    const server = await startPulse();
    const env = { ...process.env, ...server.env };
    const [program, ...words] = commandFor(cliFile, ["scope", "-q", "-D", "virtual"]);
    const child = spawn(program, words, { cwd: path(""), env, stdio: ["ignore", "pipe", "pipe"] });
    const end = ended(child);
    const pactl = (...args: string[]) => spawnSync("pactl", args, { env, encoding: "utf8" }).stdout.trim();
    try {
      const url = String(await new Promise((resolve) => child.stdout!.once("data", resolve))).trim();
      const ids = (devices: { id: string }[]) => devices.map(({ id }) => id).filter((id) => /extra/.test(id));
      let [id, module] = ["", ""];
      for await (const { name, data } of events(url)) {
        if (name !== "devices") continue;
        if (module === "") {
          assert.deepEqual(ids(data), []);
          module = pactl("load-module", "module-null-sink", "sink_name=extra");
        } else if (id === "") {
          id = ids(data).find((id) => /monitor/i.test(id)) ?? "";
          if (id === "") continue; // the sink came before its monitor
          assert.equal((await post(url, "device", { id })).status, 200);
          const state = await firstEvent(url, "state");
          assert.deepEqual([state.phase, state.device], ["running", id]);
          await firstEvent(url, "packet");
          assert.equal((await post(url, "device", { id: "Virtual: virtual" })).status, 200);
          pactl("unload-module", module);
        } else if (ids(data).length === 0) break;
      }
    } finally {
      process.kill(child.pid!, "SIGINT");
      const { stderr } = await end;
      await server.stop();
      assert.equal(stderr, "");
    }
  });

  it("says what is wrong with its words", async () => {
    await fail(2, /scope plays one file/, "scope", "a.wav", "b.wav");
    await fail(2, /--rotate does nothing in scope/, "scope", "--rotate", "5");
    await fail(1, /-D\/--device: .*no such device/, "scope", "-D", "no such device");
  });
});
