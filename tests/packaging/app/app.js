// A user's program: what an installed pastream has to do, on the virtual device. Its last word says what it used.
import assert from "node:assert/strict";
import process from "node:process";
import { chunks, DuplexStream, loadLibrary, play, record, versions } from "pastream";

const path = process.env.APP_LIBRARY;
const url = process.env.APP_LIBRARY_URL;
if (path || url) loadLibrary({ path, url });

const delay = 480;
const frames = 4800;
const options = {
  device: "virtual",
  channels: 1,
  sampleRate: 48000,
  hostSettings: { hostApi: "virtual", clock: "freewheel", loopbackDelay: delay },
};
const played = Float32Array.from({ length: frames }, (_, i) => (i % 997) / 1000);
const heard = new Float32Array(frames);
heard.set(played.subarray(0, frames - delay), delay);

await play(played, options);
assert.deepEqual(await record(frames, options), new Float32Array(frames));

const collected = [];
for await (const chunk of chunks({ ...options, playback: played, chunkSize: 480 })) collected.push(...chunk);
assert.deepEqual(Float32Array.from(collected), heard);

// A source in a worker: the package's own worker module, and the library once more.
const stream = await DuplexStream.open(options);
assert.match(`${stream}`, /^DuplexStream\(/);
const ramp = { worker: new URL("./ramp.js", import.meta.url), data: frames };
if (!process.env.APP_NO_WORKER) assert.deepEqual(await stream.playrec(ramp, { frames }), heard);
await stream.close();

console.log(JSON.stringify(versions()));
