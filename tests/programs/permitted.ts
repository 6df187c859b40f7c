// Uses all of the library but the zero-copy views; what this asks for beyond --allow-ffi=<library> is reported.
import {
  chunks,
  DuplexStream,
  formatDeviceList,
  InputStream,
  LibraryNotFoundError,
  OutputStream,
  PastreamError,
  play,
  queryDevice,
  queryDevices,
  RingBuffer,
  SoundFile,
  versions,
} from "../../mod.ts";

const virtual = { device: "virtual", hostSettings: { hostApi: "virtual", clock: "freewheel" } } as const;
const report: Record<string, unknown> = {};

async function run(): Promise<void> {
  report.devices = queryDevices().length > 0 && formatDeviceList().includes("virtual");
  report.versions = versions().native.length > 0;

  using ring = new RingBuffer(4, 8);
  ring.write(new Float32Array([1, 2]));
  report.ring = ring.read().length;
  try {
    ring.getReadBuffers();
  } catch (error) {
    report.views = error instanceof PastreamError && error.code === "unsupported" && error.message;
  }

  await using stream = new DuplexStream({ ...virtual, channels: 1, blockSize: 64 });
  const sound = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);
  const recorded = await stream.playrec(sound, { pad: 64 });
  report.playrec = recorded.subarray(64).every((sample, i) => sample === sound[i]);

  await using input = await InputStream.open({ ...virtual, channels: 1 });
  report.record = (await input.record(500)).length;
  await using output = new OutputStream({ ...virtual, channels: 1 });
  await output.play(function* () {
    yield sound;
  });
  report.play = output.frameCount;
  let frames = 0;
  for await (const chunk of chunks({ ...virtual, channels: 1, chunkSize: 128, frames: 1000 })) frames += chunk.length;
  report.chunks = frames;
  await play(sound, virtual);

  const file = SoundFile.inMemory({ sampleRate: 48000, channels: 1, format: "WAV", subtype: "FLOAT" });
  file.write(sound);
  report.file = file.frames;
  file.close();

  try {
    queryDevice(undefined, "output");
    report.environment = "unread";
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    report.environment = message.includes("PASTREAM_DEVICE") ? "read" : "unread";
  }
}

try {
  await run();
} catch (error) {
  report.error = String(error);
  report.tried = error instanceof LibraryNotFoundError ? error.tried : undefined;
}
console.log(JSON.stringify(report));
