// Choosing devices: names that have in them what separates names, on ALSA's devices that need no sound card, and rates
// that a device does not support.
// On one runtime: the devices are chosen by the same code.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { type Conversion, describeConversion, readFile, versions, writeFile } from "../../mod.ts";
import { noise, pastream, RATE, temporaryFolder } from "../helpers/cli.ts";
import { jackMissing, startJack } from "../helpers/servers.ts";
import { toneIn } from "../helpers/tones.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;

const names = ["cable,0", "cable,1", "a, b, c", "Bob's ears", "plain", "plainer"];
const env = { HOME: path("."), PASTREAM_DEVICE: undefined };

before(async () => {
  writeFileSync(path(".asoundrc"), names.map((name) => `pcm."${name}" { type null }\n`).join(""));
  await writeFile(path("in.wav"), noise(480), { sampleRate: RATE, channels: 2 });
});

/** The stream that a choice of devices gives, as the command announces it. */
async function chosen(...device: string[]): Promise<string> {
  const args = [path("in.wav"), path("out.wav"), ...device];
  const { stdout, stderr } = await pastream(args, { env });
  assert.equal(stdout, "");
  return /^-- DuplexStream\((.*), 48000 Hz/m.exec(stderr)?.[1] ?? stderr;
}

const skip = process.platform !== "linux" ? "no ALSA" : versions().portaudio === null && "no PortAudio";

describe("what devices are asked for", { skip }, () => {
  it("is the latency of each side, which comes first for the playback", async () => {
    const args = [path("in.wav"), path("out.wav"), "-D", "plain", "--json", "--latency", "0.5,50ms"];
    const { stderr } = await pastream(args, { env });
    const [input, output] = JSON.parse(stderr.split("\n")[0]).latency;
    assert.ok(input > 0.01 && input < 0.2 && output > 0.2 && output < 1, `${input}, ${output}`);
  });
});

describe("the list of devices", { skip }, () => {
  it("has ids, latencies and rates with --verbose", async () => {
    const { stdout, stderr } = await pastream(["-l", "-v", "--host-api", "virtual"], { env });
    assert.equal(stderr, "");
    assert.match(stdout, /virtual, Virtual \(64 in, 64 out\)\n {6}id {6}Virtual: virtual\n/);
    assert.match(stdout, /\n {6}output {2}latency low [\d.]+ ms, high [\d.]+ ms\n {14}rates 8000, .*192000 Hz\n$/);
    const listed = await pastream(["--list", "--verbose", "--json", "--host-api", "virtual"], { env });
    const [{ id, sampleRates }] = JSON.parse(listed.stdout).devices;
    assert.deepEqual([id, sampleRates.input.length, sampleRates.output.length], ["Virtual: virtual", 12, 12]);
  });
});

describe("devices whose names have commas and quotes in them", { skip }, () => {
  it("are tried whole, then as a pair", async () => {
    assert.equal(await chosen("-D", "cable,0"), "'cable,0'");
    assert.equal(await chosen("-D", "A, B, C"), "'a, b, c'");
    assert.equal(await chosen("-D", "Bob's ears"), "'Bob's ears'");
    assert.equal(await chosen("-D", "ALSA: cable,1"), "'cable,1'");
    assert.equal(await chosen("-D", '"cable,0",plain'), "'plain' / 'cable,0'");
    assert.equal(await chosen("-D", "cable\\,1,'a, b, c'"), "'a, b, c' / 'cable,1'");
    assert.equal(await chosen("-D", "Bob\\'s ears,plain", "--host-api", "alsa"), "'plain' / 'Bob's ears'");
  });

  it("are told from a device and a default, and found by a part", async () => {
    // Not the device whose name and host API, "plain, ALSA", have that in them, on both sides.
    assert.match(await chosen("-D", "plain,"), /^'(?!plain').*' \/ 'plain'$/);
    assert.equal(await chosen("-D", "able,1"), "'cable,1'");
    assert.equal(await chosen("-D", "Plain", "--host-api", "alsa"), "'plain'");
    assert.match(await chosen("-D", "cable"), /^pastream: -D\/--device: several \w+ devices match "cable"/);
  });
});

describe("rates that the device does not support", () => {
  const rate = 44100;
  before(async () => {
    const tone = Float32Array.from({ length: rate }, (_, index) => 0.5 * Math.sin(2 * Math.PI * 1000 * index / rate));
    await writeFile(path("tone.wav"), tone, { sampleRate: rate, channels: 1, subtype: "FLOAT" });
  });

  /** The recording of the tone has its pitch and its level. */
  async function expectTone(file: string, sampleRate: number): Promise<void> {
    const { samples, ...read } = await readFile(path(file));
    assert.deepEqual([read.sampleRate, read.channels], [sampleRate, 1]);
    const { amplitude, residue } = toneIn(samples.slice(sampleRate * 0.4, sampleRate * 0.9), 1000, sampleRate);
    assert.ok(Math.abs(amplitude - 0.5) < 0.001 && residue < 1e-4, `amplitude ${amplitude}, residue ${residue}`);
  }

  it("are converted, and a note tells so", async () => {
    const args = ["-D", "virtual", path("tone.wav"), path("tone-out.wav"), "-c", "1", "--device-rate", "48k"];
    const { code, stderr } = await pastream(args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^pastream: the output is converted: 44100 -> 48000 Hz \(--no-convert refuses to\)$/m);
    assert.match(stderr, /^pastream: the input is converted: 48000 -> 44100 Hz/m);
    await expectTone("tone-out.wav", rate);
    const json = await pastream([...args, "--json"]);
    const start = json.stderr.split("\n").map((line) => JSON.parse(line || "{}")).find(({ type }) => type === "start");
    assert.deepEqual([start.sampleRate, start.deviceRate], [rate, 48000]);
    const told = start.conversions.map((conversion: Conversion) => [conversion.what, describeConversion(conversion)]);
    assert.deepEqual(told, [["source", "1 -> 2 channels"], ["output", "44100 -> 48000 Hz"], [
      "input",
      "48000 -> 44100 Hz",
    ]]);
    const speech = await pastream(["-D", "virtual", "null", path("speech.wav"), "-r", "16k", "-d", "0.5", "-q"]);
    assert.equal(speech.code, 0, speech.stderr);
    assert.equal((await readFile(path("speech.wav"))).sampleRate, 16000);
  });

  it("are refused with --no-convert", async () => {
    const args = ["-D", "virtual", path("tone.wav"), "--device-rate", "48k", "--no-convert", "-q"];
    const { code, stderr } = await pastream(args);
    assert.deepEqual([code, stderr.trim().split("\n").length], [1, 1]);
    assert.match(stderr, /^pastream: --device-rate: .*48000 Hz .*44100 Hz with --no-convert/);
  });

  it("play on a JACK server of another rate", { skip: jackMissing }, async () => {
    const server = await startJack();
    try {
      const files = [path("tone.wav"), path("jack-out.wav")];
      const args = [...files, "-D", "loopback", "--host-api", "jack", "-c", "1", "-p", "0.3"];
      // A server that got no time for a while plays its last block again, or drops one.
      for (let tries = 1, isWhole = false; !isWhole; tries++) {
        const { code, stderr } = await pastream(args, { env: server.env });
        assert.equal(code, 0, stderr);
        assert.match(stderr, /the output is converted: 44100 -> 48000 Hz/);
        isWhole = await expectTone("jack-out.wav", rate).then(() => true, (error) => {
          if (tries === 5) throw error;
          return false;
        });
      }
      await writeFile(path("six.wav"), noise(4800, 6), { sampleRate: RATE, channels: 6 });
      const jack = ["-D", "loopback", "--host-api", "jack", "-q", path("six.wav")];
      const many = await pastream(jack, { env: server.env });
      assert.equal(many.code, 1);
      assert.match(many.stderr, /channels: .* 2 output channels, .* for 6 of the file: -c.* and -m.* choose some/);
      const some = await pastream([...jack, "-c", "2", "-m", "5,6"], { env: server.env });
      assert.deepEqual([some.code, some.stderr], [0, ""]);
      const refused = await pastream([...args, "--no-convert", "-q"], { env: server.env });
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /^pastream: -r\/--rate: .*sample rate.*48000 Hz/i);
    } finally {
      await server.stop();
    }
  });
});
