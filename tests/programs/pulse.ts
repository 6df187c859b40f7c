// Programs over a PulseAudio or PipeWire server, for tests: those that are named, one after the other. Prints their
// results by name as JSON, { failed } of one that has thrown something.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import {
  checkSettings,
  deviceChanges,
  DuplexStream,
  InputStream,
  OutputStream,
  play,
  queryDevice,
  queryDevices,
  queryHostApis,
  refreshDevices,
  RingBuffer,
  type SamplesOf,
} from "../../mod.ts";
import { native } from "../../ffi/load.ts";
import { symbols } from "../../ffi/symbols.ts";
import { killServer } from "../helpers/restart.ts";
import { noise } from "../helpers/streams.ts";

type Samples = SamplesOf<"float32">;

/** Enough for a server that gets no realtime priority on a busy machine. */
const LATENCY = 0.1;

const pactl = (...args: string[]): string => execFileSync("pactl", args, { encoding: "utf8" }).trim();

const loadSink = (name: string) =>
  pactl("load-module", "module-null-sink", `sink_name=${name}`, "rate=48000", "channels=2", "format=float32le");

/** Frames of `played` that stand in `recorded` in one piece, from its first sound on; and whether no other does. */
function heard(played: Samples, recorded: Samples): { frames: number; whole: boolean; only: boolean } {
  const start = recorded.findIndex((sample) => sample !== 0);
  const from = start < 0 ? -1 : played.indexOf(recorded[start]);
  if (from < 0) return { frames: 0, whole: false, only: start < 0 };
  let length = 0;
  while (from + length < played.length && played[from + length] === recorded[start + length]) length++;
  const only = recorded.subarray(start + length).every((sample) => sample === 0);
  return { frames: length / 2, whole: length === played.length, only };
}

/** Runs until all is heard whole: a server that had no time for a while drops something, and does not always say so. */
async function untilWhole(hear: () => Promise<ReturnType<typeof heard>[]>): Promise<unknown> {
  for (let tries = 1;; tries++) {
    const results = await hear();
    if (tries === 6 || results.every(({ whole, only }) => whole && only)) return results;
  }
}

/** What a server that was held up, or whose start is not over, is asked again: each try is limited to some seconds. */
async function soon<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1;; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (tries === 10 || !/did not answer/.test(String(error))) throw error;
    }
  }
}

/** What a device's input hears while something is played. */
async function listen(device: string, play: () => Promise<unknown>): Promise<Samples> {
  await using input = await InputStream.open({ device, channels: 2, latency: LATENCY });
  const recording = input.record(48000);
  while (input.frameCount === 0) await setTimeout(5);
  await play();
  return await recording;
}

/** A second of noise, which the caller knows, too. */
async function playNoise(): Promise<unknown> {
  await using stream = await OutputStream.open({ channels: 2, latency: LATENCY });
  await stream.play(noise("float32", 2 * 48000));
  return stream.frameCount;
}

async function list(): Promise<unknown> {
  const devices = queryDevices();
  return {
    hostApis: queryHostApis().map(({ name, devices }) => ({ name, devices: devices.length })),
    first: devices.slice(0, 2).map(({ id, isDefaultInput, isDefaultOutput, isLoopback }) => ({
      id,
      isDefaultInput,
      isDefaultOutput,
      isLoopback,
    })),
    loopback: queryDevice("loopback").id,
    byName: queryDevice("loop").id,
    output: await OutputStream.open({ device: "loopback" }).then(() => "opened", String),
  };
}

/** A sound of 5 ms, played on the default device, as its monitor hears it. */
function short(): Promise<unknown> {
  return untilWhole(async () => {
    const results = [];
    for (const device of [undefined, "loop"]) {
      const played = noise("float32", 2 * 240);
      await using output = await OutputStream.open({ device, channels: 2, latency: LATENCY });
      results.push(heard(played, await listen("loopback", () => output.play(played))));
    }
    return results;
  });
}

