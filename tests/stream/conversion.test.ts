// Streams on devices that do not run at their rate.
// On one runtime: rates are converted in C.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import {
  checkSettings,
  DuplexStream,
  InputStream,
  OutputStream,
  readFile,
  type StreamOptions,
  supportedSampleRates,
  writeFile,
} from "../../mod.ts";
import { runTs } from "../helpers/runtime.ts";
import {
  jackMissing,
  pipewireMissing,
  pulseMissing,
  type Server,
  startJack,
  startPipewire,
  startPulse,
} from "../helpers/servers.ts";
import { full, newFolder } from "../helpers/sounds.ts";
import { signalToNoise, tones } from "../helpers/tones.ts";

const RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000, 96000, 192000];
const DELAY = 600; // of the loopback, in frames of the device

const on = (deviceRate: number, options: StreamOptions = {}): StreamOptions => ({
  device: "virtual",
  ...options,
  hostSettings: { hostApi: "virtual", clock: "freewheel", loopbackDelay: DELAY, rates: [deviceRate] },
});

describe("a stream on a device of another rate", () => {
  for (const sampleRate of RATES) {
    it(`plays and records at ${sampleRate} Hz`, async () => {
      const deviceRates = full ? RATES : RATES.filter((_, i) => (i + RATES.indexOf(sampleRate)) % 3 !== 1);
      for (const deviceRate of deviceRates.filter((rate) => rate !== sampleRate)) {
        const channels = 1 + (sampleRate + deviceRate) % 3 * 2;
        await using stream = await DuplexStream.open(on(deviceRate, { sampleRate, channels }));
        assert.deepEqual([stream.sampleRate, stream.deviceRate], [sampleRate, deviceRate]);
        const [seconds, nyquist] = [0.1, Math.min(sampleRate, deviceRate) / 2];
        const sound = { rate: sampleRate, seconds, nyquist, channels };
        const frames = Math.round(seconds * sampleRate);
        const pad = Math.ceil((DELAY / deviceRate + 0.02) * sampleRate);
        const recorded = await stream.playrec(tones(frames, sound), { pad });
        assert.equal(recorded.length, (frames + pad) * channels);
        assert.equal(stream.frameCount, frames + pad);
        assert.equal(stream.xruns, 0);
        const wanted = tones(frames + pad, { ...sound, delay: DELAY / deviceRate });
        const quality = signalToNoise(recorded, wanted);
        assert.ok(quality > 90, `${deviceRate} Hz: ${quality} dB`);
      }
    });
  }

  it("tells so", async () => {
    await using stream = await OutputStream.open(on(48000, { sampleRate: 16000, blockSize: 160 }));
    assert.equal(
      String(stream),
      "OutputStream('virtual', 16000 Hz, 2 channels, float32, blockSize 160; output 16000 -> 48000 Hz)",
    );
    assert.deepEqual(stream.conversions, [{
      what: "output",
      from: { sampleRate: 16000, channels: 2 },
      to: { sampleRate: 48000, channels: 2 },
      ownClock: false,
    }]);
    await using same = await OutputStream.open(on(48000));
    assert.deepEqual([same.sampleRate, same.deviceRate], [48000, 48000]);
    assert.equal(String(same), "OutputStream('virtual', 48000 Hz, 2 channels, float32, blockSize 0)");
    assert.deepEqual(same.conversions, []);
  });

  it("tells what sources and sinks are converted from and to, while they are set", async () => {
    const options = on(48000, { sampleRate: 44100, channels: [1, 2] });
    await using stream = await DuplexStream.open({ ...options, dtype: "int16" });
    const ends = () => String(stream).split("; ").slice(1).join("; ").replace(")", "");
    const device = "output 44100 -> 48000 Hz; input 48000 -> 44100 Hz";
    assert.equal(ends(), device);
    stream.setSource(new Int16Array(100), { sampleRate: 22050, channels: 1 });
    stream.setSink(new Int16Array(4410), { sampleRate: 16000 });
    const tap = stream.addSink(new Int16Array(100));
    stream.addSink(new WritableStream(), { sampleRate: 8000 });
    const sinks = "sink 44100 -> 16000 Hz; sink 44100 -> 8000 Hz";
    assert.equal(ends(), `source 22050 -> 44100 Hz, 1 -> 2 channels; ${device}; ${sinks}`);
    assert.deepEqual(stream.conversions.map(({ what, from, to }) => [what, from.channels, to.channels]), [
      ["source", 1, 2],
      ["output", 2, 2],
      ["input", 1, 1],
      ["sink", 1, 1],
      ["sink", 1, 1],
    ]);
    assert.match(inspect(stream), /22050 -> 44100/); // as console.log() shows it
    await tap.remove();
    stream.setSource([new Int16Array(10), new Int16Array(10)]);
    assert.equal(ends(), `${device}; ${sinks}`);
    stream.setSource("examples/sample.wav");
    assert.equal(ends(), `source 48000 -> 44100 Hz; ${device}; ${sinks}`);
    await using input = await InputStream.open({ device: "virtual", sampleRate: 48000, channels: 1 });
    for await (const _ of input.chunks({ sampleRate: 11025, chunkSize: 100 })) {
      assert.match(String(input), /; sink 48000 -> 11025 Hz\)$/);
      break;
    }
    assert.deepEqual(input.conversions, []);
  });

  it("has the device's rate if that is said", async () => {
    await using input = await InputStream.open({ device: "virtual", sampleRate: 16000, deviceRate: 44100 });
    assert.deepEqual([input.sampleRate, input.deviceRate], [16000, 44100]);
    await using both = await InputStream.open({ device: "virtual", deviceRate: 44100 });
    assert.deepEqual([both.sampleRate, both.deviceRate], [44100, 44100]);
  });

  it("adds the filter's delay to its latency", async () => {
    const options = on(48000, { blockSize: 0 });
    await using plain = await DuplexStream.open(options);
    await using converted = await DuplexStream.open({ ...options, sampleRate: 16000 });
    for (const side of [0, 1]) {
      const more = converted.latency[side] - plain.latency[side];
      assert.ok(more > 0.0019 && more < 0.0041, `${more} s`);
    }
  });

  it("keeps the block size and every frame", async () => {
    await using stream = await InputStream.open(on(44100, { sampleRate: 48000, blockSize: 480, channels: 1 }));
    const lengths: number[] = [];
    for await (const chunk of stream.chunks({ frames: 10_000 })) lengths.push(chunk.length);
    assert.deepEqual(lengths, [...Array(20).fill(480), 400]);
  });

  it("is an error with the rates if nothing may be converted", async () => {
    const options = on(48000, { sampleRate: 44100, conversion: "never" });
    const message = /does not take 44100 Hz: the device takes 48000 Hz/;
    await assert.rejects(DuplexStream.open(options), { name: "PortAudioError", message });
    assert.throws(() => checkSettings("duplex", options), { name: "PortAudioError", message });
    checkSettings("duplex", { ...options, conversion: "auto" });
    checkSettings("duplex", { ...options, sampleRate: 48000 });
    const unlike = { ...options, deviceRate: 48000 };
    await assert.rejects(DuplexStream.open(unlike), { message: /deviceRate 48000 Hz .* sampleRate 44100 Hz/ });
    await assert.rejects(DuplexStream.open(on(48000, { deviceRate: 44100 })), { name: "PortAudioError" });
  });

  it("checks its options", () => {
    const open = (options: object) => () => new OutputStream({ device: "virtual", ...options });
    assert.throws(open({ deviceRate: "48k" }), { name: "TypeError", message: /deviceRate/ });
    assert.throws(open({ deviceRate: 0 }), { name: "RangeError", message: /deviceRate/ });
    assert.throws(open({ conversion: "maybe" }), { name: "RangeError", message: /conversion.*"auto".*"never"/ });
    assert.throws(open({ hostSettings: { hostApi: "virtual", rates: [1] } }), { name: "RangeError", message: /rates/ });
    assert.throws(open({ hostSettings: { hostApi: "virtual", rates: 48000 } }), {
      name: "TypeError",
      message: /rates/,
    });
    // Those that only the device knows to be wrong are named as well.
    for (const name of ["sampleRate", "deviceRate"]) {
      assert.throws(open({ [name]: 5 }), { name: "RangeError", message: new RegExp(`${name}.* 5 .*1000..768000`) });
    }
    assert.throws(open({ channels: 65 }), { name: "RangeError", message: /^channels .* 65 .*0\.\.64/ });
    assert.throws(open({ blockSize: 64, hostSettings: { hostApi: "virtual", loopbackDelay: 63 } }), {
      name: "RangeError",
      message: /loopbackDelay .* 64 .* 63/,
    });
  });
});

