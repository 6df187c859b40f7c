// A process that is told to end, does not, and is told again.
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { Signals } from "../../cli/stream/signals.ts";

const signals = new Signals(() => console.log("asked"));
process.kill(process.pid, "SIGINT");
while (signals.exitCode === undefined) await setTimeout(10);
console.log(signals.name, signals.exitCode);
process.kill(process.pid, "SIGTERM");
await setTimeout(20_000);
