// A stream on the default device, which is JACK's, when a PulseAudio server comes, whose default device is the default
// one then. SERVER_PID is that server's. Prints JSON.
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { InputStream, OutputStream, queryDevice, queryDevices } from "../../mod.ts";
import { killServer } from "../helpers/restart.ts";

const restart = await killServer(Number(process.env.SERVER_PID));
const hostApi = (device: number) => queryDevices()[device]?.hostApi;
const sound = new Float32Array(9600).fill(0.5);

/** Where a stream is before and after; and whether it goes on. */
async function run(options: object): Promise<[OutputStream, () => unknown]> {
  const stream = await OutputStream.open({ channels: 2, ...options });
  stream.setSource(sound, { loop: true });
  await stream.start();
  while (stream.frameCount < 9600) await setTimeout(10);
  const before = hostApi(stream.device);
  return [stream, () => {
    const { active, glitches, xruns } = stream;
    const rerouted = glitches.filter(({ kind }) => kind === "rerouted").map(({ frames }) => frames > 0);
    return { before, after: hostApi(stream.device), active, rerouted, xruns };
  }];
}

const runs = await Promise.all([
  run({ onDeviceLost: "follow" }),
  run({}),
  run({ onDeviceLost: "follow", device: queryDevice("loopback JACK").id }),
]);
await restart();
for (let tries = 0; tries < 500 && hostApi(runs[0][0].device) !== "PulseAudio"; tries++) await setTimeout(20);
const streams = runs.map(([, state]) => state());
await using input = await InputStream.open({ device: "loopback", channels: 2, latency: 0.1 });
const heard = (await input.record(24000)).some((sample) => sample === 0.5);
for (const [stream] of runs) await stream.close();
console.log(JSON.stringify({ streams, heard }));