describe("two devices with a clock each", () => {
  const clocks = (input: number, output: number): StreamOptions<"float32"> => ({
    device: "virtual",
    channels: 1,
    sampleRate: 48000,
    hostSettings: [
      { hostApi: "virtual", drift: input, simulated: true },
      { hostApi: "virtual", drift: output, simulated: true },
    ],
  });

  for (const [input, output] of [[-200, 200], [150, 0]]) {
    it(`records by the output's clock at ${input} and ${output} ppm`, async () => {
      await using stream = await DuplexStream.open(clocks(input, output));
      assert.match(String(stream), /; input to the clock of the output\)$/);
      const second = Float32Array.from({ length: 48000 }, (_, i) => Math.sin(2 * Math.PI * 1000 * i / 48000) / 2);
      const worst = { from: 40, quality: Infinity };
      let seconds = 0;
      const frames = (full ? 1800 : 60) * 48000;
      for await (const chunk of stream.chunks({ chunkSize: 48000, playback: second, loop: true, frames })) {
        if (seconds++ < worst.from) continue;
        worst.quality = Math.min(worst.quality, toneQuality(chunk));
      }
      assert.equal(seconds * 48000, frames);
      assert.equal(stream.xruns, 0);
      assert.ok(worst.quality > 90, `${worst.quality} dB`);
    });
  }

  it("are no device that freewheels or has faults", async () => {
    const [first, second] = clocks(1, 2).hostSettings as [{ hostApi: "virtual" }, { hostApi: "virtual" }];
    const open = (settings: object) =>
      DuplexStream.open({ ...clocks(1, 2), hostSettings: [{ ...first, ...settings }, second] });
    await assert.rejects(open({ clock: "freewheel" }), /freewheels/);
    await assert.rejects(open({ faults: [{ atFrame: 1, kind: "deviceLost" }] }), /no faults/);
    await assert.rejects(open({ drift: "fast" }), { name: "TypeError", message: /drift/ });
    await assert.rejects(open({ simulated: 1 }), { name: "TypeError", message: /simulated/ });
  });
});

