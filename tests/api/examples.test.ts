// Every example runs as it stands, copied into an empty project where `pastream` is the only package.
// On one Node: it starts many processes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { deinterleave, info, readFile, writeFile } from "../../mod.ts";
import { heardDuring } from "../helpers/listening.ts";
import { emptyProject } from "../helpers/project.ts";
import { commandFor, runTs } from "../helpers/runtime.ts";
import { pulseMissing, startPulse } from "../helpers/servers.ts";
import { webSocketServer } from "../helpers/websocket.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const examples = join(root, "examples");
const names = readdirSync(examples).filter((name) => name.endsWith(".ts")).map((name) => name.slice(0, -3));
const tested = new Set<string>();

const project = emptyProject();

/** Copies an example into the project. */
function copied(name: string): string {
  tested.add(name);
  const path = join(project, `${name}.ts`);
  copyFileSync(join(examples, `${name}.ts`), path);
  return path;
}

/** Runs an example in the project; returns its lines. */
async function run(name: string, ...args: string[]): Promise<string[]> {
  const { code, signal, stdout, stderr } = await runTs(copied(name), { args, cwd: project });
  assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" }, stdout);
  return stdout.trim().split("\n");
}

/** Starts an example that ends with Ctrl-C; `seen` is called with all it has written until it returns true. */
async function runUntil(
  name: string,
  args: string[],
  seen: (text: string) => boolean | Promise<boolean>,
): Promise<{ text: string; code: number | null }> {
  const [program, ...words] = commandFor(copied(name), args);
  const child = spawn(program, words, { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part) => void (text += part));
  const closed = once(child, "close");
  try {
    while (!await seen(text)) {
      assert.equal(child.exitCode, null, text);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } finally {
    process.kill(child.pid!, "SIGINT");
  }
  const [code] = await closed;
  return { text, code };
}

const sine = (frames: number, hertz: number, sampleRate: number) =>
  Float32Array.from({ length: frames }, (_, i) => 0.5 * Math.sin(2 * Math.PI * hertz * i / sampleRate));

/** Noise that is the same each time. */
function noise(frames: number): Float32Array<ArrayBuffer> {
  let state = 1;
  return Float32Array.from({ length: frames }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) / 2 ** 25 - 0.25;
  });
}

/** How many samples of a sound that begins with a zero are missing or wrong in what was heard, or come after it. */
function differing(expected: Float32Array, heard: Float32Array): number {
  const start = heard.findIndex((sample) => Math.abs(sample) > 1e-4) - 1;
  const after = heard.subarray(start + expected.length).filter((sample) => Math.abs(sample) > 1e-4).length;
  return expected.filter((sample, i) => !(Math.abs(sample - heard[start + i]) < 1e-4)).length + after;
}

/** Where samples begin in others, as they are; -1 if nowhere. */
function placeOf(part: Float32Array | Int16Array, whole: Float32Array | Int16Array): number {
  for (let at = 0; at + part.length <= whole.length; at++) {
    if (part.every((sample, i) => sample === whole[at + i])) return at;
  }
  return -1;
}

