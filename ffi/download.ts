// A module that Deno loads from the web has no files beside it. Its library is fetched once, into the user's cache.
import { type DownloadOrder, type DownloadReport, downloadThread } from "./download-worker.ts";
import { LibraryNotFoundError, PastreamError } from "./errors.ts";
import type { PrebuiltFile } from "./prebuilt.ts";
import { builtin } from "./process.ts";

const LONGEST_DOWNLOAD = 120_000; // milliseconds; a question for a permission may be waiting for its answer
const LONGEST_REPORT = 16_384; // bytes

/** The folder of this user's cache for files of pastream. */
function cacheFolder(): string {
  const { os } = Deno.build;
  if (os === "windows") return `${folderIn("LOCALAPPDATA")}\\pastream`;
  if (os === "darwin") return `${folderIn("HOME")}/Library/Caches/pastream`;
  return `${Deno.env.get("XDG_CACHE_HOME") || `${folderIn("HOME")}/.cache`}/pastream`;
}

function folderIn(variable: string): string {
  const folder = Deno.env.get(variable);
  if (folder) return folder;
  throw new LibraryNotFoundError(
    `there is no place to keep libpastream in: ${variable} is not set. Set it, or PASTREAM_LIB to the path of a copy`,
    [],
  );
}

const messageOf = (error: unknown) => error instanceof Error ? error.message : `${error}`;

/**
 * The SHA-256 of a file; undefined where there is none. Of the two hashes that Deno has only node:crypto's is
 * synchronous.
 */
function hashOf(path: string): string | undefined {
  const { createHash } = builtin("node:crypto") as typeof import("node:crypto");
  try {
    return createHash("sha256").update(Deno.readFileSync(path)).digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * An empty folder for what is being fetched. It is in the cache, so that the file has only to be moved. Nobody but this
 * user may put anything into the cache, whatever the umask is: libraries are loaded from there.
 */
function makeAside(cache: string): string {
  try {
    Deno.mkdirSync(cache, { recursive: true, mode: 0o700 });
    if (Deno.build.os !== "windows") Deno.chmodSync(cache, 0o700);
    return Deno.makeTempDirSync({ dir: cache, prefix: "download-" });
  } catch (cause) {
    throw new PastreamError(
      "download",
      `libpastream cannot be kept in ${cache} (${messageOf(cause)}): set PASTREAM_LIB to the path of a copy`,
      { cause },
    );
  }
}

/** Has a worker fetch a file, and waits for it: constructors are synchronous, and this happens once for a user. */
function fetchInWorker(url: string, size: number, folder: string): DownloadReport {
  const reply = new SharedArrayBuffer(4 + LONGEST_REPORT);
  const length = new Int32Array(reply, 0, 1);
  const worker = new Worker(downloadThread.url, { type: "module", name: downloadThread.name });
  try {
    worker.postMessage({ url, size, folder, reply } satisfies DownloadOrder);
    if (Atomics.wait(length, 0, 0, LONGEST_DOWNLOAD) === "timed-out") {
      return { failed: `no answer within ${LONGEST_DOWNLOAD / 1000} s` };
    }
    return JSON.parse(new TextDecoder().decode(new Uint8Array(reply, 4, length[0]).slice()));
  } finally {
    worker.terminate();
  }
}

/** Unpacks a file, to no more than `size` bytes; the text of what is wrong with it where it cannot be unpacked. */
function unpack(path: string, size: number): string | undefined {
  const { gunzipSync } = builtin("node:zlib") as typeof import("node:zlib");
  try {
    Deno.writeFileSync(path, gunzipSync(Deno.readFileSync(path), { maxOutputLength: size }));
  } catch (error) {
    return messageOf(error);
  }
}

/** Fetches aside and moves into place what is right, so that no other process ever sees a part of it. */
function fetchLibrary(url: string, library: PrebuiltFile, cache: string, path: string): DownloadReport {
  const { size, sha256: expected, gzipped } = library;
  const aside = makeAside(cache);
  try {
    const report = fetchInWorker(url, gzipped ?? size, aside);
    if ("failed" in report) return report;
    const { fetched } = report;
    const damage = gzipped === undefined ? undefined : unpack(fetched, size);
    const hash = hashOf(fetched);
    if (hash !== expected) {
      const what = damage ?? `its SHA-256 is ${hash}, and must be ${expected}`;
      throw new PastreamError("download", `${url}: this is not the file that was published: ${what}`);
    }
    if (Deno.build.os !== "windows") Deno.chmodSync(fetched, 0o600);
    moveTo(path, fetched, expected);
    return report;
  } finally {
    Deno.removeSync(aside, { recursive: true });
  }
}

/** Windows does not replace a library that is in use; but then another process has put the same one there. */
function moveTo(path: string, fetched: string, expected: string): void {
  try {
    Deno.renameSync(fetched, path);
  } catch (error) {
    if (hashOf(path) !== expected) throw error;
  }
}

/** The path of a library in the user's cache, whose hash is right. One that is not there is fetched. */
export function downloaded(address: string, library: PrebuiltFile): string {
  const { file, sha256: expected, gzipped } = library;
  const url = `${address}${file}${gzipped === undefined ? "" : ".gz"}`;
  let report: DownloadReport;
  let path = "";
  // Only here is anything that is not on this machine asked for.
  try {
    const cache = cacheFolder();
    // A new version of the library has a new place.
    path = `${cache}${cache.includes("\\") ? "\\" : "/"}${expected.slice(0, 16)}-${file}`;
    if (hashOf(path) === expected) return path;
    report = fetchLibrary(url, library, cache, path);
  } catch (error) {
    if (error instanceof PastreamError) throw error;
    report = { failed: messageOf(error) };
  }
  if ("fetched" in report) return path;
  throw new LibraryNotFoundError(
    `${file} could not be fetched from ${url}: ${report.failed}.\n` +
      "Where there is a network, this fetches it, once:\n" +
      `  deno run -A ${new URL("../cli.ts", import.meta.url)} doctor -D virtual\n` +
      `or set PASTREAM_LIB to the path of a libpastream of this version`,
    [path, url].filter(Boolean),
  );
}
