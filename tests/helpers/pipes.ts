// Named pipes whose other end comes late.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createReadStream, createWriteStream } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

export const noPipes = process.platform === "win32" ? "there are no named pipes" : false;

export function makePipe(path: string): string {
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
  return path;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await sleep(1);
}

/**
 * Writes a file into a pipe once the event loop has had 10 turns, and the rest of its header 10 turns later. Settles
 * when the pipe is closed: a reader that opens it before that may find it at its end.
 */
export async function writeSlowly(path: string, bytes: Uint8Array): Promise<void> {
  await turns(10);
  const end = createWriteStream(path).on("error", () => {}); // a reader that has seen enough
  const closed = new Promise<void>((resolve) => end.on("close", () => resolve()));
  end.write(bytes.subarray(0, 20));
  await turns(10);
  end.end(bytes.subarray(20));
  await closed;
}

/** A pipe into which a file comes slowly. */
export function slowPipe(path: string, bytes: Uint8Array): string {
  writeSlowly(makePipe(path), bytes);
  return path;
}

/** A pipe that is read once the event loop has had 10 turns, and what comes out of it. */
export function slowlyRead(path: string): Promise<Uint8Array> {
  makePipe(path);
  return (async () => {
    await turns(10);
    const pieces: Uint8Array[] = [];
    for await (const piece of createReadStream(path)) pieces.push(piece);
    return Uint8Array.from(pieces.flatMap((piece) => [...piece]));
  })();
}
