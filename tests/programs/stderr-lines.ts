// Writes lines to stderr while PortAudio is being started and devices are being opened, by itself and by a child that
// it starts meanwhile. Prints how many it wrote.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { OutputStream, queryDevices } from "../../mod.ts";

let written = 0, open = true;
const line = () => writeSync(2, `line ${written++}\n`);
const opening = (async () => {
  for (let i = 0; i < 3; i++) await (await OutputStream.open()).close();
})().finally(() => open = false);
await setTimeout(1);
const child = spawn("sh", ["-c", "sleep 0.5; echo child >&2"], { stdio: "inherit" });
const closed = once(child, "close");
while (open) {
  line();
  await setTimeout(1);
}
await opening;
queryDevices();
await closed;
line();
console.log(written);
