// What is left on disk when things go wrong.
// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";
import { checkFormat, info, SoundFile } from "../../mod.ts";
import { commandFor, runTs } from "../helpers/runtime.ts";
import { full, newFolder, randomFrom, seedOf } from "../helpers/sounds.ts";
import { eventually } from "../helpers/streams.ts";

const folder = newFolder();
after(folder.remove);
const random = randomFrom(seedOf("safety"));
const writing = new URL("../programs/writing.ts", import.meta.url);
const unix = process.platform === "win32" ? "it takes a Unix system" : false;

const RATE = 48000;
const BLOCK = 480;

/** Formats whose header libsndfile can bring up to date, with the subtypes that are of use. */
const updated = [
  ...["PCM_16", "PCM_24", "FLOAT", "DOUBLE", "ULAW", "IMA_ADPCM", "MS_ADPCM"].map((subtype) => `WAV/${subtype}`),
  ..."WAVEX RF64 W64 AIFF AU CAF NIST VOC IRCAM PVF MAT4 MAT5 AVR SVX PAF SDS MPC2K".split(" ")
    .map((format) => `${format}/PCM_16`),
  "RAW/PCM_16",
];
const mp3: Record<string, number> = checkFormat("MP3", "MPEG_LAYER_III") ? { "MP3/MPEG_LAYER_III": RATE } : {};
/** The others, and how many frames they lose at most: what the encoder holds back, or a page. */
const others: Record<string, number> = {
  "FLAC/PCM_16": RATE,
  "OGG/VORBIS": 3 * RATE,
  "OGG/OPUS": 3 * RATE,
  ...mp3,
};

/** Records until it is killed at a random moment; how many frames were recorded by then, at least. */
async function recordUntilKilled(path: string, formats: readonly string[]): Promise<number[]> {
  const [program, ...args] = commandFor(new URL("../programs/recording.ts", import.meta.url), [path, ...formats]);
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data) => void (text += data));
  const ended = new Promise((resolve) => child.on("close", resolve));
  const last = (): number[] => JSON.parse(text.split("\n").filter((line) => line.endsWith("]")).at(-1) ?? "[0]");
  await eventually(() => last()[0] > 0);
  await sleep(1500 + 1500 * random());
  await eventually(() => last().every((frames) => frames > 0.5 * RATE));
  child.kill("SIGKILL");
  await ended;
  return last();
}

/** Opens what a killed process has left; returns its frames. */
function survivor(path: string, format: string, subtype: string): number {
  const raw = format === "RAW" ? { format, subtype, sampleRate: RATE, channels: 1 } : {};
  using file = new SoundFile(path, "r", raw);
  const samples: number[] = [];
  const readAll = () => {
    for (let part; (part = file.read(4096, { dtype: "int16" })).length > 0;) samples.push(...part);
  };
  if (format === "OGG") assert.throws(readAll, /SoundFileError: .*cut off: it ends at frame \d+/);
  else readAll();
  if (subtype === "PCM_16") {
    // One block of delay, then the ramp; where it begins is the virtual device's affair, not where it goes on.
    for (let i = 2 * BLOCK; i < samples.length; i++) {
      assert.equal(samples[i], (samples[i - 1] + 1) % 32768, `frame ${i} of ${samples.length}`);
    }
  }
  return samples.length;
}

describe("a process that is killed while it records", { skip: unix }, () => {
  for (let round = 1; round <= (full ? 20 : 2); round++) {
    it(`leaves files that lack less than a second: round ${round}`, async () => {
      const formats = [...updated, ...Object.keys(others)];
      const most = formats.map((name) => others[name] ?? RATE);
      let lacking: number[] = [];
      // What a process that got no time had not yet written lacks now in one file, now in another; what is not written
      // in time lacks each time.
      for (let tries = 0; tries < 4 && (tries === 0 || lacking.some((frames, i) => frames > most[i])); tries++) {
        const path = folder.path(`killed-${round}-${tries}`);
        mkdirSync(path);
        const recorded = await recordUntilKilled(path, formats);
        const lack = formats.map((name, i) => {
          const [format, subtype] = name.split("/");
          return recorded[i] - survivor(`${path}/${i}`, format, subtype);
        });
        lacking = lack.map((frames, i) => Math.min(frames, lacking[i] ?? Infinity));
      }
      const worst = Math.max(...lacking.slice(0, updated.length));
      console.log(
        `# at most ${(worst / RATE).toFixed(2)} s are lacking; ${
          Object.keys(others).map((name, i) => `${name} ${(lacking[updated.length + i] / RATE).toFixed(2)} s`).join(
            ", ",
          )
        }`,
      );
      const bad = formats.flatMap((name, i) => lacking[i] > most[i] ? [`${name} lacks ${lacking[i]} frames`] : []);
      assert.deepEqual(bad, []);
    });
  }
});

