// A module that Deno loads from the web has no files beside it. Its library is fetched once, into the user's cache.
import { type DownloadOrder, type DownloadReport, downloadThread } from "./download-worker.ts";
import { LibraryNotFoundError, PastreamError } from "./errors.ts";
import type { PrebuiltFile } from "./prebuilt.ts";
import { builtin } from "./process.ts";

const LONGEST_DOWNLOAD = 120_000; // milliseconds; the user may be asked for a permission
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
 * The SHA-256 of a file; undefined if there is no file. Of the two implementations in Deno only node:crypto's is
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
 * An empty folder for a download. It is in the cache, so that the file can be moved into place. Only this user may
 * write to the cache, whatever the umask is, because libraries are loaded from it.
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

/** Fetches a file in a worker and waits for it: constructors are synchronous, and each user does this once. */
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

/** Unpacks a file, to at most `size` bytes. Returns a text that says what is wrong with a file that is damaged. */
function unpack(path: string, size: number): string | undefined {
  const { gunzipSync } = builtin("node:zlib") as typeof import("node:zlib");
  try {
    Deno.writeFileSync(path, gunzipSync(Deno.readFileSync(path), { maxOutputLength: size }));
  } catch (error) {
    return messageOf(error);
  }
}

/** Fetches into a folder of its own and moves the verified file into place: no other process sees a partial file. */
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

/** Windows does not replace a library that is in use. Then another process has put the same file there. */
function moveTo(path: string, fetched: string, expected: string): void {
  try {
    Deno.renameSync(fetched, path);
  } catch (error) {
    if (hashOf(path) !== expected) throw error;
  }
}

/** The path of a library in the user's cache, whose hash has been checked. Fetches it if necessary. */
export function downloaded(address: string, library: PrebuiltFile): string {
  const { file, sha256: expected, gzipped } = library;
  const url = `${address}${file}${gzipped === undefined ? "" : ".gz"}`;
  let report: DownloadReport;
  let path = "";
  // The only place that uses the network.
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
