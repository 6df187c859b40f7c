// Shows a sound file, open and closed, a stream and a ring by console.log(). Argument: the path of the file.
import process from "node:process";
import { OutputStream, RingBuffer, SoundFile } from "../../mod.ts";

const file = new SoundFile(process.argv[2]);
console.log(file);
file.close();
console.log(file);
const stream = new OutputStream({ device: "virtual", sampleRate: 48000, channels: 1, blockSize: 64 });
console.log(stream);
await stream.close();
console.log(new RingBuffer(4, 1024));
