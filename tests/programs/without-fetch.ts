// Plays from memory, and looks at what Node has loaded of its own.
import assert from "node:assert/strict";
import process from "node:process";
import { play } from "../../mod.ts";

await play(new Float32Array(20), { sampleRate: 48000, channels: 2, device: "virtual" });
const { moduleLoadList } = process as unknown as { moduleLoadList: readonly string[] };
assert.ok(moduleLoadList.includes("NativeModule fs"), "the list names modules");
assert.deepEqual(moduleLoadList.filter((name) => name.includes("undici/undici")), []);
