// Names of devices that have in them what separates names, on ALSA's devices that need no sound card.
// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { versions, writeFile } from "../../mod.ts";
import { noise, pastream, RATE, temporaryFolder } from "../helpers/cli.ts";

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
