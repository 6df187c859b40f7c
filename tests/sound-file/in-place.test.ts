// "r+": not a byte of a file changes until the first write, nor by an open that fails, and what is written then takes
// nothing away.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { availableFormats, availableSubtypes, SoundFile, SoundFileError } from "../../mod.ts";
import {
  aiff,
  aiffComm,
  be,
  cat,
  le,
  le2,
  made,
  ramp,
  rampBE,
  rampLE,
  wav,
  wavData,
  wavFmt,
} from "../helpers/sound-bytes.ts";
import { newFolder } from "../helpers/sounds.ts";

const folder = newFolder();
after(folder.remove);

const samples = Int16Array.from({ length: 2400 }, (_, i) => (i * 37) % 5000);
let opened = 0, refused = 0;

/** Opens it with "r+" and closes it, then once more and appends to it; both leave what was there. */
function check(name: string, bytes: Uint8Array): void {
  const path = folder.path(`${name.replace(/\W/g, "_")}.bin`);
  writeFileSync(path, bytes);
  const unchanged = () => assert.equal(Buffer.compare(readFileSync(path), bytes), 0, `${name}: not a byte changes`);
  let before: Int16Array, tags: string;
  try {
    using file = new SoundFile(path);
    before = file.read(-1, { dtype: "int16" });
    tags = JSON.stringify({ ...file.metadata });
  } catch (error) {
    assert.ok(error instanceof SoundFileError);
    before = new Int16Array();
    tags = "";
  }
  let channels: number;
  try {
    const file = new SoundFile(path, "r+");
    channels = file.channels;
    unchanged();
    file.read(5);
    file.seek(0, "end");
    file.flush();
    unchanged();
    file.close();
  } catch (error) {
    assert.ok(error instanceof SoundFileError, String(error));
    refused++;
    return unchanged();
  }
  unchanged();
  opened++;
  const more = new Int16Array(10 * channels).fill(2560);
  const file = new SoundFile(path, "r+");
  file.seek(0, "end");
  file.write(more);
  file.close();
  using back = new SoundFile(path);
  const now = back.read(-1, { dtype: "int16" });
  assert.equal(now.length, before.length + more.length, name);
  assert.deepEqual(now.subarray(0, before.length), before, `${name}: what was there stays`);
  assert.ok(now.subarray(before.length).every((sample) => Math.abs(sample - 2560) < 200), `${name}: what was appended`);
  assert.equal(JSON.stringify({ ...back.metadata }), tags, `${name}: tags`);
}

describe("every file that can be made", () => {
  for (const format of Object.keys(availableFormats())) {
    if (format === "RAW" || format === "SD2") continue; // nothing of itself in it; a second file
    it(format, () => {
      for (const subtype of Object.keys(availableSubtypes(format))) {
        for (const channels of [1, 2]) {
          let bytes;
          try {
            bytes = made({ format, subtype, sampleRate: 48000, channels }, samples);
          } catch (error) {
            assert.ok(error instanceof SoundFileError);
            continue;
          }
          check(`${format} ${subtype} ${channels}`, bytes);
        }
      }
    });
  }

  it("with tags", () => {
    for (const format of ["WAV", "AIFF", "CAF", "FLAC", "OGG", "RF64", "W64"]) {
      const file = SoundFile.inMemory({ format, sampleRate: 48000, channels: 2 });
      try {
        file.metadata = { title: "A title", artist: "Somebody" };
      } catch (error) {
        assert.ok(error instanceof SoundFileError);
      }
      file.write(samples);
      file.close();
      check(`${format} tagged`, file.bytes());
    }
  });

  it("were changed or refused in good numbers", () => {
    console.log(`# ${opened} files were changed in place, ${refused} refused`);
    assert.ok(opened > 60 && refused > 40, `${opened}, ${refused}`);
  });
});

