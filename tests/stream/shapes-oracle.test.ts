// Sound of other rates and channels than the stream's, against what sox makes of it, and over sound servers.
// On one runtime: what is compared is made in C.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { DuplexStream, readFile, RingBuffer, writeFile } from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import { jackMissing, pulseMissing, startJack, startPulse } from "../helpers/servers.ts";
import { newFolder } from "../helpers/sounds.ts";
import { equalSamples, full, virtual } from "../helpers/streams.ts";
import { signalToNoise, tones } from "../helpers/tones.ts";

const BLOCK = 128;
const RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000];

let folder: ReturnType<typeof newFolder>;
before(() => void (folder = newFolder()));
after(() => folder.remove());

const soxMissing = spawnSync("sox", ["--version"], { stdio: "ignore" }).status === 0 ? false : "sox is not installed";

/** What sox makes of a file at another rate. */
async function soxAt(rate: number, file: string): Promise<Float32Array> {
  const path = folder.path(`sox-${rate}.wav`);
  const args = [file, "-e", "float", "-b", "32", path, "rate", "-v", String(rate)];
  const { status, stderr } = spawnSync("sox", args, { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return (await readFile(path)).samples;
}

/**
 * Plays a file of one rate on a stream of another one, on a device of a third one whose output comes back as its input,
 * and records that at two more rates, frame for frame what sox makes of the file.
 */
async function crosses(own: number, streamRate: number, deviceRate: number, sinkRates: readonly number[]) {
  const [seconds, delay] = [0.2, 0.04]; // whole frames at each of the rates
  const nyquist = Math.min(own, streamRate, deviceRate, ...sinkRates) / 2;
  const path = folder.path("crossed.wav");
  const length = own * seconds, pad = streamRate * seconds;
  const samples = tones(length, { rate: own, seconds, nyquist });
  await writeFile(path, samples, { sampleRate: own, channels: 1, subtype: "FLOAT" });
  const settings = { rates: [deviceRate], loopbackDelay: deviceRate * delay };
  await using stream = await DuplexStream.open(virtual("freewheel", { sampleRate: streamRate, channels: 1 }, settings));
  assert.equal(stream.deviceRate, deviceRate);
  stream.setSource(path);
  const rings = sinkRates.map(() => new RingBuffer(4, 2 ** 17)); // a full one would stop the run
  stream.setSink(rings[0], { sampleRate: sinkRates[0] });
  const tap = stream.addSink(rings[1], { sampleRate: sinkRates[1] });
  await stream.start({ pad });
  await stream.wait();
  const frames = 2 * pad;
  assert.deepEqual([stream.frameCount, stream.xruns, stream.heard], [frames, 0, length]);
  for (const [i, rate] of sinkRates.entries()) {
    const names = `${own} -> ${streamRate} -> ${deviceRate} -> ${streamRate} -> ${rate} Hz`;
    const recorded = new Float32Array(new Uint8Array(rings[i].read()).buffer);
    assert.equal(recorded.length, Math.round(frames * rate / streamRate), names);
    const oracle = await soxAt(rate, path);
    const shift = Math.round(rate * delay);
    const quality = signalToNoise(recorded.subarray(shift, shift + oracle.length), oracle);
    assert.ok(quality > 85, `${names}: ${quality} dB`);
    rings[i].close();
  }
  await tap.remove();
}

/** Where what is wanted is found best in what was got, and how well it is there, in decibels. */
function bestPlace(got: Float32Array, wanted: Float32Array): { place: number; quality: number } {
  const [first, near] = [got, wanted].map((samples) => samples.findIndex((sample) => Math.abs(sample) > 0.01));
  let best = { place: 0, quality: -Infinity };
  for (let place = Math.max(0, first - near - 20); place < first - near + 20; place++) {
    const quality = signalToNoise(got.subarray(place, place + wanted.length), wanted);
    if (quality > best.quality) best = { place, quality };
  }
  return best;
}

describe("converted sound", () => {
  it("is what sox makes of it", { skip: soxMissing }, async () => {
    const pairs = [[44100, 48000], [48000, 16000], [16000, 48000], [96000, 44100], [8000, 192000], [11025, 48000]];
    for (const [own, streamRate] of full ? pairs : pairs.slice(0, 3)) {
      const samples = tones(own / 10, { rate: own, seconds: 0.1, nyquist: Math.min(own, streamRate) / 2 });
      const path = folder.path("oracle.wav");
      await writeFile(path, samples, { sampleRate: own, channels: 1, subtype: "FLOAT" });
      const options = virtual("freewheel", { sampleRate: streamRate, channels: 1, blockSize: BLOCK });
      await using stream = await DuplexStream.open(options);
      const recorded = await stream.playrec(path, { pad: BLOCK, offset: BLOCK });
      const oracle = await soxAt(streamRate, path);
      assert.ok(Math.abs(recorded.length - oracle.length) <= 1);
      const length = Math.min(recorded.length, oracle.length);
      const quality = signalToNoise(recorded.subarray(0, length), oracle.subarray(0, length));
      assert.ok(quality > 85, `${own} -> ${streamRate} Hz: ${quality} dB`);
    }
  });

  it("is what sox makes of it across the rates of stream and device", { skip: soxMissing }, async () => {
    const few = [[22050, 44100, 48000, 16000, 22050], [48000, 16000, 44100, 48000, 8000], [
      8000,
      96000,
      44100,
      11025,
      96000,
    ]];
    const all = RATES.flatMap((own, i) =>
      RATES.flatMap((stream, j) =>
        RATES.map((device, k) => [own, stream, device, RATES[(i + j + k) % 9], RATES[(i + 2 * j + 5 * k + 1) % 9]])
      )
    );
    const crossed = full ? all.filter(([, stream, device]) => stream !== device) : few;
    for (const [own, stream, device, ...sinks] of crossed) await crosses(own, stream, device, sinks);
  });

  for (
    const [name, missing, start, devices] of [
      ["JACK", jackMissing, startJack, ["loopback JACK"]],
      ["PulseAudio", pulseMissing, startPulse, ["monitor pulseaudio", "pulseaudio"]],
    ] as const
  ) {
    it(`is played and recorded over ${name}`, { skip: missing || soxMissing }, async () => {
      const server = await start();
      try {
        const [file, flac, wav] = ["mono.wav", "server.flac", "server.wav"].map(folder.path);
        const shape = { seconds: 1, nyquist: 16000 / 2 };
        const samples = tones(44100, { rate: 44100, ...shape });
        await writeFile(file, samples, { sampleRate: 44100, channels: 1, subtype: "FLOAT" });
        const program = new URL("../programs/shapes.ts", import.meta.url);
        const env = { ...server.env, PASTREAM_DEVICE: undefined };
        const { code, stdout, stderr } = await runTs(program, { args: [file, flac, wav, ...devices], env });
        assert.equal(code, 0, stderr);
        const result = JSON.parse(stdout);
        assert.deepEqual([result.heard, result.error, result.frames], [44100, "undefined", [96000, 32000, 96000]]);
        const [large, small] = await Promise.all([readFile(flac), readFile(wav)]);
        const left = large.samples.filter((_, i) => i % 2 === 0), right = large.samples.filter((_, i) => i % 2 === 1);
        equalSamples(left, right);
        if (result.xruns > 0 || name !== "JACK") return; // there a gap, or a hole in what comes back, is no surprise
        const { place, quality } = bestPlace(left, await soxAt(48000, file));
        assert.ok(quality > 85, `${quality} dB, ${stdout}`);
        const wanted = tones(32000, { rate: 16000, ...shape, delay: place / 48000 });
        assert.ok(signalToNoise(small.samples, wanted) > 85, `${signalToNoise(small.samples, wanted)} dB`);
      } finally {
        await server.stop();
      }
    });
  }
});