/** Two sinks at once, each chosen by its name, and its monitor. */
async function two(): Promise<unknown> {
  loadSink("second");
  await refreshDevices();
  const hear = async (name: string, i: number) => {
    const played = noise("float32", 2 * 9600, i + 1);
    await using stream = await DuplexStream.open({
      device: [`PulseAudio: ${name}.monitor`, name],
      channels: 2,
      latency: LATENCY,
    });
    return heard(played, await stream.playrec(played, { pad: 48000 }));
  };
  return await untilWhole(() => Promise.all(["loop", "second"].map(hear)));
}

/** What is said of two sinks that are described by the same words. */
async function twins(): Promise<unknown> {
  const modules = ["twin1", "twin2"].map((name) =>
    pactl("load-module", "module-null-sink", `sink_name=${name}`, "sink_properties=device.description=Twin")
  );
  await refreshDevices();
  const error = await OutputStream.open({ device: "Twin" }).then(() => "opened", String);
  await using second = await OutputStream.open({ device: "twin2" });
  const id = queryDevices()[second.device]?.id;
  await second.close();
  for (const module of modules) pactl("unload-module", module);
  return { error, id };
}

/** What deviceChanges() says of what happens; and that a stream on the default goes on meanwhile. */
async function changes(): Promise<unknown> {
  const seen: string[] = [];
  const signal = new AbortController();
  queryDevices();
  const early = loadSink("early"); // after the last list, and before the first look
  const watching = (async () => {
    for await (const { kind, device } of deviceChanges({ signal: signal.signal })) seen.push(`${kind} ${device?.id}`);
  })();
  const until = async (...wanted: string[]) => {
    for (let i = 0; i < 3000 && !wanted.every((text) => seen.includes(text)); i++) await setTimeout(20);
    const found = wanted.filter((text) => seen.includes(text));
    seen.length = 0;
    return found.length === wanted.length ? "ok" : found;
  };
  const between = await until("added PulseAudio: early", "added PulseAudio: early.monitor");
  const module = loadSink("second");
  const added = await until("added PulseAudio: second", "added PulseAudio: second.monitor");
  pactl("set-default-sink", "second");
  const changed = await until("default-output PulseAudio: second");
  const loopback = queryDevice("loopback").id;
  pactl("unload-module", module);
  const removed = await until(
    "removed PulseAudio: second",
    "removed PulseAudio: second.monitor",
    "default-output PulseAudio: loop",
  );
  signal.abort();
  await watching;
  pactl("unload-module", early);
  await refreshDevices();
  return { between, added, changed, loopback, removed };
}

/** A stream on a sink that is unloaded. */
async function unloaded(): Promise<unknown> {
  const module = loadSink("second");
  await refreshDevices();
  await using stream = await OutputStream.open({ device: "second", channels: 2, latency: LATENCY });
  await stream.start({ pad: -1 });
  while (stream.frameCount < 24000) await setTimeout(10);
  pactl("unload-module", module);
  const before = stream.frameCount;
  let error = "runs";
  stream.wait().then(() => error = "ended", ({ name }) => error = name);
  const isMoved = () =>
    stream.glitches.some(({ kind, frame }) => kind === "deviceGap" && stream.frameCount > frame + 4800);
  for (let tries = 0; tries < 1000 && error === "runs" && !isMoved(); tries++) await setTimeout(20);
  return { error, goneOn: stream.frameCount - before, glitches: stream.glitches.map(({ kind }) => kind) };
}

/** A server that is killed, and comes back: the next stream finds it, without refreshDevices(). */
async function killed(): Promise<unknown> {
  const names = () => queryDevices().map(({ id }) => id);
  const opening = (device?: string) => OutputStream.open({ device }).then((stream) => stream.close(), String);
  const before = names();
  const restart = await killServer(Number(process.env.SERVER_PID));
  const errors = [await opening(), await opening("loop")];
  const after = names();
  await restart();
  await using named = await soon(() => OutputStream.open({ device: "loop", latency: LATENCY }));
  await named.play(new Float32Array(9600));
  await using byDefault = new OutputStream({ latency: LATENCY });
  return { before, after, errors, frames: named.frameCount, again: queryDevices()[byDefault.device]?.id };
}

