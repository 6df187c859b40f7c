// Loads the library from the file that is named, puts another one in its place, and plays.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { loadLibrary, play } from "../../mod.ts";

const [path] = process.argv.slice(2);
assert.equal(loadLibrary({ path }), path);
rmSync(path);
writeFileSync(path, "another version");
await play(new Float32Array(20), { sampleRate: 48000, channels: 2, device: "virtual" });
