// Waits for one chunk after the other until it is terminated.
import { parentPort } from "node:worker_threads";
import { InputStream } from "../../mod.ts";

const stream = await InputStream.open({ device: "virtual", channels: 1, blockSize: 64 });
for await (const _ of stream.chunks()) parentPort!.postMessage("a chunk");