/** A stream that follows while its server is killed and started again. */
async function restarted(): Promise<unknown> {
  await using stream = await OutputStream.open({ channels: 2, latency: LATENCY, onDeviceLost: "follow" });
  stream.setSource(noise("float32", 2 * 96000));
  await stream.start({ pad: 4800 });
  while (stream.frameCount < 24000) await setTimeout(10);
  const restart = await killServer(Number(process.env.SERVER_PID));
  await restart();
  const error = await stream.wait().then(() => "none", String);
  const { glitches, frameCount, xrunCounts } = stream;
  const rerouted = glitches.filter(({ kind }) => kind === "rerouted");
  return {
    error,
    rerouted: rerouted.length > 0, // once, or oftener where the new server has no time to answer
    played: rerouted.reduce((frames, glitch) => frames - glitch.frames, frameCount),
    gaps: xrunCounts.sourceUnderflows,
    device: queryDevices()[stream.device]?.id,
  };
}

/** Names and lengths, in milliseconds, of calls of C functions on this thread. */
function watchCalls(): [name: string, milliseconds: number][] {
  const functions = native() as unknown as Record<string, (...args: unknown[]) => unknown>;
  const calls: [string, number][] = [];
  for (const name of Object.keys(symbols)) {
    const call = functions[name];
    functions[name] = (...args) => {
      const begun = performance.now();
      const result = call(...args);
      calls.push([name, performance.now() - begun]);
      return result;
    };
  }
  return calls;
}

/** A server that does not answer, from the first use on: which calls of C functions it held up; and when it does. */
async function stopped(): Promise<unknown> {
  const calls = watchCalls();
  const server = Number(process.env.SERVER_PID);
  process.kill(server, "SIGSTOP");
  const begun = performance.now();
  const watching = (async () => {
    for await (const _ of deviceChanges({ signal: AbortSignal.timeout(1000) }));
  })();
  const errors = await Promise.all([
    OutputStream.open().then(() => "opened", String),
    OutputStream.open({ device: "loop" }).then(() => "opened", String),
    InputStream.open({ device: "loopback" }).then(() => "opened", String),
    play(new Float32Array(9600), { device: "loop" }).then(() => "opened", String),
    refreshDevices().then(() => "the PulseAudio server did not answer", String),
  ]);
  await watching;
  const seconds = (performance.now() - begun) / 1000;
  process.kill(server, "SIGCONT");
  await using stream = await soon(() => OutputStream.open({ device: "loop", latency: LATENCY }));
  await stream.play(new Float32Array(9600));
  return {
    errors,
    seconds,
    calls: calls.length,
    // A call that waited for the server would take two seconds; one that does not, little, even of a busy machine's.
    long: calls.filter(([, milliseconds]) => milliseconds > 1500).map(([name]) => name),
    frames: stream.frameCount,
  };
}

/** PipeWire without its session manager, which connects streams to devices: what opening says, and its tries. */
async function unmanaged(): Promise<unknown> {
  queryDevices();
  process.kill(Number(process.env.WIREPLUMBER_PID), "SIGKILL");
  const calls = watchCalls();
  const errors = [];
  const tries = [];
  for (const device of [undefined, "loop"]) {
    const error = await soon(() => {
      calls.length = 0;
      return OutputStream.open({ device });
    }).then(() => "opened", String);
    errors.push(error);
    tries.push(calls.filter(([name]) => name === "ps_stream_new").length);
  }
  for (let i = 0; i < 5 && queryDevices().some(({ isDefaultOutput }) => isDefaultOutput); i++) await refreshDevices();
  const later = await soon(() => OutputStream.open()).then(() => "opened", String);
  return { errors, tries, later };
}

