// A file inside an executable is seen by JavaScript only. The system, which opens libraries, gets a copy of it.
import { builtin } from "./process.ts";

/** Where the executables of Bun (on Unix, on Windows) and of Deno have their files. */
const insides = [/^\/\$bunfs\//, /^[A-Z]:[\\/]~BUN[\\/]/i, /[\\/]deno-compile-[^\\/]+[\\/]/];

export const isEmbedded = (path: string): boolean => insides.some((inside) => inside.test(path));

/**
 * The path by which the system finds a file, given that by which JavaScript does. A copy lies in a new folder of this
 * user's, which goes at the exit (on Windows, where a library that is loaded cannot be removed, it stays).
 */
export function onDisk(path: string): string {
  if (!isEmbedded(path)) return path;
  const { mkdtempSync, readFileSync, rmSync, writeFileSync } = builtin("node:fs") as typeof import("node:fs");
  const { tmpdir } = builtin("node:os") as typeof import("node:os");
  const { basename, join } = builtin("node:path") as typeof import("node:path");
  const folder = mkdtempSync(join(tmpdir(), "pastream-"));
  const copy = join(folder, basename(path));
  writeFileSync(copy, readFileSync(path));
  globalThis.process.on("exit", () => {
    try {
      rmSync(folder, { recursive: true });
    } catch {
      // It is in use.
    }
  });
  return copy;
}
