// Sound files byte by byte, as other programs write them.
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { SoundFile } from "../../mod.ts";

export const le = (n: number): Uint8Array => number(n, 4, true);
export const le2 = (n: number): Uint8Array => number(n, 2, true);
export const be = (n: number): Uint8Array => number(n, 4, false);
export const be2 = (n: number): Uint8Array => number(n, 2, false);

function number(n: number, size: 2 | 4, little: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(size));
  if (size === 2) view.setInt16(0, n, little);
  else view.setUint32(0, n >>> 0, little);
  return new Uint8Array(view.buffer);
}

/** Text as Latin-1, and bytes, one after the other. */
export function cat(...parts: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.concat(parts.map((part) => typeof part === "string" ? Buffer.from(part, "latin1") : part));
  return new Uint8Array(bytes);
}

export const ramp: Int16Array = Int16Array.from({ length: 10 }, (_, i) => i * 1000 - 5000);
export const rampLE: Uint8Array = cat(...Array.from(ramp, le2));
export const rampBE: Uint8Array = cat(...Array.from(ramp, be2));

/** The "fmt " chunk of a WAV file. */
export function wavFmt(
  extra: Uint8Array = new Uint8Array(0),
  tag = 1,
  channels = 1,
  rate = 8000,
  bits = 16,
): Uint8Array {
  const block = channels * bits / 8;
  const numbers = [le2(tag), le2(channels), le(rate), le(rate * block), le2(block), le2(bits)];
  return cat("fmt ", le(16 + extra.length), ...numbers, extra);
}

export function wav(...chunks: Uint8Array[]): Uint8Array {
  const body = cat("WAVE", ...chunks);
  return cat("RIFF", le(body.length), body);
}

export const wavData: Uint8Array = cat("data", le(20), rampLE);

export function aiff(...chunks: Uint8Array[]): Uint8Array {
  const body = cat("AIFF", ...chunks);
  return cat("FORM", be(body.length), body);
}

/** The "COMM" chunk of ten frames of 16 bits at 8 kHz. */
export const aiffComm: Uint8Array = cat("COMM", be(18), be2(1), be(10), be2(16), "\x40\x0b\xfa\0\0\0\0\0\0\0");

/** A file of this project's own. */
export function made(
  options: { format: string; subtype?: string; sampleRate: number; channels: number },
  samples: ArrayBufferView,
): Uint8Array<ArrayBuffer> {
  const file = SoundFile.inMemory(options);
  file.write(samples);
  file.close();
  return file.bytes();
}

/** A named pipe that the bytes come through. */
export function pipeOf(path: string, bytes: Uint8Array): string {
  writeFileSync(`${path}.bytes`, bytes);
  if (spawnSync("mkfifo", [path]).status !== 0) throw new Error("mkfifo failed");
  spawn("sh", ["-c", 'cat "$2" > "$1"', "sh", path, `${path}.bytes`], { stdio: "ignore" });
  return path;
}
