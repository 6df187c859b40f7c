// Programs over the real PortAudio, for tests that give them a sound server: [which one, argument]. Each prints JSON.
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import {
  checkSettings,
  deviceChanges,
  DeviceLostError,
  DuplexStream,
  InputStream,
  OutputStream,
  queryDevice,
  queryDevices,
  queryHostApis,
  refreshDevices,
  type SamplesOf,
  SoundFile,
  supportedSampleRates,
} from "../../mod.ts";
import { killServer } from "../helpers/restart.ts";
import { join, noise } from "../helpers/streams.ts";

type Samples = SamplesOf<"float32">;

const FRAMES = 48000;
const PAD = 8192;

/** Where what was played begins in a recording, and whether all of it is there. */
function find(played: Samples, recorded: Samples): { delay: number; equal: boolean } {
  const first = recorded.findIndex((sample) => sample !== 0);
  const delay = first < 0 ? -1 : Math.floor(first / 2);
  const bits = (samples: Samples) => new Uint32Array(samples.buffer, samples.byteOffset, samples.length);
  const [a, b] = [bits(played), bits(recorded.subarray(2 * delay, 2 * delay + played.length))];
  return { delay, equal: a.length === b.length && a.every((sample, i) => sample === b[i]) };
}

/** Runs until a run was equal: a server that had no time for a while drops something, and does not always say so. */
async function untilEqual(
  run: (stream: DuplexStream, played: Samples) => Promise<Samples>,
): Promise<unknown> {
  await using stream = await DuplexStream.open({ device: "loopback JACK", channels: 2 });
  for (let attempt = 1;; attempt++) {
    const played = noise("float32", 2 * FRAMES, attempt); // up to twice full scale
    const recorded = await run(stream, played);
    const { xruns, frameCount, sampleRate } = stream;
    const result = { ...find(played, recorded), xruns, frameCount, sampleRate, frames: recorded.length / 2 };
    if (result.equal || attempt === 6) return result;
  }
}

const memory = () => untilEqual((stream, played) => stream.playrec(played, { pad: PAD }));

const chunks = () =>
  untilEqual(async (stream, played) => {
    const parts: Samples[] = [];
    for await (const chunk of stream.chunks({ chunkSize: 500, playback: played, pad: PAD })) parts.push(chunk.slice());
    return join(...parts);
  });

const files = (folder: string) =>
  untilEqual(async (stream, played) => {
    const options = { sampleRate: 48000, channels: 2, subtype: "FLOAT" };
    const source = new SoundFile(`${folder}/played.wav`, "w", options);
    source.write(played);
    source.close();
    const [from, to] = [
      new SoundFile(`${folder}/played.wav`),
      new SoundFile(`${folder}/recorded.wav`, "w", options),
    ];
    await stream.playrec(from, { out: to, pad: PAD });
    from.close();
    to.close();
    const result = new SoundFile(`${folder}/recorded.wav`);
    const recorded = result.read() as Samples;
    result.close();
    return recorded;
  });

async function devices(): Promise<unknown> {
  const attempt = async (others: object) => {
    const options = { device: "loopback JACK", ...others };
    const opening = await DuplexStream.open(options).then((stream) => stream.close(), String);
    try {
      checkSettings("duplex", options);
      return opening ?? "ok";
    } catch (error) {
      const { name, paCode } = error as { name: string; paCode?: number };
      return { name, paCode, asOpening: String(error) === opening };
    }
  };
  return {
    loopback: queryDevice("loopback JACK"),
    last: queryDevices().at(-1),
    hostApis: queryHostApis().map(({ name }) => name),
    settings: {
      good: await attempt({ channels: 2 }),
      rate: await attempt({ sampleRate: 44100, conversion: "never" }),
      channels: await attempt({ channels: 3 }),
      host: await attempt({ hostSettings: { hostApi: "wasapi", exclusive: true } }),
    },
  };
}

/** PortAudio's ALSA gives a stream up at some of the xruns of PulseAudio's plugin, on a machine that is too busy. */
function unlessLost(error: unknown): undefined {
  if (!(error instanceof DeviceLostError)) throw error;
}