describe("the example", () => {
  it("record-then-play", async () => {
    const [, recorded] = await run("record-then-play", "virtual", "0.5");
    assert.match(recorded, /^Recorded 24000 frames/);
  });

  it("play-and-record", async () => {
    const samples = noise(2 * 24000);
    await writeFile(join(project, "in.wav"), samples, { sampleRate: 48000, channels: 2, subtype: "FLOAT" });
    const lines = await run("play-and-record", "in.wav", "out.wav", "virtual", "1.25");
    assert.deepEqual(lines, ["Recorded 60000 frames with 0 glitches."]);
    const recorded = await readFile(join(project, "out.wav"));
    assert.deepEqual([recorded.samples.length, recorded.channels], [2 * 60000, 2]);
    const start = recorded.samples.findIndex((sample) => sample !== 0) & ~1;
    const expected = new Float32Array(2 * 60000);
    expected.set(samples, start);
    assert.deepEqual(recorded.samples, expected);
  });

  it("spectrum", async () => {
    await writeFile(join(project, "tone.wav"), sine(48000, 1000, 48000), { sampleRate: 48000, channels: 1 });
    const lines = await run("spectrum", "virtual", "0.5", "tone.wav");
    const count = Math.floor((24000 - 1024) / 1024);
    assert.ok(Math.abs(lines.length - count) <= 1, `${lines.length} lines`);
    for (const line of lines.slice(2)) assert.match(line, /[▁▂▃▄▅▆▇█].* (984|1008) Hz$/);
  });

  it("tone", async () => {
    assert.deepEqual(await run("tone", "virtual", "0.5"), ["Played 24000 frames of a tone with 0 glitches."]);
  });

  it("tone-in-worker", async () => {
    assert.deepEqual(await run("tone-in-worker", "virtual", "1"), [
      "After being busy for half the time: 0 glitches.",
      "Played 48000 frames of a tone with 0 glitches.",
    ]);
  });

  it("wire", async () => {
    const [line] = await run("wire", "virtual", "0.5");
    assert.match(line, /^Passed on 24000 frames with \d+ glitches\.$/);
  });

  it("play-stream", async () => {
    const flac = join(project, "sound.flac");
    await writeFile(flac, noise(2 * 5000), { sampleRate: 22050, channels: 2 });
    const bytes = readFileSync(flac);
    const server = createServer((request, response) => {
      response.writeHead(request.url === "/sound.flac" ? 200 : 404);
      response.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      assert.deepEqual(await run("play-stream", `${url}/sound.flac`, "virtual"), [
        "Playing FLAC, 2 channels, 22050 Hz …",
      ]);
      const { code, stderr } = await runTs(copied("play-stream"), { args: [`${url}/none`, "virtual"], cwd: project });
      assert.notEqual(code, 0);
      assert.match(stderr, /404/);
    } finally {
      server.close();
      server.closeAllConnections?.();
    }
  });

  it("record-unlimited", async () => {
    const { text, code } = await runUntil(
      "record-unlimited",
      ["virtual", "1"], // in which a busy machine has made the next file
      (text) => text.split("\n").length > 3,
    );
    const files = readdirSync(project).filter((name) => /^recording-\d+\.flac$/.test(name)).sort();
    const frames = files.map((name) => info(join(project, name)).frames);
    assert.deepEqual(text.trim().split("\n"), files.map((name, i) => `${name}: ${frames[i]} frames`));
    assert.equal(code, 0, text);
    assert.ok(frames.length >= 4);
    for (const count of frames.slice(0, -1)) assert.equal(count, 48000);
    assert.ok(frames.at(-1)! <= 48000);
  });

  it(
    "websocket-capture",
    { skip: typeof WebSocket === "undefined" ? "this runtime has no WebSocket" : false },
    async () => {
      const played = Int16Array.from(noise(16000), (sample) => sample * 32767);
      await writeFile(join(project, "speech.wav"), played, { sampleRate: 16000, channels: 1 });
      const server = await webSocketServer();
      try {
        const lines = await run("websocket-capture", server.url, "virtual", "1.5", "speech.wav");
        assert.deepEqual(lines, ["Sent 24000 frames."]);
        const messages = await server.messages;
        assert.deepEqual(messages.map(({ length }) => length), Array(75).fill(640));
        const received = Int16Array.from(messages.flatMap((bytes) => [...new Int16Array(bytes.buffer)]));
        assert.notEqual(placeOf(played, received), -1);
      } finally {
        server.close();
      }
    },
  );

  it("two-recordings", async () => {
    const lines = await run("two-recordings", "music.flac", "words.wav", "1.5", "virtual");
    assert.equal(lines.at(-1), "music.flac: 72000 frames, words.wav: 24000 frames.");
    assert.equal(lines.length, 4);
    const [music, words] = ["music.flac", "words.wav"].map((name) => info(join(project, name)));
    assert.deepEqual([music.format, music.sampleRate, music.channels, music.frames], ["FLAC", 48000, 2, 72000]);
    assert.deepEqual([words.format, words.sampleRate, words.channels, words.frames], ["WAV", 16000, 1, 24000]);
  });

  /** Decibels of a tone of that frequency, as a share of the sample rate, against all else. */
  const toneIn = (samples: Int16Array, frequency: number) => {
    const waves = [Math.sin, Math.cos].map((wave) =>
      samples.reduce((sum, sample, i) => sum + sample * wave(2 * Math.PI * frequency * i), 0) * 2 / samples.length
    );
    const [a, b] = waves;
    const rest = samples.reduce((sum, sample, i) => {
      const angle = 2 * Math.PI * frequency * i;
      return sum + (sample - a * Math.sin(angle) - b * Math.cos(angle)) ** 2;
    }, 0);
    return 10 * Math.log10((a * a + b * b) / 2 * samples.length / rest);
  };

  /** Waits for what a server gets. */
  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it(
    "voice-agent",
    { skip: typeof WebSocket === "undefined" ? "this runtime has no WebSocket" : false },
    async () => {
      assert.ok(readFileSync(join(examples, "voice-agent.ts"), "utf8").split("\n").length <= 61);
      const server = await webSocketServer();
      const pcm = (hertz: number, frames: number, rate = 24000) =>
        Int16Array.from(sine(frames, hertz, rate), (sample) => Math.round(32767 * sample));
      try {
        const ended = run("voice-agent", server.url, "virtual", "7");
        const heard = () => Int16Array.from(server.received.flatMap((bytes) => [...new Int16Array(bytes.buffer)]));
        await until(() => server.received.length > 0);
        server.send(new Uint8Array(pcm(440, 120_000).buffer)); // a sentence of 5 seconds,
        await until(() => heard().filter((sample) => sample !== 0).length > 8000);
        server.send("clear"); // interrupted after half a second of it
        await until(() => server.texts.length > 0);
        await until(() => heard().subarray(-1600).every((sample) => sample === 0));
        const first = heard();
        server.send(new Uint8Array(pcm(600, 12000).buffer)); // half a second more is said, whole
        assert.equal((await ended).length, 1);
        const told = JSON.parse(server.texts[0]);
        assert.ok(told.dropped > 24000 && told.dropped + told.heard === 120_000, server.texts[0]);

        // The microphone of the virtual device hears the loudspeaker, at 16 kHz.
        const all = heard(), from = first.findIndex((sample) => Math.abs(sample) > 1000);
        const to = first.length - first.toReversed().findIndex((sample) => sample !== 0);
        const length = told.heard * 2 / 3;
        assert.ok(Math.abs(to - from - length) < 100, `${to - from} frames, not ${length}`);
        assert.ok(toneIn(first.subarray(from + 100, to - 300), 440 / 16000) > 60);
        const second = all.subarray(first.length);
        const spoken = second.filter((sample) => sample !== 0).length;
        assert.ok(Math.abs(spoken - 8000) < 200, `${spoken} frames of the second sentence`);
        const begin = second.findIndex((sample) => Math.abs(sample) > 1000);
        assert.ok(toneIn(second.subarray(begin + 100, begin + 7000), 600 / 16000) > 60);
      } finally {
        server.close();
      }
    },
  );

  it("voice-activity", async () => {
    const [rate, second] = [16000, 16000];
    const [first, later] = [noise(0.7 * second), noise(1.2 * second).subarray(0.7 * second)];
    const played = new Float32Array(5 * second);
    played.set(first, second);
    played.set(later, 3.4 * second);
    await writeFile(join(project, "talk.wav"), played, { sampleRate: rate, channels: 1, subtype: "FLOAT" });
    const lines = await run("voice-activity", "virtual", "5.5", "talk.wav");
    assert.equal(lines.length, 2, lines.join("\n"));
    for (const [i, burst] of [first, later].entries()) {
      const { samples, sampleRate } = await readFile(join(project, `speech-${i + 1}.wav`));
      assert.equal(sampleRate, rate);
      const at = placeOf(burst, samples);
      assert.ok(at >= 0.5 * second && at <= 0.52 * second, `it was heard ${at / second} s after the file's beginning`);
      const after = (samples.length - at - burst.length) / second;
      assert.ok(after >= 0.78 && after <= 0.82, `the file goes on for ${after} s`);
      assert.match(lines[i], new RegExp(`^speech-${i + 1}\\.wav: ${(samples.length / second).toFixed(2)} s$`));
    }
  });

  it("meeting", { skip: pulseMissing }, async () => {
    const server = await startPulse(); // whatever is played is heard on the default source, too
    try {
      const other = join(project, "other.wav");
      await writeFile(other, sine(300 * 48000, 500, 48000), { sampleRate: 48000, channels: 1 });
      const isNear = (wanted: number, tolerance: number) => (value: number) => Math.abs(value - wanted) <= tolerance;
      const player = spawn("paplay", [other], { env: { ...process.env, ...server.env }, stdio: "ignore" });
      // A server that got no time for a while skips some frames, so a busy machine may try again.
      let crossings: number[] = [];
      for (let tries = 0; tries < 5 && !(crossings.length > 0 && crossings.every(isNear(250, 2))); tries++) {
        const { code, stdout, stderr } = await runTs(copied("meeting"), {
          args: ["call.wav", "1.5"],
          cwd: project,
          env: server.env,
        });
        assert.deepEqual([code, stdout, stderr], [0, "call.wav: 1.50 s\n", ""]);
        const { samples, channels } = await readFile(join(project, "call.wav"));
        assert.deepEqual([channels, samples.length], [2, 2 * 1.5 * 48000]);
        const ends = deinterleave(samples, channels).map((plane) => plane.subarray(-24000)); // by then it plays
        crossings = ends.map((end) =>
          isNear(0.5, 0.02)(Math.max(...end)) && isNear(-0.5, 0.02)(Math.min(...end))
            ? end.filter((sample, i) => i > 0 && sample >= 0 && end[i - 1] < 0).length
            : NaN
        );
      }
      player.kill();
      assert.ok(crossings.every(isNear(250, 2)), `${crossings} periods in half a second`);
    } finally {
      await server.stop();
    }
  });

  it("tone, tone-in-worker and metronome are heard as they are meant", { skip: pulseMissing }, async () => {
    const click = (hertz: number) => sine(1440, hertz, 48000).map((sample, i) => sample * (1 - i / 1440));
    const beats = new Float32Array(3 * 9600);
    [1600, 1000, 1000].forEach((hertz, beat) => beats.set(click(hertz), beat * 9600));
    const cases: [name: string, args: string[], expected: Float32Array][] = [
      ["tone", ["loop", "0.5"], sine(24000, 440, 48000).map((sample) => 0.4 * sample)],
      ["tone-in-worker", ["loop", "0.5"], sine(24000, 330, 48000).map((sample) => 0.4 * sample)],
      ["metronome", ["loop", "300", "3"], beats],
    ];
    const server = await startPulse();
    try {
      for (const [name, args, expected] of cases) {
        // A server that got no time for a while skips some frames, so a busy machine may try again.
        const differences: number[] = [];
        for (let tries = 0; tries < 12 && !differences.includes(0); tries++) {
          const heard = await heardDuring(server, async () => {
            const { code, stderr } = await runTs(copied(name), {
              args,
              cwd: project,
              env: { ...server.env, PASTREAM_DEVICE: undefined },
            });
            assert.deepEqual([code, stderr], [0, ""]);
          });
          differences.push(differing(expected, heard));
        }
        assert.ok(differences.includes(0), `${name}: ${differences.join(", ")} samples differ`);
      }
    } finally {
      await server.stop();
    }
  });

  it("latency", async () => {
    const [measured, said] = await run("latency", "virtual");
    assert.match(measured, /^Round trip: 256 frames, 5\.3 ms\.$/);
    assert.match(said, /^The device says: [\d.]+ ms for the input, [\d.]+ ms for the output\.$/);
  });

  it("metronome", async () => {
    assert.deepEqual(await run("metronome", "virtual", "600", "8"), ["Played 8 beats at 600 a minute."]);
  });

  it("plot", async () => {
    // Left a ramp from -1 to 1, right silence.
    const samples = Float32Array.from({ length: 2 * 2400 }, (_, i) => i % 2 === 0 ? (i / 2400) - 1 : 0);
    await writeFile(join(project, "ramp.wav"), samples, { sampleRate: 48000, channels: 2, subtype: "FLOAT" });
    assert.deepEqual(await run("plot", "ramp.wav"), ["ramp.wav.svg: 0.05 s of 2 channels"]);
    const picture = readFileSync(join(project, "ramp.wav.svg"), "utf8");
    assert.match(picture, /^<svg .*viewBox="0 0 1200 320"/);
    const [left, right] = [...picture.matchAll(/d="(M0\.5[^"]*)"/g)].map(([, path]) => path);
    const ranges = [...left.matchAll(/M([\d.]+) ([\d.]+)V([\d.]+)/g)].map(([, ...numbers]) => numbers.map(Number));
    assert.equal(ranges.length, 1200);
    for (const [x, top, bottom] of ranges) {
      const middle = 80 - ((x - 0.5) / 600 - 1) * 72;
      assert.ok(bottom >= top && Math.abs(bottom - middle) < 0.2 && Math.abs(top - middle) < 0.2, `${x}: ${top}`);
    }
    assert.match(right, /^(M[\d.]+ 240\.0V240\.0)+$/);
  });

  it("scope", async () => {
    await runUntil("scope", ["virtual"], async (text) => {
      const url = /^Open (http:.*)\n/.exec(text)?.[1];
      if (!url) return false;
      const response = await fetch(url);
      assert.match(await response.text(), /<title>pastream scope<\/title>/);
      return true;
    });
  });

  it("demo, which belongs to the checkout", async () => {
    tested.add("demo");
    const { code, stdout, stderr } = await runTs(join(examples, "demo.ts"), { args: ["virtual"], cwd: project });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /came back equal/);
  });
});

describe("the examples", () => {
  it("are all tested, and run where they stand", async () => {
    // Skipped above:
    if (typeof WebSocket === "undefined") tested.add("websocket-capture").add("voice-agent");
    if (pulseMissing) tested.add("meeting");
    assert.deepEqual([...tested].sort(), names.sort());
    const { code, stderr } = await runTs(join(examples, "metronome.ts"), {
      args: ["virtual", "600", "2"],
      cwd: project,
    });
    assert.equal(code, 0, stderr);
  });

  it("are listed in their README", () => {
    const text = readFileSync(join(examples, "README.md"), "utf8");
    const listed = [...text.matchAll(/^\| `([\w-]+)\.ts`/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), names.sort());
  });
});
