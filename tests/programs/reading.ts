// Reads a sound file until its end or its first error, and prints how many frames there were.
// Arguments: the path; "seek" for some seeks before.
import process from "node:process";
import { SoundFile } from "../../mod.ts";

const file = new SoundFile(process.argv[2]);
if (process.argv[3] === "seek") {
  for (const part of [0.3, 0.9, 0.5, 0]) file.seek(Math.floor(file.frames * part));
}
let frames = 0;
try {
  for (let part; (part = file.read(1000)).length > 0;) frames += part.length / file.channels;
} catch (error) {
  console.error(String(error));
}
console.log(frames);
