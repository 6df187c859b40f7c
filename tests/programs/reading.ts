// Reads a sound file until its end or its first error, and prints how many frames there were. Argument: the path.
import process from "node:process";
import { SoundFile } from "../../mod.ts";

const file = new SoundFile(process.argv[2]);
let frames = 0;
try {
  for (let part; (part = file.read(1000)).length > 0;) frames += part.length / file.channels;
} catch (error) {
  console.error(String(error));
}
console.log(frames);
