// Pipes between SoundFile and sox, and cat, both ways.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import process from "node:process";
import { SoundFile } from "../../mod.ts";
import { commandFor } from "../helpers/runtime.ts";
import { newFolder, randomFrom, randomSamples, seedOf } from "../helpers/sounds.ts";

const random = randomFrom(seedOf("pipes"));
const folder = newFolder();
after(folder.remove);
const shape = { sampleRate: 48000, channels: 2 };
const data = randomSamples("int16", 2 * 50000, random);
const skip = process.platform === "win32" || spawnSync("sox", ["--version"]).status !== 0 ? "it takes sox" : false;
const rawOfSox = ["-t", "raw", "-r", "48000", "-c", "2", "-e", "signed", "-b", "16", "-L"];
const rawOfOurs = { format: "RAW", subtype: "PCM_16", ...shape };

/** A named pipe. */
function newPipe(name: string): string {
  const path = folder.path(name);
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  return path;
}

/** A program whose output or input is a named pipe; opening our end waits for it. */
function start(command: string, ...args: string[]): Promise<number | null> {
  const child = spawn("sh", ["-c", command, "sh", ...args], { stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve) => child.on("close", (code) => resolve(code)));
}

describe("pipes", { skip }, () => {
  before(() => {
    using file = new SoundFile(folder.path("in.wav"), "w", shape);
    file.write(data);
  });

  for (const type of ["wav", "au", "flac", "ogg", "raw", "aiff"]) {
    it(`are read from sox: ${type}`, async () => {
      const pipe = newPipe(`from-${type}`);
      const options = type === "raw" ? rawOfSox : ["-t", type];
      const ended = start(
        'out=$1 in=$2; shift 2; sox -V1 -D "$in" "$@" - > "$out"',
        pipe,
        folder.path("in.wav"),
        ...options,
      );
      using file = new SoundFile(pipe, "r", type === "raw" ? rawOfOurs : {});
      assert.deepEqual([file.frames, file.seekable, file.channels, file.sampleRate], [-1, false, 2, 48000]);
      const samples = file.read(-1, { dtype: "int16" });
      assert.equal(await ended, 0);
      if (type === "ogg") assert.ok(Math.abs(samples.length / 2 - 50000) < 3000, `${samples.length / 2}`);
      else assert.equal(Buffer.compare(new Uint8Array(samples.buffer), new Uint8Array(data.buffer)), 0);
      assert.throws(() => file.seek(0), /seek/);
      assert.equal(file.tell(), samples.length / 2);
    });
  }

  // sox cannot write these to a pipe, or not everywhere; cat can.
  for (const format of ["W64", "CAF", "RF64", "WAVEX", "VOC", "NIST", "MP3"]) {
    it(`are read from cat: ${format}`, async () => {
      const path = folder.path(`whole.${format}`);
      const whole = new SoundFile(path, "w", { ...shape, format, subtype: format === "MP3" ? undefined : "PCM_16" });
      whole.write(data);
      whole.close();
      const pipe = newPipe(`cat-${format}`);
      const ended = start('cat "$2" > "$1"', pipe, path);
      using file = new SoundFile(pipe);
      assert.equal(file.format, format);
      const samples = await file.readAsync(50000, { dtype: "int16" });
      assert.equal(samples.length, data.length);
      if (format !== "MP3") assert.deepEqual(samples, data);
      file.close();
      await ended; // cat may have been left with the rest
    });
  }

  for (const type of ["wav", "wavex", "au", "flac", "ogg", "raw"]) {
    it(`are written to sox: ${type}`, async () => {
      const pipe = newPipe(`to-${type}`);
      const out = folder.path(`out-${type}.s16`);
      const options = type === "raw" ? rawOfSox : ["-t", type === "wavex" ? "wav" : type];
      const ended = start(
        'in=$1 out=$2; shift 2; sox -V1 -D "$@" "$in" -t s16 - > "$out"',
        pipe,
        out,
        ...options,
      );
      const file = new SoundFile(pipe, "w", type === "raw" ? rawOfOurs : { ...shape, format: type });
      for (let at = 0; at < data.length; at += 10000) file.write(data.subarray(at, at + 10000));
      file.close();
      assert.equal(await ended, 0);
      const bytes = readFileSync(out);
      if (type === "ogg") assert.ok(Math.abs(bytes.length / 4 - 50000) < 3000, `${bytes.length / 4} frames`);
      else assert.equal(Buffer.compare(bytes, new Uint8Array(data.buffer)), 0);
    });
  }

  it("refuse formats that cannot do without going back", () => {
    const pipe = newPipe("refused");
    void start('cat "$1"', pipe);
    assert.throws(() => new SoundFile(pipe, "w", { ...shape, format: "AIFF" }), /stream/);
  });

  it("are stdout, too", async () => {
    const script = new URL("../programs/writing.ts", import.meta.url);
    const [program, ...args] = commandFor(script, ["stdout", "1", "AU"]);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const parts: Uint8Array[] = [];
    child.stdout.on("data", (part) => void parts.push(part));
    await new Promise((resolve) => child.on("close", resolve));
    const bytes = new Uint8Array(Buffer.concat(parts));
    assert.deepEqual([...bytes.subarray(8, 12)], [255, 255, 255, 255]); // AU's "unknown length"
    using file = new SoundFile(bytes);
    assert.equal(file.frames, 200 * 5000);
  });
});
