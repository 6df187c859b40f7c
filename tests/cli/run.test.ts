// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { existsSync, linkSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import process from "node:process";
import { basename } from "node:path";
import { after, describe, it } from "node:test";
import { availableFormats, info, readFile, SoundFile, type SoundFileOptions, writeFile } from "../../mod.ts";
import { DELAY, fail, noise, pastream, RATE, run, temporaryFolder, virtual } from "../helpers/cli.ts";
import { full } from "../helpers/sounds.ts";
import { pause } from "../helpers/streams.ts";

const folder = temporaryFolder();
after(() => folder.remove());
const { path } = folder;

async function makeFile(
  name: string,
  frames = 4800,
  options: Partial<SoundFileOptions & { channels: number }> = {},
): Promise<string> {
  const channels = options.channels ?? 2;
  await writeFile(path(name), noise(frames, channels), { sampleRate: RATE, ...options, channels });
  return path(name);
}

async function samplesOf(file: string): Promise<Int16Array> {
  return (await readFile(file, { dtype: "int16" })).samples;
}

function equalSamples(actual: Int16Array, expected: Int16Array): void {
  assert.equal(actual.length, expected.length);
  const index = actual.findIndex((sample, index) => sample !== expected[index]);
  if (index >= 0) assert.fail(`sample ${index} is ${actual[index]}, not ${expected[index]}`);
}

function silentFrames(samples: Int16Array, from: number, to: number, channels = 2): boolean {
  return samples.subarray(from * channels, to * channels).every((sample) => sample === 0);
}

