// Writes sound files in ways that end badly: [how, path, format, path, format, …].
import { writeSync } from "node:fs";
import process from "node:process";
import { SoundFile } from "../../mod.ts";

const [how, ...rest] = process.argv.slice(2);
const files = rest.flatMap((path, i) => i % 2 === 0 ? [{ path, format: rest[i + 1] }] : []);
const shape = { sampleRate: 48000, channels: 2 };
const block = Int16Array.from({ length: 2 * 5000 }, (_, i) => (i * 7919) % 65536 - 32768);
const kept: SoundFile[] = [];

function endWithoutClosing(): void {
  for (const { path, format } of files) {
    const file = new SoundFile(path, "w", { ...shape, format });
    file.write(block);
    kept.push(file);
  }
  if (how === "exit") process.exit(3);
  if (how === "throw") throw new Error("on purpose");
}

/** The error of an action as text, or "". */
function failureOf(action: () => void): string {
  try {
    action();
    return "";
  } catch (error) {
    return `${error}`;
  }
}

/** Writes and flushes block by block until that fails; tells how many frames have been flushed and how it ended. */
function fillTheDisks(): void {
  const results = files.map(({ path, format }) => {
    const file = new SoundFile(path, "w", { ...shape, format });
    let flushed = 0;
    const ended = failureOf(() => {
      for (let i = 0; i < 1000; i++) {
        file.write(block);
        file.flush();
        flushed = file.tell();
      }
    });
    return { flushed, ended, closed: failureOf(() => file.close()) };
  });
  writeSync(1, JSON.stringify(results));
}

/** Writes to stdout, whether it is read or not. */
function writeToStdout(): void {
  const failure = failureOf(() => {
    const file = new SoundFile(1, "w", { ...shape, format: files[0].format });
    for (let i = 0; i < 200; i++) file.write(block);
    file.close();
  });
  writeSync(2, failure || "done");
}

if (how === "full") fillTheDisks();
else if (how === "stdout") writeToStdout();
else endWithoutClosing();
