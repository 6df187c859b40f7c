// Plays a sine of 1 kHz on the JACK device "loopback", and records it in a stream whose output is the virtual device.
// Prints the last second as JSON.
import { DuplexStream, OutputStream } from "../../mod.ts";

const second = Float32Array.from({ length: 48000 }, (_, i) => Math.sin(2 * Math.PI * 1000 * i / 48000) / 2);
await using output = await OutputStream.open({ device: "loopback JACK", channels: 1, sampleRate: 48000 });
await using stream = await DuplexStream.open({ device: ["loopback JACK", "virtual"], channels: 1, sampleRate: 48000 });
await output.play(second, { loop: true, blocking: false });
const recorded = await stream.record(3 * 48000);
await output.abort();
console.log(JSON.stringify({
  samples: [...recorded.subarray(2 * 48000)],
  frameCount: stream.frameCount,
  devices: String(stream),
}));
