// Plays a mono file on a stereo stream at 48 kHz whose output comes back as its input, and records that into a FLAC at
// 48 kHz and a mono WAV at 16 kHz. Usage: shapes.ts FILE FLAC WAV DEVICE [DEVICE]; prints what was counted as JSON.
import process from "node:process";
import { DuplexStream, SoundFile } from "../../mod.ts";

const [file, flac, wav, ...devices] = process.argv.slice(2);
const device = [devices[0], devices.at(-1)!] as const;
await using stream = await DuplexStream.open({ device, sampleRate: 48000, channels: 2, latency: 0.1 });
using large = stream.toFile(flac, "w", { subtype: "PCM_24" });
using small = new SoundFile(wav, "w", { sampleRate: 16000, channels: 1, subtype: "FLOAT" });
stream.setSink(large);
const tap = stream.addSink(small);
stream.setSource(file);
await stream.start({ pad: 48000 });
await stream.wait();
await tap.remove();
const { sampleRate, deviceRate, heard, xruns } = stream;
const frames = [large.frames, small.frames, stream.frameCount];
console.log(JSON.stringify({ sampleRate, deviceRate, heard, xruns, frames, error: String(tap.error) }));
