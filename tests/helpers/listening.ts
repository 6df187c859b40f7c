// Listens at the other side: parec records what the sink of a sound server plays.
import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import type { Server } from "./servers.ts";

/** The left channel, at 48 kHz, of what is played while `work` is done and until half a second has come after it. */
export async function heardDuring(server: Server, work: () => Promise<unknown>): Promise<Float32Array<ArrayBuffer>> {
  const format = ["--format=float32le", "--rate=48000", "--channels=2", "--latency-msec=20"];
  const parec = spawn("parec", ["-d", "loop.monitor", ...format], {
    env: { ...process.env, ...server.env },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const pieces: Uint8Array[] = [];
  parec.stdout.on("data", (piece: Uint8Array) => pieces.push(piece));
  try {
    await once(parec.stdout, "data");
    await work();
    // What it has recorded by now comes within its latency; on a busy machine later, so until half a second of silence.
    const length = () => pieces.reduce((sum, piece) => sum + piece.length, 0);
    for (const end = length() + 48000 * 8 / 2; length() < end;) await setTimeout(20);
  } finally {
    parec.kill();
    await once(parec, "close");
  }
  const bytes = Buffer.concat(pieces);
  const both = new Float32Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 2);
  return both.filter((_, i) => i % 2 === 0);
}
