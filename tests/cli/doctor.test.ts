// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { pastream } from "../helpers/cli.ts";
import { jackMissing, type Server, startJack } from "../helpers/servers.ts";

describe("pastream doctor", () => {
  it("reports libraries, devices and a perfect loop of the virtual device", async () => {
    const { code, stdout, stderr } = await pastream(["doctor", "-D", "virtual", "-b", "256", "-d", "0.5"]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.match(
      stdout,
      /^Versions\n {2}pastream +\d+\.\d+\.\d+\n {2}libpastream +\d.* \(.*pastream\.\w+\)\n {2}PortAudio /,
    );
    assert.match(stdout, /^Devices\n(.*\n)* .* Virtual \(/m);
    assert.match(stdout, /^Loopback\n {2}DuplexStream\('virtual', 48000 Hz, 2 in, 2 out, float32, blockSize 256\)\n/m);
    assert.match(stdout, /^ {2}sound came back {6}yes$/m);
    assert.match(stdout, /^ {2}round-trip latency {3}5\.333 ms \(256 frames\)$/m);
    assert.match(stdout, /^ {2}bit-exact {12}yes$/m);
    assert.match(stdout, /^ {2}lost, added frames {3}0, 0$/m);
    assert.match(stdout, /^ {2}run {18}72000 frames, 1\.500 s, 0 xruns$/m);
    assert.match(
      stdout,
      /^ {2}callback lateness {4}p50 \d+\.\d{3} ms, p99 \d+\.\d{3} ms, max \d+\.\d{3} ms \(\d+ callbacks\)$/m,
    );
    assert.match(stdout, /^ {2}callback duration {4}p50 \d+\.\d{3} ms, /m);
  });

  it("tells programs in JSON", async () => {
    const { code, stdout } = await pastream(["doctor", "-D", "virtual", "-b", "64", "-c", "1", "-d", "0.3", "--json"]);
    const { versions, devices, loopback, error, exitCode } = JSON.parse(stdout);
    assert.deepEqual([code, exitCode, error], [0, 0, null]);
    assert.match(versions.pastream, /^\d/);
    assert.ok(devices.length >= 1);
    assert.deepEqual([loopback.result.soundCameBack, loopback.result.bitExact, loopback.result.latencyFrames], [
      true,
      true,
      64,
    ]);
    assert.deepEqual(loopback.conversions, []);
    const args = ["doctor", "-D", "virtual", "-c", "1", "-d", "0.3", "-r", "16k", "--device-rate", "48k"];
    const converted = await pastream([...args, "--json"]);
    assert.equal(converted.code, 0, converted.stderr);
    const found = JSON.parse(converted.stdout).loopback;
    assert.match(found.stream, /output 16000 -> 48000 Hz; input 48000 -> 16000 Hz/);
    assert.deepEqual(found.conversions[1].from, { sampleRate: 48000, channels: 1 });
  });

  it("fails where there is no loop, or no device", async () => {
    const { code, stdout, stderr } = await pastream(["doctor", "-D", "no-such-device"]);
    assert.equal(code, 1);
    assert.match(stdout, /^Versions\n/);
    assert.match(stderr, /^pastream: .*no-such-device.*\n$/);
    const env = { PASTREAM_LIB: "/no/such/library" };
    const broken = await pastream(["doctor"], { env });
    assert.deepEqual([broken.code, broken.stdout.split("\n")[0]], [1, "Versions"]);
    assert.match(broken.stderr, /^pastream: libpastream could not be loaded.*\n$/);
    const report = JSON.parse((await pastream(["doctor", "--json"], { env })).stdout);
    assert.deepEqual([report.versions, report.devices, report.loopback, report.exitCode], [null, [], null, 1]);
    assert.equal(report.error.code, "library-not-found");
    const partly = await pastream(["doctor", "-D", "virtual", "-d", "0.1"], {
      env: { PASTREAM_SNDFILE: "/no/such/library" },
    });
    assert.equal(partly.code, 0);
    assert.match(partly.stdout, /^ {2}libsndfile {3}not found; install it: .*PASTREAM_SNDFILE.*$/m);
    const endless = await pastream(["doctor", "-D", "virtual", "-d", "-1"]);
    assert.equal(endless.code, 2);
    assert.match(endless.stderr, /-d\/--duration: the doctor listens/);
  });
});

describe("pastream doctor, over JACK", { skip: jackMissing }, () => {
  let server: Server;
  before(async () => void (server = await startJack()));
  after(() => server?.stop());

  it("finds the sound of a cable, and none where there is no cable", async () => {
    const examine = async (device: string) => {
      const env = { ...server.env, PASTREAM_DEVICE: undefined };
      const { code, stdout } = await pastream(["doctor", "-D", device, "-d", "0.3", "--json"], { env });
      const { loopback: { result, summary } } = JSON.parse(stdout);
      assert.ok(summary.callbacks.count > 0);
      return [code, result.soundCameBack, result.bitExact];
    };
    // A server that got no time for a while plays its last block again.
    let found = await examine("loopback JACK");
    for (let attempt = 1; attempt < 5 && !found[2]; attempt++) found = await examine("loopback JACK");
    assert.deepEqual(found, [0, true, true]);
    assert.deepEqual(await examine("system"), [1, false, false]);
  });
});