/** Decibels from a sine of 1 kHz to the rest of a second at 48 kHz. */
function toneQuality(samples: Float32Array): number {
  let [s, c] = [0, 0];
  const angle = (i: number) => 2 * Math.PI * 1000 * i / 48000;
  for (let i = 0; i < samples.length; i++) {
    s += samples[i] * Math.sin(angle(i)) * 2 / samples.length;
    c += samples[i] * Math.cos(angle(i)) * 2 / samples.length;
  }
  return signalToNoise(samples, samples.map((_, i) => s * Math.sin(angle(i)) + c * Math.cos(angle(i))));
}

describe("supportedSampleRates", () => {
  it("are all the usual ones of the virtual device", () => {
    const rates = supportedSampleRates("virtual");
    for (const rate of RATES) assert.ok(rates.includes(rate));
    assert.deepEqual(supportedSampleRates("virtual", "input"), rates);
    assert.throws(() => supportedSampleRates("virtual", "both" as "input"), { name: "RangeError" });
  });
});

const soxMissing = spawnSync("sox", ["--version"], { stdio: "ignore" }).status === 0 ? false : "sox is not installed";

/** Plays a file of 44.1 kHz on a server, and compares what another stream heard at 48 kHz with what sox makes of it. */
async function overServer(
  server: Server,
  device: string,
): Promise<{ quality: number; result: Record<string, unknown> }> {
  const folder = newFolder();
  try {
    const [played, recorded, oracle] = ["played.wav", "recorded.wav", "oracle.wav"].map(folder.path);
    const mono = tones(2 * 44100, { rate: 44100, seconds: 2, nyquist: 22050 });
    const stereo = Float32Array.from({ length: 2 * mono.length }, (_, i) => mono[i >> 1]);
    await writeFile(played, stereo, { sampleRate: 44100, channels: 2, subtype: "FLOAT" });
    const sox = spawnSync("sox", [played, "-e", "float", "-b", "32", oracle, "rate", "-v", "48000"], {
      encoding: "utf8",
    });
    assert.equal(sox.status, 0, sox.stderr);
    const program = new URL("../programs/converted.ts", import.meta.url);
    const env = { ...server.env, PASTREAM_DEVICE: undefined };
    const { code, stdout, stderr } = await runTs(program, { args: [played, recorded, device], env });
    assert.equal(code, 0, stderr);
    const [got, wanted] = await Promise.all([readFile(recorded), readFile(oracle)]);
    return { quality: bestQuality(got.samples, wanted.samples), result: JSON.parse(stdout) };
  } finally {
    folder.remove();
  }
}

