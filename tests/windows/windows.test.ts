// What is different on Windows: descriptors, where libraries are looked for, and what comes first. Run by
// scripts/test-windows.mjs.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Signals } from "../../cli/stream/signals.ts";
import { PastreamError, queryDevices, readFile, SoundFile, versions, writeFile } from "../../mod.ts";
import { commandFor } from "../helpers/runtime.ts";

const origins = fileURLToPath(new URL("../programs/library-origins.ts", import.meta.url));
const tone = Float32Array.from({ length: 4800 }, (_, i) => 0.5 * Math.sin(i / 10));
let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "pastream-"));
});
after(() => rmSync(folder, { recursive: true }));

/** Which libsndfile a program finds that is started in a folder. */
function found(cwd: string, ...args: string[]): { path: string; origin: string } {
  const [program, ...words] = commandFor(origins, args);
  const { status, stdout, stderr } = spawnSync(program, words, { cwd, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

describe("on Windows", () => {
  it("a descriptor of the runtime's is refused, and its file is left alone", () => {
    const path = join(folder, "other.txt");
    writeFileSync(path, "not to be touched");
    const descriptor = openSync(path, "r+");
    try {
      assert.throws(
        () => new SoundFile(descriptor, "w", { sampleRate: 48000, channels: 1, format: "WAV" }),
        (error: unknown) => error instanceof PastreamError && /the runtime's own/.test(error.message),
      );
    } finally {
      closeSync(descriptor);
    }
    assert.equal(readFileSync(path, "utf8"), "not to be touched");
  });

  it("PortAudio and libsndfile are those that come along", () => {
    assert.deepEqual(versions().origins, { portaudio: "bundle", libsndfile: "bundle" });
  });

  for (const name of ["a.wav", "a.flac", "a.mp3", "a.ogg", "a.opus"]) {
    it(`${name} is written and read`, async () => {
      await writeFile(join(folder, name), tone, { sampleRate: 48000, channels: 1 });
      const { samples } = await readFile(join(folder, name));
      assert.ok(samples.length >= tone.length, `${samples.length} frames`);
    });
  }

  it("a path may be longer than 260 characters", async () => {
    const deep = join(folder, ...Array.from({ length: 10 }, (_, i) => `a folder with a long name ${i}`));
    mkdirSync(deep, { recursive: true });
    const path = join(deep, "tone.flac");
    assert.ok(path.length > 260);
    await writeFile(path, tone, { sampleRate: 48000, channels: 1 });
    assert.equal((await readFile(path)).samples.length, tone.length);
  });

  it("the virtual device is listed, whatever PortAudio finds", () => {
    assert.ok(queryDevices().some(({ name }) => name === "virtual"));
  });

  it("Ctrl+Break ends the command in order", () => {
    let asked = 0;
    const signals = new Signals(() => asked++);
    process.emit("SIGBREAK");
    signals.close();
    assert.deepEqual([asked, signals.name, signals.exitCode], [1, "SIGBREAK", 149]);
  });

  it("a library in the working folder is not loaded", () => {
    const planted = join(folder, "planted");
    mkdirSync(planted);
    for (const name of ["sndfile.dll", "libsndfile-1.dll"]) writeFileSync(join(planted, name), "no library");
    const { path, origin } = found(planted);
    assert.equal(origin, "bundle");
    assert.ok(!path.startsWith(planted), path);
  });

  it("a library is named by the environment that the program sets, by a path in any letters", () => {
    const copy = join(folder, "andere – ä.dll");
    copyFileSync(versions().paths.libsndfile!, copy);
    assert.deepEqual(found(folder, "environment", copy).path, copy);
    assert.deepEqual(found(folder, "option", copy).path, copy);
  });
});
