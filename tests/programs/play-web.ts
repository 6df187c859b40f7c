// Plays what is at an address in a worker, and then on the main thread; leaves a third download behind at the end.
import process from "node:process";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { OutputStream, SoundFile } from "../../mod.ts";

const url: string = isMainThread ? process.argv[2] : workerData;

async function frames(): Promise<number> {
  const hostSettings = { hostApi: "virtual", clock: "freewheel" } as const;
  await using stream = new OutputStream({ device: "virtual", hostSettings, channels: 2, sampleRate: 48000 });
  await stream.play(await fetch(url));
  return stream.frameCount;
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: url });
  console.log("worker", await new Promise((resolve) => worker.once("message", resolve)));
  await worker.terminate(); // in the middle of a download
  console.log("main", await frames());
  await SoundFile.fromStream(await fetch(`${url}?stall`));
  process.exit(0);
} else {
  const played = await frames();
  const file = await SoundFile.fromStream(await fetch(`${url}?stall`));
  file.readAsync().catch(() => {});
  parentPort!.postMessage(played);
}
