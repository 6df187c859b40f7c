// Says which of the native libraries are mapped into this process after the import, and after the first call, and which
// modules of koffi were loaded.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

function loaded(): string[] {
  const maps = readFileSync("/proc/self/maps", "utf8");
  return ["libpastream.so", "libportaudio", "libsndfile", "koffi.node"].filter((name) => maps.includes(name));
}

const { RingBuffer } = await import("../../mod.ts");
const imported = loaded();
new RingBuffer(4, 4).close();
const called = loaded().filter((name) => name !== "koffi.node");
const modules = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes("koffi"));
console.log(JSON.stringify({ imported, called, modules }));