/** A file played and recorded over the default device: the pieces of it that came back, as [at, from, frames]. */
async function pieces(folder: string): Promise<unknown> {
  const [lead, frames] = [24000, 96000]; // the first frames of a capture are lost
  const signal = noise("float32", 2 * frames).map((sample) => sample / 2); // within full scale
  const options = { sampleRate: 48000, channels: 2, subtype: "FLOAT" };
  const file = new SoundFile(`${folder}/played.wav`, "w", options);
  file.write(join(new Float32Array(2 * lead), signal));
  file.close();
  await using stream = DuplexStream.fromFile(`${folder}/played.wav`, { channels: 2 });
  const recorded = await stream.playrec(`${folder}/played.wav`, { pad: 48000 }).catch(unlessLost);
  if (!recorded) return { lost: true };
  const key = (samples: Samples, frame: number) => `${samples[2 * frame]} ${samples[2 * frame + 1]}`;
  const where = new Map<string, number>();
  for (let i = 0; i < frames; i++) where.set(key(signal, i), i);
  const equal = (i: number, at: number) =>
    recorded[2 * at] === signal[2 * i] && recorded[2 * at + 1] === signal[2 * i + 1];
  const found: number[][] = [];
  let foreign = 0;
  for (let at = 0; 2 * at < recorded.length; at++) {
    const from = where.get(key(recorded, at));
    let length = 0;
    if (from !== undefined) { while (from + length < frames && equal(from + length, at + length)) length++; }
    if (length > 0) found.push([at, from!, length]);
    else if (recorded[2 * at] !== 0 || recorded[2 * at + 1] !== 0) foreign++;
    at += Math.max(length - 1, 0);
  }
  return { found, foreign, frames, glitches: stream.glitches.filter(({ frame }) => frame > lead).length };
}

/** Both directions at a rate that the server converts, with a buffer that is too short for ALSA's plugin. */
async function converted(): Promise<unknown> {
  await using stream = await DuplexStream.open({ sampleRate: 44100, channels: 2, latency: "low", conversion: "never" });
  const recorded = await stream.playrec(noise("float32", 2 * 22050), { pad: 22050 });
  const heard = recorded.some((sample) => sample !== 0);
  return { frames: recorded.length / 2, heard, rate: stream.deviceRate };
}

/** A JACK server that is killed, and comes back: the next stream finds it, without refreshDevices(). */
async function restarted(): Promise<unknown> {
  const play = async (device: string) => {
    await using stream = await OutputStream.open({ device });
    await stream.play(new Float32Array(9600));
    return stream.frameCount;
  };
  const before = await play("loopback JACK");
  const restart = await killServer(Number(process.env.SERVER_PID));
  const error = await play("loopback JACK").catch(String);
  await restart();
  return { before, error, after: await play("loopback JACK") };
}

/** What deviceChanges() tells of a server for clients of JACK that goes and comes, and a device with it. */
async function changes(server = process.env.SERVER_PID, device = "loopback"): Promise<unknown> {
  const seen: string[] = [];
  queryDevices(); // what changes do not tell of
  const stop = new AbortController();
  const watching = (async () => {
    for await (const { kind, device } of deviceChanges({ signal: stop.signal })) seen.push(`${kind} ${device?.name}`);
  })();
  const until = async (wanted: string) => {
    for (let tries = 0; tries < 3000 && !seen.includes(wanted); tries++) await setTimeout(20);
    return seen.includes(wanted);
  };
  const restart = await killServer(Number(server));
  const gone = await until(`removed ${device}`);
  await restart();
  const back = await until(`added ${device}`);
  stop.abort();
  await watching;
  return { gone, back };
}

/** PipeWire's sink as a device of JACK, by the library that PipeWire has in JACK's place. */
async function pipewire(): Promise<unknown> {
  const { id, defaultLowOutputLatency } = queryDevice("loop JACK", "output");
  await using stream = await DuplexStream.open({ device: id, channels: 2 });
  let result: { equal: boolean } = { equal: false };
  for (let attempt = 1; attempt < 6 && !result.equal; attempt++) {
    const played = noise("float32", 2 * FRAMES, attempt);
    result = find(played, await stream.playrec(played, { pad: PAD }));
  }
  return { ...result, latencies: [...stream.latency, defaultLowOutputLatency] };
}

