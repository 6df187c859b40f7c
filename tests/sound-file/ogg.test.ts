// Ogg: files of several sounds one behind the other, and the order of channels.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import process from "node:process";
import { OutputStream, readFile, SoundFile } from "../../mod.ts";
import { cat, le, made, pipeOf } from "../helpers/sound-bytes.ts";
import { full, newFolder, randomFrom, seedOf } from "../helpers/sounds.ts";

const random = randomFrom(seedOf("ogg"));
const folder = newFolder();
after(folder.remove);
const unix = process.platform === "win32" ? "there are no named pipes" : false;

/** All samples, and the error that came after them. */
function readOut(file: SoundFile): { samples: number[]; error?: Error } {
  const samples: number[] = [];
  try {
    for (let part; (part = file.read(997)).length > 0;) samples.push(...part);
  } catch (error) {
    return { samples, error: error as Error };
  } finally {
    file.close();
  }
  return { samples };
}

describe("a chained Ogg file", () => {
  const noise = Float32Array.from({ length: 2 * 70000 }, () => random() - 0.5);
  const shape = { format: "OGG", sampleRate: 48000, channels: 2 };

  for (const subtype of ["VORBIS", "OPUS"]) {
    const links = [30011, 8000, 61007].map((frames) => made({ ...shape, subtype }, noise.subarray(0, 2 * frames)));
    const other = made({ ...shape, subtype, channels: 1 }, noise.subarray(0, 9000));
    const single = links.map((bytes) => readOut(new SoundFile(bytes)).samples);
    const chains: [string, Uint8Array<ArrayBuffer>, number[]][] = [
      ["three sounds", cat(...links), single.flat()],
      ["one sound twice", cat(links[0], links[0]), [...single[0], ...single[0]]],
    ];
    const broken = cat(links[0], other, links[1]);
    let files = 0;
    const path = (bytes: Uint8Array) => {
      const name = folder.path(`${subtype}${files++}.ogg`);
      writeFileSync(name, bytes);
      return name;
    };

    for (const [name, bytes, right] of chains) {
      it(`is read to its end: ${name}, ${subtype}`, async () => {
        const file = new SoundFile(path(bytes));
        assert.equal(file.frames, right.length / 2);
        assert.deepEqual(readOut(file), { samples: right });
        assert.deepEqual([...(await readFile(bytes)).samples], right);
      });

      it(`is read to its end from a pipe: ${name}, ${subtype}`, { skip: unix }, () => {
        const file = new SoundFile(pipeOf(folder.path(`${subtype}${files++}`), bytes));
        assert.deepEqual([file.frames, file.seekable], [-1, false]);
        assert.deepEqual(readOut(file), { samples: right });
      });
    }

    it(`is sought in: ${subtype}`, () => {
      const [, bytes, right] = chains[0];
      using file = new SoundFile(bytes);
      const ends = [0, 30010, 30011, 38010, 38011, right.length / 2 - 1];
      for (let i = 0; i < 30; i++) {
        const at = ends[i] ?? Math.floor(random() * right.length / 2);
        assert.equal(file.seek(at), at);
        assert.deepEqual([...file.read(300)], right.slice(2 * at, 2 * (at + 300)), `frame ${at}`);
      }
      assert.equal(file.seek(0, "end"), right.length / 2);
      assert.equal(file.read().length, 0);
    });

    it(`says what follows and cannot be read with the first: ${subtype}`, { skip: unix }, () => {
      const pipe = pipeOf(folder.path(`${subtype}${files++}`), broken);
      for (const from of [path(broken), broken, pipe]) {
        const { samples, error } = readOut(new SoundFile(from));
        assert.deepEqual(samples, single[0]);
        assert.match(String(error), /SoundFileError.*another sound follows .* at frame 30011.* 1 channel at 48000 Hz/);
      }
    });

    it(`says where a link is no sound: ${subtype}`, () => {
      const damaged = cat(links[0], links[1].slice(0, 100));
      const { samples, error } = readOut(new SoundFile(damaged));
      assert.deepEqual(samples, single[0]);
      assert.match(String(error), /another sound follows .* at frame 30011/);
    });

    it(`is played to its end, then the error comes: ${subtype}`, async () => {
      const stream = new OutputStream({
        sampleRate: 48000,
        channels: 2,
        device: "virtual",
        hostSettings: { hostApi: "virtual", clock: "freewheel" },
      });
      stream.setSource(new SoundFile(broken));
      await stream.start();
      await assert.rejects(stream.wait(), /another sound follows/);
      assert.ok(stream.frameCount >= 30011);
      await stream.close();
    });
  }
});