describe("files of other programs", () => {
  const guid = (tag: number) => cat(le2(tag), "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71");
  const q = (n: number) => cat(be(0), be(n));
  const desc = cat("desc", q(32), "\x40\xbf\x40\0\0\0\0\0", "lpcm", be(0), be(2), be(1), be(1), be(16));
  const ssnd = cat("SSND", be(28), be(0), be(0), rampBE);
  const list = cat("LIST", le(24), "INFOINAM", le(5), "title\0", "junk");
  const files: [string, Uint8Array][] = [
    ["WAV with a fmt chunk of 18 bytes", wav(wavFmt(le2(0)), wavData)],
    ["WAV extensible without a fact chunk", wav(wavFmt(cat(le2(22), le2(16), le(4), guid(1)), 0xfffe), wavData)],
    [
      "WAV float without a fact chunk",
      wav(wavFmt(new Uint8Array(0), 3, 1, 8000, 32), cat("data", le(16), new Uint8Array(16))),
    ],
    ["WAV with tags behind the sound", wav(wavFmt(), wavData, list)],
    ["WAV with an unknown chunk behind the sound", wav(wavFmt(), wavData, cat("abcd", le(4), "1234"))],
    ["WAV with an unknown chunk before the sound", wav(wavFmt(), cat("abcd", le(4), "1234"), wavData)],
    ["WAV with 130 KB before the sound", wav(wavFmt(), cat("pad ", le(130000), new Uint8Array(130000)), wavData)],
    ["WAV whose length is not known", cat("RIFF", le(0xffffffff), "WAVE", wavFmt(), "data", le(0xffffffff), rampLE)],
    [
      "RF64 with a ds64 chunk of 28 bytes",
      cat(
        "RF64",
        le(0xffffffff),
        "WAVEds64",
        le(28),
        le(92),
        le(0),
        le(20),
        le(0),
        le(10),
        le(0),
        le(0),
        wavFmt(),
        "data",
        le(0xffffffff),
        rampLE,
      ),
    ],
    ["AU with a text", cat(".snd", be(32), be(20), be(3), be(8000), be(1), "hello\0\0\0", rampBE)],
    [
      "CAF with a free chunk",
      cat("caff\0\x01\0\0", desc, "free", q(400), new Uint8Array(400), "data", q(24), be(0), rampBE),
    ],
    ["AIFF with a chunk behind the sound", aiff(aiffComm, ssnd, cat("ID3 ", be(20), new Uint8Array(20)))],
    ["AIFF whose sound is set off", aiff(aiffComm, cat("SSND", be(328), be(300), be(0), new Uint8Array(300), rampBE))],
    ["AIFF whose sound is beyond its end", aiff(aiffComm, cat("SSND", be(28), be(1229206304), be(0), rampBE))],
    ["AIFF with 60 KB before the sound", aiff(aiffComm, cat("APPL", be(60000), new Uint8Array(60000)), ssnd)],
    ["WAV behind an ID3 tag", cat("ID3\x03\0\0\0\0\0\x0a", new Uint8Array(10), wav(wavFmt(), wavData))],
  ];
  for (const text of ["NIST_1A\n   1024\n", "NIST_1A\r\n   1024\r\n", "NIST_1A\n   2048\n", "NIST_1A\n 900000\n"]) {
    const head = [
      text + "channel_count -i 1",
      "sample_rate -i 8000",
      "sample_coding -s3 pcm",
      "sample_n_bytes -i 2",
      "sample_byte_format -s2 01",
      "sample_sig_bits -i 16",
      "sample_count -i 10",
      "end_head",
      "",
    ].join("\n");
    for (const size of [1024, 2048]) {
      files.push([`NIST ${JSON.stringify(text)} ${size}`, cat(head.padEnd(size, " "), rampLE)]);
    }
  }
  for (const [name, bytes] of files) it(name, () => check(name, bytes));

  it("an empty file becomes what is asked for", () => {
    const path = folder.path("empty.wav");
    writeFileSync(path, "");
    const file = new SoundFile(path, "r+", { sampleRate: 8000, channels: 1 });
    assert.equal(readFileSync(path).length, 0);
    file.write(ramp);
    file.close();
    using back = new SoundFile(path);
    assert.deepEqual(back.read(-1, { dtype: "int16" }), ramp);
  });
});
