// A module that Deno loads from the web has no files beside it. Its library is fetched once, into the user's cache.
import { type DownloadOrder, type DownloadReport, downloadThread } from "./download-worker.ts";
import { LibraryNotFoundError, PastreamError } from "./errors.ts";
import type { Prebuilt } from "./prebuilt.ts";

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
  if (!folder) throw new Error(`there is no place to keep it: ${variable} is not set`);
  return folder;
}

function isComplete(path: string, size: number): boolean {
  try {
    return Deno.statSync(path).size === size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Has a worker fetch the file, and waits for it: constructors are synchronous, and this happens once for a user.
 * Only here is anything that is not on this machine asked for.
 */
function fetchInWorker(order: Omit<DownloadOrder, "reply">): DownloadReport {
  const reply = new SharedArrayBuffer(4 + LONGEST_REPORT);
  const length = new Int32Array(reply, 0, 1);
  const worker = new Worker(downloadThread.url, { type: "module", name: downloadThread.name });
  try {
    worker.postMessage({ ...order, reply } satisfies DownloadOrder);
    if (Atomics.wait(length, 0, 0, LONGEST_DOWNLOAD) === "timed-out") {
      return { failed: `no answer within ${LONGEST_DOWNLOAD / 1000} s` };
    }
    return JSON.parse(new TextDecoder().decode(new Uint8Array(reply, 4, length[0]).slice()));
  } finally {
    worker.terminate();
  }
}

/** The path of a library in the user's cache. One that is not there yet is fetched, and checked before it is there. */
export function downloaded(url: string, { file, size, sha256 }: Prebuilt): string {
  // What lies under a hash was checked against it; a new version of the library has a new place.
  let report: DownloadReport;
  let path = "";
  try {
    const folder = cacheFolder();
    path = `${folder}${folder.includes("\\") ? "\\" : "/"}${sha256.slice(0, 16)}-${file}`;
    if (isComplete(path, size)) return path;
    report = fetchInWorker({ url, sha256, folder, path });
  } catch (error) {
    report = { failed: error instanceof Error ? error.message : `${error}` };
  }
  if ("refused" in report) throw new PastreamError("download", `${url}: ${report.refused}`);
  if (!("failed" in report)) return path;
  throw new LibraryNotFoundError(
    `libpastream could not be fetched from ${url}: ${report.failed}.\n` +
      "Where there is a network, this fetches it, once:\n" +
      `  deno run -A ${new URL("../cli.ts", import.meta.url)} doctor -D virtual\n` +
      `or set PASTREAM_LIB to the path of a ${file} of this version`,
    [path, url].filter(Boolean),
  );
}