describe("a file that was not closed", () => {
  for (const [how, code] of [["end", 0], ["exit", 3], ["throw", 1]] as const) {
    it(`is whole when the process ends: ${how}`, async () => {
      const formats = ["WAV", "FLAC", "OGG", "CAF"];
      const path = (format: string) => folder.path(`${how}.${format}`);
      const child = await runTs(writing, { args: [how, ...formats.flatMap((format) => [path(format), format])] });
      assert.equal(child.signal, null, child.stderr);
      assert.equal(child.code, code, child.stderr);
      for (const format of formats) assert.equal(info(path(format)).frames, 5000, format);
    });
  }
});

describe("a full disk", { skip: unix }, () => {
  it("is an error, and what was flushed is there", () => {
    const formats = ["WAV", "AIFF", "AU", "W64", "CAF", "RF64", "FLAC", "OGG"];
    // A small file system for each file, or, where that is not permitted, the shell's limit, in blocks of 512 bytes or
    // KiB. That one raises a signal, which must not kill.
    const mounts: string[] = [];
    const paths = formats.map((format) => {
      const mount = folder.path(`disk-${format}`);
      mkdirSync(mount);
      const mounted = process.getuid?.() === 0 &&
        spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "pastream-test", mount]).status === 0;
      if (mounted) mounts.push(mount);
      return `${mount}/full`;
    });
    try {
      const command = commandFor(writing, ["full", ...formats.flatMap((format, i) => [paths[i], format])]);
      const limited = mounts.length === formats.length
        ? command
        : ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh", ...command];
      const { stdout, stderr, status, signal } = spawnSync(limited[0], limited.slice(1), { encoding: "utf8" });
      assert.equal(signal, null);
      assert.equal(status, 0, stderr);
      const results: { flushed: number; ended: string; closed: string }[] = JSON.parse(stdout);
      formats.forEach((format, i) => {
        const { flushed, ended, closed } = results[i];
        assert.match(ended, /SoundFileError: .*full: .*(No space left|File too large)/, format);
        assert.equal(closed, "", "the error came once");
        using file = new SoundFile(paths[i]);
        const read = file.read(2 ** 22, { dtype: "int16" }).length / 2; // a block that was cut off is an error after it
        // Encoders keep a block or a page, which flush() cannot get out of them.
        const kept = format === "FLAC" ? 4608 : format === "OGG" ? 2 * RATE : 0;
        assert.ok(read >= flushed - kept, `${format}: ${read} of ${flushed} frames are there`);
        assert.ok(flushed > 0, `${format}: ${ended}`);
      });
    } finally {
      for (const mount of mounts) spawnSync("umount", [mount]);
    }
  });
});

describe("a pipe that is no longer read", { skip: unix }, () => {
  it("is an error, not the end of the process", async () => {
    for (const format of ["AU", "FLAC"]) {
      const [program, ...args] = commandFor(writing, ["stdout", "1", format]);
      const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
      let text = "";
      child.stderr.on("data", (data) => void (text += data));
      child.stdout.once("data", () => child.stdout.destroy());
      const [code, signal] = await new Promise<[number, string]>((resolve) =>
        child.on("close", (...ended) => resolve(ended as [number, string]))
      );
      assert.equal(signal, null);
      assert.equal(code, 0, text);
      assert.match(text, /SoundFileError: descriptor 1: .*(Broken pipe|reset)/);
    }
  });
});