describe("FLAC in Ogg", () => {
  const samples = [30011, 61007].map((frames) => Int16Array.from({ length: 2 * frames }, () => random() * 65536));
  const [first, second] = samples.map((data, i) =>
    inOgg(made({ format: "FLAC", subtype: "PCM_16", sampleRate: 48000, channels: 2 }, data), i)
  );
  const both = Int16Array.from([...samples[0], ...samples[1]]);
  for (const [name, bytes, right] of [["alone", second, samples[1]], ["chained", cat(first, second), both]] as const) {
    it(`is read and sought in: ${name}`, () => {
      const path = folder.path(`${name}.oga`);
      writeFileSync(path, bytes);
      for (const from of [path, bytes]) {
        using file = new SoundFile(from);
        assert.deepEqual([file.format, file.subtype, file.frames], ["FLAC", "PCM_16", right.length / 2]);
        assert.deepEqual(file.read(-1, { dtype: "int16" }), right);
        for (let i = 0; i < 20; i++) {
          const at = Math.floor(random() * right.length / 2);
          file.seek(at);
          assert.deepEqual(file.read(300, { dtype: "int16" }), right.slice(2 * at, 2 * (at + 300)), `frame ${at}`);
        }
      }
    });

    it(`comes through a pipe: ${name}`, { skip: unix }, () => {
      using file = new SoundFile(pipeOf(folder.path(`${name}.pipe`), bytes as Uint8Array));
      assert.deepEqual(file.read(-1, { dtype: "int16" }), right);
    });
  }
});

describe("an Ogg file that is not whole", () => {
  const data = Float32Array.from({ length: 200000 }, () => random() - 0.5);
  const shape = { sampleRate: 48000, channels: 1 };
  const kinds: [string, Uint8Array<ArrayBuffer>][] = [
    ["VORBIS", made({ ...shape, format: "OGG", subtype: "VORBIS" }, data)],
    ["OPUS", made({ ...shape, format: "OGG", subtype: "OPUS" }, data)],
    ["FLAC", inOgg(made({ ...shape, format: "FLAC", subtype: "PCM_16" }, data), 5)],
  ];
  const isCut = (samples: number[], error: Error | undefined, right: number[]) => {
    assert.ok(samples.length > 0 && samples.length < right.length, `${samples.length} samples`);
    assert.deepEqual(samples, right.slice(0, samples.length));
    assert.match(String(error), new RegExp(`SoundFileError.*at frame ${samples.length}\\b`));
  };

  for (const [kind, bytes] of kinds) {
    const right = readOut(new SoundFile(bytes)).samples;
    const pages = pagesOf(bytes);
    const middle = pages[Math.floor(pages.length / 2)];

    it(`is read as far as it goes, then the error comes: ${kind}`, { skip: unix }, async () => {
      for (const [i, end] of [middle, middle + 40, middle + 300, pages.at(-1)!].entries()) {
        const part = bytes.slice(0, end);
        const path = folder.path(`${kind}cut${i}.ogg`);
        writeFileSync(path, part);
        for (const from of [path, part, pipeOf(folder.path(`${kind}cut${i}`), part)]) {
          const { samples, error } = readOut(new SoundFile(from));
          isCut(samples, error, right);
        }
        await assert.rejects(readFile(path), { name: "SoundFileError" });
      }
    });

    it(`through a pipe ends where it is damaged: ${kind}`, { skip: unix }, () => {
      const flipped = bytes.slice();
      flipped[middle + 200] ^= 1;
      const missing = cat(bytes.slice(0, middle), bytes.slice(middle + 1000));
      for (const [i, damaged] of [flipped, missing].entries()) {
        const { samples, error } = readOut(new SoundFile(pipeOf(folder.path(`${kind}damaged${i}`), damaged)));
        isCut(samples, error, right);
      }
    });
  }
});

