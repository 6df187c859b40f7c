// What waiting for a file costs JavaScript, counted and not timed: it is woken, and does not look again and again.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import { takeNativeCalls } from "../helpers/native-calls.ts";
import { InputStream, SoundFile } from "../../mod.ts";
import { runtimeName } from "../helpers/runtime.ts";
import { made } from "../helpers/sound-bytes.ts";
import { newFolder } from "../helpers/sounds.ts";
import { pause, virtual } from "../helpers/streams.ts";

const folder = newFolder();
after(folder.remove);

const shape = { sampleRate: 48000, channels: 1 };
const samples = Int16Array.from({ length: 4800 }, (_, i) => i * 5);
const bytes = made({ format: "WAV", ...shape }, samples);

// Before a wait, as it begins, once more when the waker is told of it, and when that wakes; timers would look every
// 32 ms. Another look is for a file that has come while the waker was told.
const MOST_LOOKS = 5;

/** Looks by a function of the C library since the last call. */
const looks = (name: string) => takeNativeCalls().get(name) ?? 0;

const skip = process.platform === "win32" && "needs a runtime that can be woken";

describe("waiting for a file", { skip }, () => {
  it("does not look again and again at a pipe that is opened and read", async () => {
    const path = folder.path("pipe");
    assert.equal(spawnSync("mkfifo", [path]).status, 0);
    looks("");
    const opening = SoundFile.open(path);
    await pause(500);
    const end = createWriteStream(path);
    end.write(bytes.subarray(0, 2000));
    using file = await opening;
    assert.ok(looks("ps_opening_done") <= MOST_LOOKS);
    const reading = file.readAsync(-1, { dtype: "int16" });
    await pause(500);
    end.end(bytes.subarray(2000));
    assert.deepEqual(await reading, samples);
    assert.ok(looks("ps_job_done") <= MOST_LOOKS);
  });

  it("does not look again and again for room for what arrives", async () => {
    const long = Int16Array.from({ length: 3 * 2 ** 20 }, (_, i) => i * 7);
    const arriving = made({ format: "WAV", ...shape }, long);
    using file = await SoundFile.fromStream((async function* () {
      for (let at = 0; at < arriving.length; at += 2 ** 16) yield arriving.subarray(at, at + 2 ** 16);
    })());
    looks("");
    await pause(1000);
    // Deno is woken only for what keeps the process alive: it looks after 1, 1, 2, 4, 8, … ms, and then every 250.
    const most = runtimeName === "deno" ? 14 : MOST_LOOKS;
    const found = looks("ps_incoming_waiting");
    assert.ok(found <= most, `${found} looks`);
    assert.deepEqual(await file.readAsync(-1, { dtype: "int16" }), long);
  });

  it("does not look again and again for the next file of a recording", async () => {
    await using stream = await InputStream.open(virtual("realtime", { channels: 1, sampleRate: 8000, blockSize: 64 }));
    const files = ["first", "second"].map((name) => stream.toFile(folder.path(`${name}.wav`)));
    stream.setSink(files[0]);
    await stream.start();
    looks("");
    const begin = await stream.nextFile(files[1], { at: 8000 });
    const found = looks("ps_stream_next_file_at");
    await stream.abort();
    for (const file of files) file.close();
    assert.equal(begin, 8000);
    assert.ok(found <= MOST_LOOKS, `${found} looks`);
  });
});