/** What is said by a server whose last sink has gone, before and after another look at the devices. */
async function sinkless(): Promise<unknown> {
  queryDevices();
  for (const line of pactl("list", "short", "modules").split("\n")) {
    if (line.includes("module-null-sink")) pactl("unload-module", line.split("\t")[0]);
  }
  const errors = async () => [
    await OutputStream.open().then(() => "opened", String),
    await InputStream.open().then(() => "opened", String),
    await InputStream.open({ device: "loopback" }).then(() => "opened", String),
  ];
  const before = await errors();
  await refreshDevices();
  let checked = "nothing";
  try {
    checkSettings("output");
  } catch (error) {
    checked = String(error);
  }
  return { before, after: await errors(), checked };
}

/** A stream on the default device when another becomes the default: whether that plays it, and what the log says. */
async function moved(): Promise<unknown> {
  const module = loadSink("second");
  pactl("set-default-sink", "loop"); // the server may remember another one
  await refreshDevices();
  await using stream = await OutputStream.open({ channels: 2, latency: LATENCY });
  stream.setSource(new Float32Array(9600).fill(0.5), { loop: true });
  await stream.start();
  while (stream.frameCount < 24000) await setTimeout(10);
  pactl("set-default-sink", "second");
  await using input = await InputStream.open({ device: "second.monitor", channels: 2, latency: LATENCY });
  let heard = 0;
  for (let tries = 0; tries < 20 && heard <= 0.5; tries++) { // it is moved soon, but not at once
    heard = (await input.record(24000)).filter((sample) => sample === 0.5).length / 48000;
  }
  const device = queryDevices()[stream.device]?.id;
  const result = { heard, device, active: stream.active, glitches: stream.glitches.map(({ kind }) => kind) };
  await stream.abort();
  pactl("unload-module", module);
  return result;
}

/** What a mixer shows of a stream. */
async function names(): Promise<unknown> {
  await using stream = await OutputStream.open({
    latency: LATENCY,
    hostSettings: {
      hostApi: "pulse",
      applicationName: "Test \u00fc",
      streamName: "A song",
      iconName: "audio-headset",
      mediaRole: "music",
    },
  });
  await stream.start({ pad: -1 });
  const shown = pactl("list", "sink-inputs");
  await stream.abort();
  return ["application.name", "media.name", "media.icon_name", "media.role"].map((name) =>
    shown.split("\n").map((line) => line.trim()).find((line) => line.startsWith(`${name} = `))
  );
}

/** A stream that follows: what it recorded and played while its sink was unloaded. */
async function follow(): Promise<unknown> {
  const module = loadSink("second");
  await refreshDevices();
  const played = noise("float32", 2 * 96000);
  await using stream = await DuplexStream.open({
    device: ["loop.monitor", "second"],
    channels: 2,
    latency: LATENCY,
    onDeviceLost: "follow",
  });
  const before = queryDevices()[stream.device[1]]?.id;
  const ring = stream.setSink(new RingBuffer(8, 1 << 20));
  stream.setSource(played);
  await stream.start({ pad: 24000 });
  while (stream.frameCount < 24000) await setTimeout(10);
  pactl("unload-module", module);
  await stream.wait();
  const recorded = ring.readAvailable;
  const { glitches, frameCount, xrunCounts } = stream;
  const rerouted = glitches.filter(({ kind }) => kind === "rerouted");
  return {
    before,
    after: queryDevices()[stream.device[1]]?.id,
    rerouted: rerouted.length,
    hole: rerouted[0]?.frames,
    recorded,
    frameCount,
    gaps: xrunCounts.sourceUnderflows,
  };
}

const programs: Record<string, () => Promise<unknown>> = {
  list,
  short,
  noise: playNoise,
  two,
  twins,
  changes,
  unloaded,
  follow,
  names,
  moved,
  killed,
  restarted,
  sinkless,
  stopped,
  unmanaged,
};
const results: Record<string, unknown> = {};
for (const name of process.argv.slice(2)) {
  results[name] = await programs[name]().catch((error) => ({ failed: String(error.stack ?? error) }));
}
console.log(JSON.stringify(results));
