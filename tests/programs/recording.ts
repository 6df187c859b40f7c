// Records a ramp into several files at once until it is killed: [folder, format/subtype, …]. Says on each line how many
// frames have been recorded into each of them.
import process from "node:process";
import { DuplexStream, SoundFile } from "../../mod.ts";

const [folder, ...formats] = process.argv.slice(2);
const ramp = Int16Array.from({ length: 32768 }, (_, i) => i);

const streams = formats.map((name, i) => {
  const [format, subtype] = name.split("/");
  const stream = new DuplexStream({
    device: "virtual",
    sampleRate: 48000,
    channels: 1,
    dtype: "int16",
    blockSize: 480,
  });
  stream.setSource(ramp, { loop: true });
  // libsndfile takes the length of an MP3 without its last header from the first frame's bitrate.
  const bitrateMode = format === "MP3" ? "constant" as const : undefined;
  const options = { sampleRate: 48000, channels: 1, format, subtype, bitrateMode };
  stream.setSink(new SoundFile(`${folder}/${i}`, "w", options));
  return stream;
});
for (const stream of streams) await stream.start();
setInterval(() => console.log(JSON.stringify(streams.map((stream) => stream.frameCount))), 20);
