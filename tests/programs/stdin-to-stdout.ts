// Plays the sound file on standard input and records into one on standard output: [the stream's options as JSON, pad].
import process from "node:process";
import { DuplexStream, SoundFile } from "../../mod.ts";

const [options, pad] = process.argv.slice(2);
using source = new SoundFile(0);
await using stream = DuplexStream.fromFile(source, JSON.parse(options));
using out = stream.toFile(1, "w", { format: "AU" });
stream.setSource(source);
stream.setSink(out);
// A pipe may bring sound later than a device in real time plays it: what is tested there is in the ring at the start.
await stream.start({ pad: Number(pad), prebuffer: 8192 });
await stream.wait();
