// Runs all loopback behaviours on a device. Usage: loopback-on.ts OPTIONS, a stream's as JSON; prints
// { name: "ok" or what is wrong } as JSON.
import process from "node:process";
import { behaviours } from "../helpers/loopback.ts";

const results: Record<string, string> = {};
const place = { options: JSON.parse(process.argv[2]), dtype: "float32", channels: 2, frames: 8192 } as const;
for (const [name, prove] of Object.entries(behaviours)) {
  // A sound server that got no time for a while plays its last block again, and does not always report an xrun.
  for (let attempt = 1; attempt <= 3 && results[name] !== "ok"; attempt++) {
    results[name] = await prove(place).then(() => "ok", (error) => String(error.stack ?? error));
  }
}
console.log(JSON.stringify(results));
