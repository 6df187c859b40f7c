// Writes 4 MiB of messages to a standard error that nobody reads, by a worker or as the command does, says so on
// stdout, and ends when its input does.
import process from "node:process";
import { openOutlet, WorkerOutlet } from "../../cli/report/outlet.ts";

const outlet = process.argv[2] === "worker" ? new WorkerOutlet() : openOutlet();
const message = new Uint8Array(1024).fill(46);
for (let i = 0; i < 4096; i++) outlet.write(message);
await outlet.finish();
console.log("written");
process.stdin.on("end", async () => {
  await outlet.finish();
  process.exit();
}).resume();
