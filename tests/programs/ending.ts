// A process that ends while a stream plays and records: [how it ends, what it records into, path of the recording].
import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { DuplexStream, SoundFile } from "../../mod.ts";

type Ending =
  | "normally"
  | "by the end of the script"
  | "by an uncaught exception"
  | "by an unhandled rejection"
  | "by process.exit()"
  | "by the runtime's own exit"
  | "in a worker that is terminated"
  | "in a worker that ends"
  | "in a worker with an uncaught exception"
  | "in a worker while the process exits";

const [ending, sink, path] = (isMainThread ? process.argv.slice(2) : workerData) as [Ending, "file" | "memory", string];

/** The library's threads that are alive in this process, but the one that stays; none where that cannot be told. */
function threads(): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc/self/task").map((id) => {
    try {
      return readFileSync(`/proc/self/task/${id}/comm`, "utf8").trim();
    } catch {
      return "";
    }
  }).filter((name) => /^(ps-(?!waker)|pastream )/.test(name));
}

/** A stream that plays and records until it is ended. */
async function startStream(): Promise<DuplexStream> {
  const stream = new DuplexStream({ device: "virtual", channels: 1, sampleRate: 48000 });
  stream.setSource(new Float32Array(4800).fill(0.25), { loop: true });
  const file = { sampleRate: 48000, channels: 1, subtype: path.endsWith(".flac") ? "PCM_24" : "FLOAT" } as const;
  stream.setSink(sink === "file" ? new SoundFile(path, "w", file) : new Float32Array(48000 * 60));
  await stream.start();
  while (stream.frameCount < 4800) await setTimeout(5);
  return stream;
}

async function inWorker(): Promise<void> {
  const stream = await startStream();
  const frames = stream.frameCount;
  stream.unref();
  if (ending === "in a worker with an uncaught exception") {
    globalThis.setTimeout(() => {
      throw new Error("on purpose");
    }, 1);
  }
  parentPort!.postMessage(frames);
  if (ending === "in a worker that is terminated" || ending === "in a worker while the process exits") {
    await setTimeout(60_000);
  }
}

async function withWorker(): Promise<void> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: [ending, sink, path] });
  worker.on("error", () => {});
  const streaming = new Promise((resolve) => worker.once("message", resolve));
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  const frames = await streaming;
  if (ending === "in a worker while the process exits") {
    console.log(frames);
    process.exit(7);
  }
  if (ending === "in a worker that is terminated") await worker.terminate();
  await exited;
  // Whatever the worker has left behind now runs without it.
  await setTimeout(100);
  console.log(frames);
}

async function inMain(): Promise<void> {
  const before = threads();
  const stream = await startStream();
  console.log(stream.frameCount);
  switch (ending) {
    case "normally":
      await stream.stop();
      await stream.close();
      // The stream's own thread ends by itself, soon after it has said that it is closed.
      for (let i = 0, left = threads(); left.length > before.length; left = threads()) {
        if (++i === 3000) throw new Error(`left: ${left}`);
        await setTimeout(10);
      }
      break;
    case "by the end of the script":
      stream.unref();
      break;
    case "by an uncaught exception":
      globalThis.setTimeout(() => {
        throw new Error("on purpose");
      }, 1);
      break;
    case "by an unhandled rejection":
      Promise.reject(new Error("on purpose"));
      break;
    case "by process.exit()":
      process.exit(7);
      break;
    case "by the runtime's own exit":
      (globalThis as { Deno?: { exit(code: number): void } }).Deno?.exit(7);
      process.exitCode = 7;
      stream.unref();
  }
}

await (!isMainThread ? inWorker() : ending.startsWith("in a worker") ? withWorker() : inMain());
