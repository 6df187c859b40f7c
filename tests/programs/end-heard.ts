// Plays marks of 4800 frames in every way in which a run can play out, each with a level of its own: level number i is
// (i + 1) / 32. A way that is to fail has to. Arguments: which of the ways (names, with commas between), options of
// streams as JSON. On a JACK server it listens itself, as nothing else there does, and prints how many frames of each
// mark came back.
import { Buffer } from "node:buffer";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { InputStream, OutputStream, queryDevice, SoundFile } from "../../mod.ts";
import { BLOCK_FRAMES, MARK_FRAMES, ways } from "../helpers/end-heard.ts";

const chosen = process.argv[2].split(",") as (keyof typeof ways)[];
const options = JSON.parse(process.argv[3]);

function encode(samples: Float32Array<ArrayBuffer>, format: string, subtype: string): Uint8Array<ArrayBuffer> {
  const file = SoundFile.inMemory({ sampleRate: 48000, channels: 1, format, subtype });
  file.write(samples);
  file.close();
  return file.bytes();
}

/** A FLAC file of the mark and a block of noise, whose end is missing. */
function damagedFile(level: number): Uint8Array<ArrayBuffer> {
  const samples = Float32Array.from({ length: 2 * BLOCK_FRAMES }, (_, i) => i < BLOCK_FRAMES ? level : Math.random());
  return encode(samples, "FLAC", "PCM_16").slice(0, -1000);
}

/** Something that breaks off after `bytes`. */
function* broken(bytes: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  yield bytes;
  throw new URIError("broken");
}

/** Plays what fails in the end; undefined if the way does not. */
function playFailing(stream: OutputStream, way: string, samples: Float32Array<ArrayBuffer>): Promise<void> | undefined {
  const bytes = new Uint8Array(samples.buffer);
  switch (way) {
    case "too short":
      return stream.play(samples, { frames: 2 * MARK_FRAMES });
    case "damaged file":
    case "late damaged file":
      return stream.play(damagedFile(samples[0]));
    case "damaged file before silence":
      return stream.play(damagedFile(samples[0]), { pad: -1 });
    case "broken download": {
      const whole = encode(new Float32Array([...samples, ...samples]), "WAV", "FLOAT");
      const body = ReadableStream.from(broken(whole.slice(0, whole.length - bytes.length)));
      return stream.play(new Response(body));
    }
    case "broken pieces":
      return stream.play(broken(bytes), { raw: true });
    case "failing generator":
      return stream.play((function* () {
        yield samples;
        throw new URIError("failing");
      })());
    case "failing function":
      return stream.play((_stream, ring) => {
        ring.write(samples);
        throw new URIError("failing");
      }, { pad: -1 });
    case "half a frame":
      return stream.play([Buffer.concat([bytes, bytes.subarray(0, 2)])], { raw: true, pad: -1 });
    default:
      return undefined;
  }
}

async function play(way: keyof typeof ways, level: number): Promise<void> {
  const { latency, error } = ways[way];
  const stream = await OutputStream.open({ sampleRate: 48000, channels: 1, ...options, ...(latency && { latency }) });
  const samples = new Float32Array(MARK_FRAMES).fill(level);
  if (error) {
    const name = await playFailing(stream, way, samples)!.then(() => "no error", ({ name }) => name);
    if (name !== error) throw new Error(`${way}: ${name}`);
  } else if (way === "writable") {
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
    await stream.play(new SoundFile(encode(samples, "WAV", "FLOAT")));
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
