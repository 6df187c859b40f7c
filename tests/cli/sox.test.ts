// Sounds of any rate and any number of channels between sox and the command, listened to.
// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { readFile } from "../../mod.ts";
import { lacking, shell, shellCommand, temporaryFolder } from "../helpers/cli.ts";
import { heardDuring } from "../helpers/listening.ts";
import { jackMissing, pulseMissing, startJack, startPulse } from "../helpers/servers.ts";
import { full } from "../helpers/sounds.ts";
import { toneIn } from "../helpers/tones.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;

const SECONDS = 0.5;

/** A tone for each channel. */
const frequency = (channel: number) => 500 + 300 * channel;

interface Case {
  readonly type: string;
  readonly rate: number;
  readonly channels: number;
}

// Six channels of Vorbis have an order of their own: libsndfile puts them into that of WAV, sox does not.
const all: readonly Case[] = ["wav", "au", "flac", "ogg", "raw"].flatMap((type) =>
  [8000, 16000, 22050, 44100, 48000, 96000].flatMap((rate) => [1, 2, 6].map((channels) => ({ type, rate, channels })))
).filter(({ type, channels }) => type !== "ogg" || channels < 6);
const few: readonly Case[] = [
  { type: "wav", rate: 8000, channels: 1 },
  { type: "wav", rate: 96000, channels: 6 },
  { type: "au", rate: 22050, channels: 2 },
  { type: "flac", rate: 44100, channels: 2 },
  { type: "ogg", rate: 44100, channels: 1 },
  { type: "raw", rate: 16000, channels: 2 },
];

/** Has sox write the tones to its standard output. */
function sox({ type, rate, channels }: Case, seconds = SECONDS): string {
  const tones = Array.from({ length: channels }, (_, channel) => `sine ${frequency(channel)}`).join(" ");
  const form = type === "ogg" ? "" : type === "raw" ? "-e signed -b 16" : "-b 16";
  return `sox -V1 -D -n -r ${rate} -c ${channels} ${form} -t ${type} - synth ${seconds} ${tones} gain -6.0206`;
}

/** How to play it and record it as WAV: what samples have no header for must be said. */
function options({ type, rate, channels }: Case): string[] {
  const both = ["-c", `${type === "raw" ? channels : ""},${Math.max(channels, 2)}`];
  return type === "raw" ? [...both, "-t", "raw,wav", "-e", "pcm_16", "-r", String(rate)] : [...both, "-t", ",wav"];
}

function channelOf(samples: Float32Array, channel: number, channels: number): Float32Array {
  return samples.filter((_, i) => i % channels === channel);
}

/** That each channel of a recording has the tone of a sound, a mono one all, from 0.1 to 0.4 s after it begins. */
function expectTones(samples: Float32Array, channels: number, rate: number, sound: Case): void {
  const lossy = sound.type === "ogg";
  const begin = samples.findIndex((sample) => Math.abs(sample) > 0.01) / channels / rate;
  for (let channel = 0; channel < channels; channel++) {
    const own = channelOf(samples, channel, channels);
    const steady = own.slice(Math.ceil((begin + 0.1) * rate), Math.floor((begin + 0.4) * rate));
    const { amplitude, residue } = toneIn(steady, frequency(Math.min(channel, sound.channels - 1)), rate);
    const told = `${JSON.stringify(sound)}, channel ${channel + 1}: amplitude ${amplitude}, residue ${residue}`;
    assert.ok(Math.abs(amplitude - 0.5) < (lossy ? 0.02 : 0.001), told);
    assert.ok(residue < (lossy ? 0.03 : 1e-4), told);
  }
}

describe("sox and the command", { skip: lacking("sox") || lacking("bash") }, () => {
  for (const sound of full ? all : few) {
    const { type, rate, channels } = sound;
    it(`plays ${type} of ${rate} Hz and ${channels} channels from a pipe, on a device of another rate`, async () => {
      const out = path("played.wav");
      const deviceRate = rate === 48000 ? "44100" : "48k";
      const device = ["-D", "virtual", "-b", "256", "--device-rate", deviceRate];
      const args = [...device, ...options(sound), "-", out, "-p", "0.1"];
      const { code, stderr } = await shell(`${sox(sound)} | ${shellCommand(args)}`);
      assert.equal(code, 0, stderr);
      assert.match(stderr, new RegExp(`output ${rate} -> ${deviceRate === "48k" ? 48000 : 44100} Hz`));
      const recorded = await readFile(out);
      assert.deepEqual([recorded.sampleRate, recorded.channels], [rate, Math.max(channels, 2)]);
      const frames = recorded.samples.length / recorded.channels;
      assert.equal(frames, Math.round((SECONDS + 0.1) * rate));
      expectTones(recorded.samples, recorded.channels, rate, sound);
    });
  }

  for (const type of full ? ["au", "flac", "wav", "ogg", "raw"] : ["ogg", "raw"]) {
    it(`gives sox ${type} of another rate than the device's`, async () => {
      const [sound, out] = [{ type, rate: 22050, channels: 2 }, path("given.wav")];
      const device = ["-D", "virtual", "-b", "256", "-r", "22050", "--device-rate", "48k", "-p", "0.1", "-q"];
      const args = [...device, "-", "-", "-t", `au,${type}`, ...(type === "raw" ? ["-e", ",pcm_16"] : [])];
      const read = type === "raw" ? "-t raw -e signed -b 16 -r 22050 -c 2" : `-t ${type}`;
      const given = sox({ ...sound, type: "au" });
      const { code, stderr } = await shell(`${given} | ${shellCommand(args)} | sox -V1 ${read} - ${out}`);
      assert.deepEqual([code, stderr], [0, ""]);
      const { samples, channels, sampleRate } = await readFile(out);
      assert.deepEqual([channels, sampleRate, samples.length / 2], [2, 22050, (SECONDS + 0.1) * 22050]);
      expectTones(samples, 2, 22050, sound);
    });
  }

  it("play on a JACK server of another rate", { skip: jackMissing }, async () => {
    const server = await startJack();
    try {
      const sound = { type: "wav", rate: 22050, channels: 1 };
      const out = path("jack.wav");
      const device = ["-D", "loopback", "--host-api", "jack", "-p", "0.5", "-c", ",2"];
      await untilHeard(async () => {
        const { code, stderr } = await shell(`${sox(sound)} | ${shellCommand([...device, "-", out])}`, server.env);
        assert.equal(code, 0, stderr);
        assert.match(stderr, /the output is converted: 22050 -> 48000 Hz/);
        const { samples, channels, sampleRate } = await readFile(out);
        expectTones(samples, channels, sampleRate, sound);
      });
    } finally {
      await server.stop();
    }
  });

  it("play on a PulseAudio server of another rate", { skip: pulseMissing }, async () => {
    const server = await startPulse();
    try {
      await untilHeard(async () => {
        const sound = { type: "flac", rate: 11025, channels: 1 };
        const heard = await heardDuring(server, async () => {
          const line = `${sox(sound, 1)} | ${shellCommand(["-q", "-"])}`;
          const { code, stderr } = await shell(line, server.env);
          assert.deepEqual([code, stderr], [0, ""]);
        });
        expectTones(heard, 1, 48000, { ...sound, type: "ogg" }); // the server converts it, not as well as we do
      });
    } finally {
      await server.stop();
    }
  });
});

/** A server that does not get its time loses a block now and then: one of a few attempts must have been whole. */
async function untilHeard(attempt: () => Promise<void>): Promise<void> {
  for (let left = 3;; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}