/** A client of JACK whose name is no regular expression that matches it. */
async function names(): Promise<unknown> {
  const name = `click (1) [x] ${process.pid}`; // clients of one name disturb each other, also those of other servers
  const client = spawn("jack_metro", ["-n", name, "-b", "240"], { stdio: "ignore" });
  try {
    const isThere = () => spawnSync("jack_lsp", { encoding: "utf8" }).stdout.includes(name);
    for (let tries = 0; tries < 1000 && !isThere(); tries++) await setTimeout(50);
    await refreshDevices();
    await using stream = await InputStream.open({ device: "click JACK" });
    const heard = (await stream.record(24000)).some((sample) => sample !== 0);
    return { found: queryDevice("click JACK").name === name, channels: stream.channels, heard };
  } finally {
    client.kill();
  }
}

/** Sends a signal to the server under a running stream: [signal, "output", or the device of a duplex stream]. */
async function lose(signal: NodeJS.Signals, where: string): Promise<unknown> {
  const stream = where === "output"
    ? await OutputStream.open()
    : await DuplexStream.open({ device: where || undefined, channels: 2 });
  await stream.start({ frames: -1, pad: -1 });
  while (stream.frameCount < 0.3 * stream.sampleRate) await setTimeout(20);
  const begun = performance.now();
  process.kill(Number(process.env.SERVER_PID), signal);
  let failure: unknown;
  await stream.wait().catch((error) => failure = error);
  const lost = performance.now();
  await stream.close();
  const closed = performance.now();
  return {
    error: (failure as Error | undefined)?.name,
    code: (failure as { code?: string } | undefined)?.code,
    message: (failure as Error | undefined)?.message,
    noticed: (lost - begun) / 1000,
    closed: (closed - lost) / 1000,
    aborted: stream.aborted,
  };
}

/** What is called while the server is stopped, and whether this thread had time for anything else until it answered. */
async function stopped(device: string): Promise<unknown> {
  process.kill(Number(process.env.SERVER_PID), "SIGSTOP");
  const calls: Record<string, () => Promise<unknown>> = {
    refreshDevices,
    open: () => OutputStream.open({ device }),
    openDefault: () => OutputStream.open(),
  };
  const answers: unknown[] = [];
  for (const [name, call] of Object.entries(calls)) {
    const times = [performance.now()];
    const timer = setInterval(() => times.push(performance.now()), 20);
    const error = await call().then(() => "none", (error) => `${error.name}: ${error.message}`);
    clearInterval(timer);
    times.push(performance.now());
    const longest = Math.max(...times.slice(1).map((time, i) => time - times[i]));
    const took = times.at(-1)! - times[0];
    // A server with realtime priority that has something to make up for may itself take a processor for a second.
    answers.push({ name, error, wasFree: took < 2500 || longest < took / 2, longest, took });
  }
  return answers;
}

/** The sample rates of a device whose server is stopped. */
function rates(device: string): unknown {
  queryDevices();
  process.kill(Number(process.env.SERVER_PID), "SIGSTOP");
  try {
    return { error: supportedSampleRates(device, "output") };
  } catch (error) {
    return { error: String(error) };
  }
}

const programs: Record<string, (...args: string[]) => unknown> = {
  memory,
  chunks,
  files,
  devices,
  count: () => queryDevices().length,
  again: async () => {
    const ids = () => queryDevices().map(({ id }) => id);
    const before = ids();
    await refreshDevices();
    return [before, ids()];
  },
  pieces,
  converted,
  restarted,
  names,
  pipewire,
  changes,
  stopped,
  rates,
  lose: (signal, where) => lose(signal as NodeJS.Signals, where),
};
const [name, ...args] = process.argv.slice(2);
console.log(JSON.stringify(await programs[name](...args)));
