// onDeviceLost: a stream that goes on on another device.
// On one Node: it plays for several seconds.
import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { InputStream } from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import { jackMissing, pulseMissing, startJack, startPulse } from "../helpers/servers.ts";

describe('onDeviceLost: "follow"', () => {
  // deno-lint-ignore no-explicit-any
  let results: any;
  before(async () => {
    const env = { PASTREAM_HOST_API: "virtual", PASTREAM_DEVICE: undefined, PULSE_SERVER: "none" };
    const { code, stdout, stderr } = await runTs(new URL("../programs/follow.ts", import.meta.url), { env });
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    results = JSON.parse(stdout);
  });

  it("plays all of the source, and records silence in the hole", () => {
    const { missing, ...rest } = results.duplex;
    assert.deepEqual(rest, {
      glitches: [["rerouted", 10240]],
      holed: true,
      frames: 52800,
      recorded: 52800,
      xruns: 0,
      inOrder: true,
      silence: true,
    });
    assert.ok(missing >= 0 && missing <= 256, `${missing} frames are missing`);
  });

  it("plays all of the source of playrec(), and records it as far as there is room", () => {
    const whole = { heard: 24000, frameCount: 28800, recorded: 28800, inPlace: true, kept: true };
    assert.deepEqual(results.playrec, { new: { ...whole, overflows: false }, fixed: { ...whole, overflows: true } });
  });

  it("records as many frames as were asked for", () => {
    assert.deepEqual(results.record, { frames: 48000, frameCount: 48000, glitches: ["rerouted"] });
  });

  it("is not the default", () => assert.equal(results.error, true));

  it('is "error" or "follow"', () => {
    const options = { device: "virtual", onDeviceLost: "go on" as "follow" };
    assert.throws(() => new InputStream(options), { name: "RangeError", message: /onDeviceLost.*"error".*"follow"/ });
  });
});

describe("the default device of another host API", { skip: jackMissing || pulseMissing }, () => {
  async function move() {
    const [jack, pulse] = await Promise.all([startJack(), startPulse()]);
    const { JACK_DEFAULT_SERVER, JACK_NO_AUDIO_RESERVATION, HOME } = jack.env;
    // The home of the one has no way from ALSA to the other.
    const env = { ...pulse.env, JACK_DEFAULT_SERVER, JACK_NO_AUDIO_RESERVATION, HOME, XDG_CONFIG_HOME: HOME };
    try {
      const { code, stdout, stderr } = await runTs(new URL("../programs/default-moves.ts", import.meta.url), {
        env: { ...env, PASTREAM_HOST_API: undefined, PASTREAM_DEVICE: undefined, SERVER_PID: String(pulse.pid) },
      });
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout);
    } finally {
      await Promise.all([jack.stop(), pulse.stop()]);
    }
  }

  it("takes a stream along that follows, and no other", async () => {
    let moved = await move();
    // A server that got no time for a while drops what it plays last; a stream that is cut off is so each time.
    for (let tries = 1; tries < 4 && moved.heardOnJack !== moved.taken; tries++) moved = await move();
    const { goesOn, taken, heardOnJack, streams: [follows, stays, named] } = moved;
    assert.notEqual(follows.before, "PulseAudio");
    assert.deepEqual([follows.after, follows.active, follows.rerouted], ["PulseAudio", true, [true]]);
    assert.deepEqual([stays.after, stays.active, stays.rerouted], [stays.before, true, []]);
    assert.deepEqual([named.after, named.active, named.rerouted], [named.before, true, []]);
    assert.equal(heardOnJack, taken, "what JACK had taken is heard whole");
    assert.equal(goesOn, true);
  });
});