/** How well the first channel of what is wanted is found somewhere in what was got. */
function bestQuality(got: Float32Array, wanted: Float32Array): number {
  const channel = (samples: Float32Array) =>
    Float32Array.from({ length: samples.length / 2 }, (_, i) => samples[2 * i]);
  const [heard, sound] = [channel(got), channel(wanted)];
  const middle = sound.subarray(40_000, 40_400); // to find the place
  let [place, best] = [-1, -Infinity];
  for (let at = 0; at + sound.length <= heard.length + 40_000; at++) {
    const quality = signalToNoise(heard.subarray(at, at + middle.length), middle);
    if (quality > best) [place, best] = [at, quality];
  }
  const start = place - 40_000;
  return start < 0 ? -Infinity : signalToNoise(heard.subarray(start, start + sound.length), sound);
}

describe("a file of 44.1 kHz on JACK at 48 kHz", { skip: jackMissing || soxMissing }, () => {
  let server: Server;
  before(async () => {
    server = await startJack();
  });
  after(() => server?.stop());

  it("is heard as sox converts it", async () => {
    let best = -Infinity;
    for (let attempt = 0; attempt < 4 && best < 90; attempt++) { // a server without time drops a block now and then
      const { quality, result } = await overServer(server, "loopback JACK");
      assert.deepEqual([result.sampleRate, result.deviceRate, result.frameCount], [44100, 48000, 88200]);
      assert.match(String(result.text), /output 44100 -> 48000 Hz/);
      best = Math.max(best, quality);
    }
    assert.ok(best > 90, `${best} dB`);
  });

  it("can be the input of a stream that plays on another device", async () => {
    const program = new URL("../programs/two-clocks.ts", import.meta.url);
    const env = { ...server.env, PASTREAM_DEVICE: undefined };
    let best = -Infinity;
    for (let attempt = 0; attempt < 6 && best < 14; attempt++) {
      const { code, stdout, stderr } = await runTs(program, { env });
      assert.equal(code, 0, stderr);
      const { samples, frameCount, devices } = JSON.parse(stdout);
      assert.equal(frameCount, 3 * 48000);
      assert.match(devices, /'loopback' .* 'virtual'/);
      best = Math.max(best, toneQuality(Float32Array.from(samples)));
    }
    // Clocks that are not known yet may be 100 ppm off on a busy machine (14 dB). A hole or a slip leaves some 3 dB.
    assert.ok(best > 14, `${best} dB`);
  });
});

/** Decibels: a server converts as it likes, and its delay is no whole number of frames. */
const HEARD = 20;

for (
  const [name, skip, start] of [
    ["PulseAudio", pulseMissing, startPulse],
    ["PipeWire", pipewireMissing, startPipewire],
  ] as const
) {
  describe(`a file of 44.1 kHz on ${name} at 48 kHz`, { skip: skip || soxMissing }, () => {
    let server: Server;
    before(async () => {
      server = await start();
    });
    after(() => server?.stop());

    it("is heard", async () => {
      let best = -Infinity;
      for (let attempt = 0; attempt < 4 && best < HEARD; attempt++) { // without time for it there is an underflow
        const { quality, result } = await overServer(server, "default");
        assert.deepEqual([result.sampleRate, result.frameCount], [44100, 88200]);
        best = Math.max(best, quality);
      }
      assert.ok(best > HEARD, `${best} dB`);
    });
  });
}
