// A user's program in TypeScript; only its types are checked.
import { chunks, type DeviceInfo, InputStream, queryDevices, SoundFile, type StreamOptions } from "pastream";

const options: StreamOptions<"int16"> = { device: "virtual", dtype: "int16" };
const devices: readonly DeviceInfo[] = queryDevices();
const stream: InputStream<"int16"> = new InputStream(options);
const samples: Int16Array = await stream.record(100);
{
  await using opened: InputStream = await InputStream.open();
  using file: SoundFile = new SoundFile("a.wav");
  console.log(opened.xruns, file.frames);
}
const first: Float32Array[] = [];
for await (const chunk of chunks()) first.push(chunk);
// @ts-expect-error a name is text
const name: number = devices[0].name;
// @ts-expect-error no such option
new SoundFile("a.wav", "r", { rate: 44100 });
console.log(samples, first, name);
