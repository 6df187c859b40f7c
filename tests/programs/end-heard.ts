// Plays marks of 4800 frames in every way in which a run can play out, each with a level of its own: level number i is
// (i + 1) / 32. Arguments: which of the ways (names, with commas between), options of streams as JSON. On a JACK server
// it listens itself, as nothing else there does, and prints how many frames of each mark came back.
import { setTimeout } from "node:timers/promises";
import process from "node:process";
import { InputStream, OutputStream, queryDevice, SoundFile } from "../../mod.ts";
import { MARK_FRAMES, ways } from "../helpers/end-heard.ts";

const chosen = process.argv[2].split(",") as (keyof typeof ways)[];
const options = JSON.parse(process.argv[3]);
const mark = (level: number) => new Float32Array(MARK_FRAMES).fill(level);

async function play(way: keyof typeof ways, level: number): Promise<void> {
  const { latency } = ways[way];
  const stream = await OutputStream.open({ sampleRate: 48000, channels: 1, ...options, ...(latency && { latency }) });
  const samples = mark(level);
  if (way === "writable") {
    const writer = stream.writable().getWriter();
    await writer.write(samples);
    await writer.close();
  } else if (way === "generator") {
    await stream.play((function* () {
      yield samples;
    })());
  } else if (way === "function") {
    await stream.play((_stream, ring) => void ring.write(samples));
  } else if (way === "drain") {
    stream.setSource((_stream, ring, { signal }) => {
      ring.write(samples);
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    });
    await stream.start();
    while (stream.frameCount === 0) await setTimeout(1);
    await stream.drain();
  } else if (way === "stop") {
    stream.setSource(samples);
    await stream.start({ pad: -1 });
    while (stream.frameCount < MARK_FRAMES) await setTimeout(1);
    await stream.stop();
  } else if (way === "file") {
    const file = SoundFile.inMemory({ sampleRate: 48000, channels: 1, format: "WAV", subtype: "FLOAT" });
    file.write(samples);
    await stream.play(new SoundFile(file.bytes()));
  } else {
    await stream.play(samples);
  }
  await stream.close();
}

async function listen(work: () => Promise<void>): Promise<Float32Array> {
  const stream = await InputStream.open({ sampleRate: 48000, channels: 1, ...options });
  const heard: number[] = [];
  let working: Promise<void> | undefined, end = Infinity;
  for await (const chunk of stream.chunks({ chunkSize: 1024 })) {
    heard.push(...chunk);
    working ??= work().then(() => void (end = heard.length + 9600));
    if (heard.length > end) break;
  }
  await working;
  await stream.close();
  return Float32Array.from(heard);
}

const playAll = async () => {
  for (const [i, way] of chosen.entries()) await play(way, (i + 1) / 32);
};
if (queryDevice(options.device, "input").hostApi.includes("JACK")) {
  const heard = await listen(playAll);
  console.log(JSON.stringify(chosen.map((_, i) => heard.filter((sample) => sample === (i + 1) / 32).length)));
} else {
  await playAll();
}
