// Records in chunks, and plays what a generator yields, in a runtime whose event loop cannot be woken.
import { runtime } from "../../ffi/load.ts";
import { DuplexStream } from "../../mod.ts";

const { open } = runtime;
runtime.open = (path, table) => ({ ...open(path, table), watch: () => undefined });

await using stream = await DuplexStream.open({ device: "virtual", channels: 1, blockSize: 160 });
let frames = 0;
for await (const chunk of stream.chunks({ frames: 4800 })) frames += chunk.length;
await stream.play(function* () {
  for (let n = 0; n < 10; n++) yield new Float32Array(480);
}, { bufferSize: 1024 });
console.log(frames, stream.heard, stream.aborted ? "aborted" : "completed");
