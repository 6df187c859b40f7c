// Says which of the native libraries are mapped into this process after the import, and after the first call.
import { readFileSync } from "node:fs";

function loaded(): string[] {
  const maps = readFileSync("/proc/self/maps", "utf8");
  return ["libpastream.so", "libportaudio", "libsndfile", "koffi.node"].filter((name) => maps.includes(name));
}

const { RingBuffer } = await import("../../mod.ts");
const imported = loaded();
new RingBuffer(4, 4).close();
const called = loaded().filter((name) => name !== "koffi.node");
console.log(JSON.stringify({ imported, called }));
