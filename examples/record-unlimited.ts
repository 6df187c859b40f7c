/**
 * Records until Ctrl-C, into files of one length; joined, they are the whole recording. Usage: record-unlimited.ts
 * [device [seconds of a file]]
 */
import { rmSync } from "node:fs";
import process from "node:process";
import { InputStream } from "pastream";

const [device, seconds = "60"] = process.argv.slice(2);

const stream = new InputStream({ device });
const framesOfFile = Math.round(Number(seconds) * stream.sampleRate);
const open = (number: number) => stream.toFile(`recording-${String(number).padStart(4, "0")}.flac`);

let file = open(1);

/** Closes a file, and removes one that was opened but not used because the recording was stopped. */
function finish(): void {
  const { name, frames } = file;
  file.close();
  if (frames > 0) console.log(`${name}: ${frames} frames`);
  else rmSync(name);
}

let isStopped = false;
process.on("SIGINT", () => {
  isStopped = true;
  stream.stop();
});
stream.setSink(file);
await stream.start();
for (let number = 2;; number++) {
  const cut = (number - 1) * framesOfFile;
  // The next file is opened a little before it is needed.
  if (await stream.wait(Math.max(0, (cut - stream.frameCount) / stream.sampleRate - 0.5)) || isStopped) break;
  const next = open(number);
  await stream.nextFile(next, { at: cut });
  finish();
  file = next;
}
await stream.wait();
finish();
await stream.close();