describe("playing and recording", () => {
  for (const subtype of ["PCM_16", "PCM_24", "PCM_32", "FLOAT"]) {
    it(`records what was played, bit for bit: ${subtype}`, async () => {
      const input = await makeFile(`in-${subtype}.wav`, 4800, { subtype });
      const output = path(`out-${subtype}.wav`);
      await run("-q", input, output, "-p", "0.1");
      const file = new SoundFile(output);
      assert.deepEqual([file.subtype, file.frames, file.sampleRate, file.channels], [subtype, 9600, RATE, 2]);
      file.close();
      const recorded = await samplesOf(output);
      assert.ok(silentFrames(recorded, 0, DELAY));
      equalSamples(recorded.subarray(DELAY * 2, (DELAY + 4800) * 2), noise(4800));
    });
  }

  it("only plays, and only records", async () => {
    const input = await makeFile("play.wav", 2400);
    const { stderr } = await run(input);
    assert.match(
      stderr,
      /<- .*play\.wav \(WAV, PCM_16\)\n-- OutputStream\(.*int16.*\)\n2400 frames, 0\.050 s, 0 xruns\n/,
    );
    await run("null", path("rec.wav"), "-d", "0.1", "-q");
    const file = new SoundFile(path("rec.wav"));
    assert.deepEqual([file.frames, file.subtype, file.channels, file.sampleRate], [4800, "FLOAT", 2, RATE]);
    file.close();
  });

  it("obeys --duration, --offset, --pad and --loop to the frame", async () => {
    const input = await makeFile("length.wav", 2000);
    const length = async (...args: string[]) => {
      await run("-q", input, path("length-out.wav"), ...args);
      return (await samplesOf(path("length-out.wav"))).length / 2;
    };
    assert.equal(await length(), 2000);
    assert.equal(await length("-d", "1000s"), 1000);
    assert.equal(await length("-d", "5000s"), 2000);
    assert.equal(await length("-d", "5000s", "-p"), 5000);
    assert.equal(await length("-d", "1000s", "-p", "500s"), 1500);
    assert.equal(await length("-p", "500s"), 2500);
    assert.equal(await length("-o", "300s"), 1700);
    assert.equal(await length("-d", "5000s", "--loop", "-o", "1s"), 4999);
    const looped = await samplesOf(path("length-out.wav"));
    const source = noise(2000);
    for (let frame = DELAY - 1; frame < 4999; frame++) {
      const played = (frame + 1 - DELAY) % 2000;
      if (looped[frame * 2] !== source[played * 2]) assert.fail(`frame ${frame} is not frame ${played} of the loop`);
    }
  });

  it("ends where an MP3 ends whose length is only estimated, with or without --duration", {
    skip: !("MP3" in availableFormats()) && "no MP3",
  }, async () => {
    // Noise and silence, with a variable bit rate; without its first frame, nothing in the file says how long it is.
    const samples = Int16Array.from(noise(RATE), (sample, index) => index < RATE ? sample : 0);
    await writeFile(path("vbr.mp3"), samples, { sampleRate: RATE, channels: 2, bitrateMode: "variable" });
    const bytes = readFileSync(path("vbr.mp3"));
    let second = bytes.indexOf("Xing");
    assert.ok(second > 0);
    while (bytes[second] !== 0xff || (bytes[second + 1] & 0xfe) !== 0xfa) second++;
    writeFileSync(path("estimated.mp3"), bytes.subarray(second));
    const { samples: decoded } = await readFile(path("estimated.mp3"), { dtype: "int16" });
    for (const args of [[], ["-d", "10"], ["-d", "1"]]) {
      const { stderr } = await run("--json", "-q", path("estimated.mp3"), ...args);
      assert.equal(JSON.parse(stderr).frames, Math.min(decoded.length / 2, args[1] === "1" ? RATE : Infinity));
    }
  });

  it("routes channels, and warns of those that are muted", async () => {
    const input = await makeFile("map.wav", 1000);
    const source = noise(1000);
    const recorded = async (...args: string[]) => {
      const { stderr } = await run(input, path("map-out.wav"), "-p", "0.02", ...args);
      const samples = (await samplesOf(path("map-out.wav"))).slice(DELAY * 2, (DELAY + 1000) * 2);
      const isChannel = (to: number, from: number) =>
        source.every((_, index) => index % 2 !== 0 || samples[index + to] === (from < 0 ? 0 : source[index + from]));
      return { stderr, isChannel };
    };
    const swapped = await recorded("-m", "2,1");
    assert.ok(swapped.isChannel(0, 1) && swapped.isChannel(1, 0));
    assert.doesNotMatch(swapped.stderr, /muted/);
    const routed = await recorded("-m", "1:2");
    assert.ok(routed.isChannel(0, -1) && routed.isChannel(1, 0));
    assert.match(routed.stderr, /-m\/--map: channel 1 of the recording is muted/);
    const both = await recorded("-m", "2,2", "2,1");
    assert.ok(both.isChannel(0, 1) && both.isChannel(1, 1));
    const playing = await recorded("-m", "1:2", "null");
    assert.ok(playing.isChannel(0, -1) && playing.isChannel(1, 0));
    assert.match(playing.stderr, /channel 1 of the playback is muted/);
    await fail(2, /-m\/--map: channel 3 is not there: the stream has 2 channels/, ...virtual, "-q", input, "-m", "3,1");
  });

  it("sets the volume", async () => {
    await writeFile(path("volume.wav"), new Float32Array(2000).fill(0.5), {
      sampleRate: RATE,
      channels: 2,
      subtype: "FLOAT",
    });
    await run("-q", path("volume.wav"), path("volume-out.wav"), "--volume", "-6.0205999dB", "-p", "0.02");
    const { samples } = await readFile(path("volume-out.wav"));
    assert.ok(Math.abs(samples[(DELAY + 500) * 2] - 0.25) < 1e-5, String(samples[(DELAY + 500) * 2]));
  });

  it("plays and records RAW files", async () => {
    const input = path("in.raw");
    writeFileSync(input, new Uint8Array(noise(2000, 1).buffer));
    await run("-q", "-c1", "-r48k", "-e=pcm_16", "--endian", "little", input, path("raw.wav"), "-p", "0.02");
    equalSamples((await samplesOf(path("raw.wav"))).subarray(DELAY, DELAY + 2000), noise(2000, 1));
    const stereo = await makeFile("to-raw.wav", 1000);
    await run("-q", stereo, path("big.raw"), "-e", ",pcm_16", "--endian", ",big", "-p", "0.02");
    const bytes = readFileSync(path("big.raw"));
    assert.deepEqual(
      Array.from(noise(1000).slice(0, 100)),
      Array.from({ length: 100 }, (_, i) => bytes.readInt16BE((DELAY * 2 + i) * 2)),
    );
    await fail(2, /'.*in\.raw' is RAW: -r\/--rate, -c\/--channels, -e\/--encoding must say/, ...virtual, input);
    await run("-q", stereo, path("headerless"), "-t", "raw", "-e", "pcm_16");
    assert.equal(readFileSync(path("headerless")).length, 4000 + 0);
  });

  it("takes formats, types, encodings and byte orders, one or a pair", async () => {
    const input = await makeFile("types.wav", 1000);
    const info = (name: string) => {
      const file = new SoundFile(path(name));
      file.close();
      return [file.format, file.subtype];
    };
    await run("-q", input, path("types.flac"));
    assert.deepEqual(info("types.flac"), ["FLAC", "PCM_16"]);
    await run("-q", input, path("types.flac"), "-f", "float32");
    assert.deepEqual(info("types.flac"), ["FLAC", "PCM_24"]);
    await run("-q", input, path("types.aiff"), "-f", ",int32", "-e", ",pcm_24");
    assert.deepEqual(info("types.aiff"), ["AIFF", "PCM_24"]);
    await run("-q", input, path("types.xyz"), "-t", ",w64", "-e", "float");
    assert.deepEqual(info("types.xyz"), ["W64", "FLOAT"]);
    await run("-q", input, path("types-opus"), "-t", ",opus");
    assert.deepEqual(info("types-opus"), ["OGG", "OPUS"]);
    await run("-q", input, path("types-aif"), "-t", ",aif");
    assert.deepEqual(info("types-aif"), ["AIFF", "PCM_16"]);
    if ("MP3" in availableFormats()) {
      await run("-q", input, path("types-mp3"), "-t", ",mp3");
      assert.deepEqual(info("types-mp3"), ["MP3", "MPEG_LAYER_III"]);
    }
    await run("-q", input, path("types.ogg"));
    assert.deepEqual(info("types.ogg"), ["OGG", "VORBIS"]);
    await fail(
      2,
      /-t\/--file-type: '.*types' has no extension of a supported file type/,
      ...virtual,
      "-q",
      input,
      path("types"),
    );
    await fail(
      2,
      /-t\/--file-type: 'WAF' is none of .*; did you mean WAV\?/,
      ...virtual,
      input,
      path("x"),
      "-t",
      "waf",
    );
    await fail(
      2,
      /-e\/--encoding: 'PCM16' is none of .*; did you mean PCM_16\?/,
      ...virtual,
      input,
      path("x.wav"),
      "-e",
      "pcm16",
    );
    await fail(
      2,
      /-e\/--encoding: FLAC files do not hold FLOAT, but PCM_S8, PCM_16, PCM_24/,
      ...virtual,
      input,
      path("x.flac"),
      "-e",
      "float",
    );
    await fail(
      1,
      /x\.flac: files of this format cannot have .*; here 9 channels \(-c\/--channels\) at 48000 Hz \(-r\/--rate\)/,
      ...virtual,
      "null",
      path("x.flac"),
      ..."-c 9 -r 48000 -d 1".split(" "),
    );
    assert.ok(!existsSync(path("x.flac")));
  });

  it("takes channels, rates, block sizes, latencies and buffer sizes", async () => {
    const input = await makeFile("many.wav", 1000, { channels: 5, sampleRate: 44100 });
    const { stderr } = await run(
      input,
      path("many-out.wav"),
      "-c",
      ",3",
      "--latency",
      "low,50ms",
      "--buffersize",
      "1K",
      "-r44.1k",
    );
    assert.match(stderr, /DuplexStream\('virtual', 44100 Hz, 3 in, 5 out, int16, blockSize 256\)/);
    const file = new SoundFile(path("many-out.wav"));
    assert.deepEqual([file.channels, file.sampleRate, file.frames], [3, 44100, 1000]);
    file.close();
    await run("-q", input, path("many-out.wav"), "-c1");
    const never = ["-r48k", "--no-convert"];
    await fail(2, /-r\/--rate: .*many\.wav has 44100 Hz, not 48000.*--no-convert/, ...virtual, input, ...never);
    await fail(2, /-c\/--channels: .*many\.wav has 5 channels, not 2/, ...virtual, input, "-c2");
  });

  it("converts a file that is not as the stream, and says so", async () => {
    const samples = noise(1000, 2), left = samples.filter((_, i) => i % 2 === 0);
    const mono = path("mono.wav"), output = path("converted.wav");
    await writeFile(mono, left, { sampleRate: RATE, channels: 1 });
    const { stderr } = await run(mono, output, "-p", "0.1");
    assert.match(stderr, /DuplexStream\('virtual', 48000 Hz, 2 in, 2 out/);
    const recorded = await samplesOf(output);
    const both = new Int16Array(2000).map((_, i) => left[i >> 1]);
    equalSamples(recorded.subarray(2 * DELAY, 2 * (DELAY + 1000)), both);
    const told = await run(mono, output, "-r", "16k");
    assert.match(
      told.stderr,
      /^pastream: .*mono\.wav is converted: 48000 -> 16000 Hz, 1 -> 2 channels \(--no-convert/m,
    );
    const file = new SoundFile(output);
    assert.deepEqual([file.sampleRate, file.frames], [16000, 333]);
    file.close();
    const mixed = await run(await makeFile("stereo.wav"), "-c", "1");
    assert.match(mixed.stderr, /^pastream: .*stereo\.wav is converted: 2 -> 1 channels$/m);
    const five = await makeFile("five.wav", 1000, { channels: 5 });
    await run(five, output, "-c", "2,2", "-p", "0.1", "-m", "4,5", "1,2");
    const chosen = noise(1000, 5).filter((_, i) => i % 5 > 2);
    equalSamples((await samplesOf(output)).subarray(2 * DELAY, 2 * (DELAY + 1000)), chosen);
  });

  it("leaves the file to be recorded alone when nothing comes of it", async () => {
    const input = await makeFile("kept-in.wav", 1000);
    const kept = await makeFile("kept.wav", 500);
    await fail(2, /-o\/--offset: 1001 frames are more than the 1000/, ...virtual, input, kept, "-o", "1001s");
    await fail(2, /-m\/--map: channel 3 is not there/, ...virtual, input, kept, "-m", "1:1,3:2");
    await fail(2, /--endian: FLAC files cannot be big/, ...virtual, input, kept, "-t", ",flac", "--endian", ",big");
    await fail(1, /-r\/--rate: .*500 is not 1000/, ...virtual, "null", kept, "-r", "500");
    assert.equal((await samplesOf(kept)).length, 1000);
    // What is played must not be recorded over, whatever it is called.
    await fail(2, /'.*kept-in\.wav' is the file to be played/, ...virtual, input, path("./kept-in.wav"));
    linkSync(input, path("linked.wav"));
    await fail(2, /'.*linked\.wav' is the file to be played/, ...virtual, input, path("linked.wav"));
    assert.equal((await samplesOf(input)).length, 2000);
    await fail(
      1,
      /--rotate: the folder '.*kept\.wav' cannot be made \(/,
      ...virtual,
      input,
      `${kept}/x.wav`,
      "--rotate",
      "1",
    );
  });

  it("does not overwrite with --no-clobber", async () => {
    writeFileSync(path("precious.wav"), "precious");
    await fail(1, /precious\.wav/, ...virtual, "-q", "null", path("precious.wav"), "-d", "0.01", "--no-clobber");
    assert.equal(readFileSync(path("precious.wav"), "utf8"), "precious");
    await run("-q", "null", path("new.wav"), "-d", "0.01", "--no-clobber");
  });

  it("rotates recordings exactly at the frame", async () => {
    const input = await makeFile("long.wav", RATE * 4);
    const pattern = path("rotated/%Y/rec.wav");
    // In a second also a busy machine has made the next file.
    const { stderr } = await run("-q", "--json", input, pattern, "--rotate", "1000ms");
    const { files } = JSON.parse(stderr) as { files: { file: string; frame: number }[] };
    const folder = path(`rotated/${new Date().getFullYear()}`);
    assert.deepEqual(readdirSync(folder).sort(), files.map(({ file }) => basename(file)).sort());
    assert.deepEqual(files.map(({ file }) => basename(file)), ["rec.wav", "rec-001.wav", "rec-002.wav", "rec-003.wav"]);
    assert.deepEqual(files.map(({ frame }) => frame), [0, RATE, RATE * 2, RATE * 3]);
    const parts = await Promise.all(files.map(({ file }) => samplesOf(file)));
    for (const part of parts) assert.equal(part.length / 2, RATE);
    const whole = Int16Array.from(parts.flatMap((part) => Array.from(part)));
    equalSamples(whole.subarray(DELAY * 2), noise(RATE * 4).subarray(0, -DELAY * 2));
    // What is dropped from the start of the recording is not part of the first file.
    const dropped = await run("-q", "--json", input, path("late.wav"), "--rotate", "1", "-o", "0.4", "-d", "1.7");
    const [, second, ...more] = JSON.parse(dropped.stderr).files;
    assert.deepEqual([second.frame, more], [RATE, []]);
    assert.equal((await samplesOf(second.file)).length / 2, RATE * 0.3);
  });

  it("goes on in the same file where the next one cannot be made", async () => {
    const second = (ahead: number) => {
      const date = new Date(Date.now() + 1000 * ahead);
      return path(`blocked/${[date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join("")}`);
    };
    const recording = pastream([...virtual, "null", path("blocked/%M%S/rec.wav"), "--rotate", "3", "-d", "4"]);
    const begun = () => existsSync(path("blocked")) ? readdirSync(path("blocked")) : [];
    while (begun().length === 0) await pause(5);
    const [first] = begun();
    for (let ahead = 0; ahead < 60; ahead++) {
      if (!existsSync(second(ahead))) writeFileSync(second(ahead), ""); // where a folder is to be made
    }
    const { code, stderr } = await recording;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /the folder .* cannot be made .*: the recording goes on in .*rec\.wav/);
    assert.equal(info(path(`blocked/${first}/rec.wav`)).frames, 4 * RATE);
  });

  it("says that a file was removed while it was recorded", { skip: process.platform === "win32" }, async () => {
    const [name, moved] = [path("removed.wav"), path("moved.wav")];
    const begun = async () => {
      while (!existsSync(name) || statSync(name).size < 1000) await pause(5);
    };
    const seconds = 3; // enough for a busy machine to do something meanwhile
    const removing = pastream([...virtual, "-q", "null", name, "-d", `${seconds}`]);
    await begun();
    rmSync(name);
    const { code, stderr } = await removing;
    assert.equal(code, 1);
    assert.match(stderr, /removed\.wav was removed while it was recorded/);
    const moving = run("-q", "null", name, "-d", `${seconds}`);
    await begun();
    renameSync(name, moved);
    await moving;
    assert.equal(info(moved).frames, seconds * RATE);
  });

  it("goes on in the next file where one is full", { skip: !full && "it writes 4.6 GB" }, async () => {
    const taken = await makeFile("huge%d-001.wav", 10);
    const args = ["-c", "64", "-r", "96000", "-e", "double", "--buffersize", "512K", "-d", "95", "-q", "--json"];
    const { code, stderr } = await pastream([...virtual, "null", path("huge%d.wav"), ...args], { timeout: 600 });
    assert.equal(code, 0, stderr);
    const { files, frames } = JSON.parse(stderr);
    assert.deepEqual(files.map(({ file }: { file: string }) => basename(file)), ["huge%d.wav", "huge%d-002.wav"]);
    assert.equal(info(files[0].file).frames, files[1].frame);
    assert.equal(info(files[1].file).frames, frames - files[1].frame);
    assert.equal(info(taken).frames, 10);
  });

  it("leaves no file behind that would have begun after the end", async () => {
    const stdin = new Uint8Array(24 + 4 * RATE * 0.4);
    [0x2e736e64, 24, 0xffffffff, 3, RATE, 2].forEach((word, i) => new DataView(stdin.buffer).setUint32(4 * i, word));
    const args = ["-q", "--json", "-", path("alone.wav"), "--rotate", "0.5"];
    const { code, stderr } = await pastream([...virtual, ...args], { stdin });
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stderr).files, [{ file: path("alone.wav").replace(".wav", "-001.wav"), frame: 0 }]);
    assert.deepEqual(readdirSync(path("")).filter((name) => name.startsWith("alone")), ["alone-001.wav"]);
  });

  it("two recorders with --rotate and --no-clobber leave each other's files alone", async () => {
    const args = ["-q", "--json", "null", path("both/%Y.wav"), "--rotate", "0.4", "--no-clobber", "-d", "2"];
    const results = await Promise.all([1, 2, 3].map(() => pastream([...virtual, ...args])));
    for (const { code, stderr } of results) assert.equal(code, 0, stderr);
    const lists = results.map(({ stderr }) => JSON.parse(stderr).files as { file: string; frame: number }[]);
    const names = lists.flat().map(({ file }) => file);
    assert.deepEqual(readdirSync(path("both")).sort(), names.map((name) => basename(name)).sort());
    assert.equal(new Set(names).size, names.length);
    for (const files of lists) {
      assert.ok(files.length > 1);
      // A busy machine may be late with a file, and is then with the cut; none lacks a frame.
      for (const [i, { file, frame }] of files.entries()) {
        assert.equal((await samplesOf(file)).length / 2, (files[i + 1]?.frame ?? 2 * RATE) - frame, file);
      }
    }
  });

  it("takes arguments from a file", async () => {
    const input = await makeFile("a b.wav", 1000);
    writeFileSync(path("arguments"), `${virtual.join(" ")} -q\n"${input}" '${path("c d.wav")}'`);
    const { code, stderr } = await pastream([`@${path("arguments")}`]);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.equal((await samplesOf(path("c d.wav"))).length, 2000);
  });

  it("notes options that do nothing", async () => {
    const input = await makeFile("idle.wav", 100);
    assert.match((await run(input, "-o", "1")).stderr, /-o\/--offset does nothing: there is no recording/);
    const few = await run("null", path("idle-out.wav"), "-d", "5s");
    assert.match(few.stderr, /^pastream: -d\/--duration: 5s is 5 samples; for seconds write 5sec\n--/);
    assert.doesNotMatch((await run(input, "-d", "1000s")).stderr, /samples/);
    assert.match(
      (await run("null", path("idle-out.wav"), "-d1ms", "--loop")).stderr,
      /--loop does nothing: there is no playback/,
    );
    const longer = await makeFile("idle-long.wav", RATE * 0.2);
    assert.match((await run(longer, "--rotate", "0.05")).stderr, /--rotate does nothing: .*\n.*\n.*\n9600 frames/);
  });
});
