// Against python-soundfile, where it is installed (Debian: python3-soundfile): what each of the two writes, the other
// reads alike, whole and in pieces after seeks.
// On one Node: what is compared is the C library.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  availableFormats,
  availableSubtypes,
  checkFormat,
  type FileDtype,
  SoundFile,
  SoundFileError,
  type SoundFileOptions,
} from "../../mod.ts";
import { full, newFolder, randomFrom, seedOf } from "../helpers/sounds.ts";

const there = spawnSync("python3", ["-c", "import soundfile, numpy"]).status === 0;
const skip = there ? false : "it takes python3 with soundfile and numpy";
const random = randomFrom(seedOf("soundfile"));
const folder = newFolder();
after(folder.remove);

const FRAMES = 1200; // whole blocks of a MIDI sample dump, whose last one libsndfile drops else
const STEPS = full ? 30 : 8;
type Step = ["seek" | "read", number, FileDtype];
interface Job {
  do: "read" | "write";
  path: string;
  /** Of python-soundfile, if they are needed. */
  options?: Record<string, unknown>;
  ours?: SoundFileOptions;
  steps?: Step[];
  data?: string;
  dtype?: string;
}

const sha1 = (data: ArrayBufferView) =>
  createHash("sha1").update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).digest("hex");

/** What python-soundfile makes of the jobs. */
function python(jobs: Job[]): unknown[] {
  const program = fileURLToPath(new URL("../programs/python_soundfile.py", import.meta.url));
  const list = folder.path("jobs");
  writeFileSync(list, jobs.map((job) => JSON.stringify(job)).join("\n"));
  const { stdout, stderr, status } = spawnSync("python3", [program, list], { encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(status, 0, stderr);
  return stdout.trim().split("\n").map((line) => JSON.parse(line));
}

function pastream({ path, ours = {}, steps }: Job): unknown[] {
  using file = new SoundFile(path, "r", ours);
  const { format, subtype, endian, frames, channels, sampleRate } = file;
  const results: unknown[] = [[format, subtype, endian, frames, channels, sampleRate]];
  for (const [what, frames, dtype] of steps!) {
    if (what === "seek") {
      results.push(file.seek(frames));
    } else {
      const data = file.read(frames, { dtype });
      results.push([data.length / channels, sha1(data), file.seekable ? file.tell() : -1]);
    }
  }
  return results;
}

/** Reads of all, then pieces after seeks, where libsndfile's own seeks are exact. */
function stepsFor(format: string, subtype: string, frames: number): Step[] {
  const floating = /FLOAT|DOUBLE|VORBIS|OPUS|MPEG/.test(subtype); // read as integers differently, on purpose
  const dtypes: FileDtype[] = floating ? ["float32", "float64"] : ["int16", "int32", "float32", "float64"];
  const steps: Step[] = [["read", 4 * FRAMES, dtypes[0]]]; // more than there are: -1 it takes only where it can seek
  if (/OGG|MP3|XI|SDS/.test(format) || /DWVW|G72|GSM|ADPCM|DPCM/.test(subtype)) return steps;
  for (let i = 0; i < STEPS; i++) {
    steps.push(["seek", Math.floor(random() * (frames + 1)), "int16"]);
    steps.push(["read", Math.floor(random() * 300), dtypes[i % dtypes.length]]);
  }
  return steps;
}

interface Kind {
  format: string;
  subtype: string;
  endian: "file" | "little" | "big";
  channels: number;
}

/** The kinds of files that both have, with a rate that they take. */
function* kinds(): Generator<Kind> {
  for (const format of Object.keys(availableFormats())) {
    for (const subtype of Object.keys(availableSubtypes(format))) {
      if (subtype.startsWith("DWVW")) continue; // it cannot tell its position there
      for (const endian of ["file", "little", "big"] as const) {
        for (const channels of [1, 2]) {
          if (checkFormat(format, subtype, endian)) yield { format, subtype, endian, channels };
        }
      }
    }
  }
}

/** Writes a file; the rate that went, or undefined. */
function write(path: string, kind: Kind, samples: Int16Array): number | undefined {
  for (const sampleRate of [48000, 44100, 8000]) {
    try {
      using file = new SoundFile(path, "w", { ...kind, sampleRate });
      file.write(samples);
      return sampleRate;
    } catch (error) {
      if (!(error instanceof SoundFileError)) throw error;
    }
  }
}

describe("python-soundfile", () => {
  it("agrees about files that either of them has written", { skip }, () => {
    const reads: Job[] = [], writes: Job[] = [];
    const samples = Int16Array.from({ length: 2 * FRAMES }, () => (random() - 0.5) * 50000 & ~255);
    for (const channels of [1, 2]) {
      writeFileSync(folder.path(`${channels}.raw`), samples.subarray(0, FRAMES * channels));
    }
    for (const kind of kinds()) {
      const { format, subtype, endian, channels } = kind;
      const name = `${format}-${subtype}-${endian}-${channels}`, path = folder.path(name);
      const samplerate = write(path, kind, samples.subarray(0, FRAMES * channels));
      if (samplerate === undefined) continue;
      const raw = format === "RAW";
      const options = { ...kind, endian: endian.toUpperCase(), samplerate };
      const ours = raw ? { ...kind, sampleRate: samplerate } : {};
      const read = { do: "read" as const, steps: stepsFor(format, subtype, FRAMES), ours, options: raw ? options : {} };
      reads.push({ ...read, path });
      if (format === "SD2") continue;
      writes.push({ do: "write", path: `${path}-p`, options, data: folder.path(`${channels}.raw`), dtype: "int16" });
      reads.push({ ...read, path: `${path}-p` });
    }
    const written = python(writes);
    const refused = new Set(writes.filter((_, i) => written[i] !== "written").map(({ path }) => path));
    const jobs = reads.filter(({ path }) => !refused.has(path)), theirs = python(jobs);
    const failures: string[] = [];
    let operations = writes.length;
    jobs.forEach((job, i) => {
      const right = JSON.stringify(theirs[i]), got = JSON.stringify(pastream(job));
      operations += job.steps!.length + 1;
      if (right !== got) failures.push(`${job.path}:\n${got.slice(0, 300)}\n${right.slice(0, 300)}`);
    });
    console.log(`# python-soundfile: ${jobs.length} files, ${operations} operations, ${refused.size} refused`);
    assert.deepEqual(failures, []);
    assert.ok(jobs.length > 300, `${jobs.length} files`);
  });
});