describe("channels are in WAVE's order", () => {
  /** For each channel of Vorbis, which one of WAVE it is. */
  const orders = [[0, 2, 1], [0, 1, 2, 3], [0, 2, 1, 3, 4], [0, 2, 1, 4, 5, 3], [0, 2, 1, 5, 6, 4, 3]];
  orders.push([0, 2, 1, 6, 7, 4, 5, 3]);
  const FRAMES = 19200;
  /** The phase of channel k's tone, which is low, for one of the channels has low frequencies only. */
  const phase = (k: number, frame: number) => 2 * Math.PI * (40 + 10 * k) * frame / 48000;
  /** Whose tone is in each channel. */
  const tonesIn = (samples: ArrayLike<number>, channels: number) =>
    Array.from({ length: channels }, (_, channel) => {
      const power = Array.from({ length: channels }, (_, k) => {
        let [re, im] = [0, 0];
        for (let i = 4800; i < 4800 + 9600; i++) {
          re += samples[i * channels + channel] * Math.cos(phase(k, i));
          im += samples[i * channels + channel] * Math.sin(phase(k, i));
        }
        return Math.hypot(re, im);
      });
      return power.indexOf(Math.max(...power));
    });
  const tones = (channels: number) =>
    Float32Array.from(
      { length: FRAMES * channels },
      (_, i) => 0.5 * Math.sin(phase(i % channels, Math.floor(i / channels))),
    );
  const file = (subtype: string, channels: number) =>
    made({ format: "OGG", subtype, sampleRate: 48000, channels }, tones(channels));

  for (const order of full ? orders : [orders[0], orders[3], orders[5]]) {
    const channels = order.length, inOrder = order.map((_, k) => k);

    it(`of ${channels}, written and read`, () => {
      for (const subtype of ["VORBIS", "OPUS"]) {
        assert.deepEqual(tonesIn(readOut(new SoundFile(file(subtype, channels))).samples, channels), inOrder, subtype);
      }
    });

    const sox = spawnSync("sox", ["--version"]).status === 0 ? false : "it takes sox";
    it(`of ${channels}, in Vorbis, by sox, which leaves them where they are`, { skip: sox }, () => {
      writeFileSync(folder.path("tones.ogg"), file("VORBIS", channels));
      const { stdout } = spawnSync("sox", [folder.path("tones.ogg"), "-t", "f32", "-"], { maxBuffer: 1 << 24 });
      assert.deepEqual(tonesIn(new Float32Array(new Uint8Array(stdout).buffer), channels), order);
    });

    it(`of ${channels}, in Opus, whose channels are left alone where they have no meaning`, () => {
      const bytes = file("OPUS", channels);
      assert.equal(bytes[28 + 18], 1); // the mapping family: loudspeakers in Vorbis's order
      bytes[28 + 18] = 255; // none
      setChecksum(bytes.subarray(0, 28 + bytes[27]));
      assert.deepEqual(tonesIn(readOut(new SoundFile(bytes)).samples, channels), order);
    });
  }
});

/** A FLAC file in the pages of an Ogg file. */
function inOgg(flac: Uint8Array, serial: number): Uint8Array<ArrayBuffer> {
  const pages: Uint8Array[] = [];
  const add = (flags: number, body: Uint8Array) => {
    const lacing = [...new Array(Math.floor(body.length / 255)).fill(255), body.length % 255];
    const head = cat("OggS\0", new Uint8Array([flags]), new Uint8Array(8), le(serial), le(pages.length), le(0));
    const page = cat(head, new Uint8Array([lacing.length, ...lacing]), body);
    setChecksum(page);
    pages.push(page);
  };
  add(2, cat("\x7fFLAC\x01\0\0\x01", flac.subarray(0, 42)));
  for (let at = 42; at < flac.length; at += 5000) add(at + 5000 < flac.length ? 0 : 4, flac.subarray(at, at + 5000));
  return cat(...pages);
}

/** Where the pages of an Ogg file begin. */
function pagesOf(bytes: Uint8Array): number[] {
  const pages: number[] = [];
  for (let at = 0; at < bytes.length;) {
    pages.push(at);
    const lacing = bytes.subarray(at + 27, at + 27 + bytes[at + 26]);
    at += 27 + lacing.length + lacing.reduce((sum, length) => sum + length, 0);
  }
  return pages;
}

/** Of an Ogg page. */
function setChecksum(page: Uint8Array): void {
  page.fill(0, 22, 26);
  let sum = 0;
  for (const byte of page) {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum << 1 ^ (sum < 0 ? 0x04c11db7 : 0);
  }
  new DataView(page.buffer, page.byteOffset).setInt32(22, sum, true);
}
