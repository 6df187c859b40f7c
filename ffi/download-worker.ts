// Fetches a library into the cache, on a thread of its own: the thread that needs it is waiting.

/** What is to be fetched, and where to. */
export interface DownloadOrder {
  readonly url: string;
  readonly sha256: string;
  /** The cache. */
  readonly folder: string;
  /** The file, in the cache. */
  readonly path: string;
  /** The length of a DownloadReport, as an i32, and then the report. */
  readonly reply: SharedArrayBuffer;
}

/** How it went. `failed`: it cannot be had; `refused`: what came is not what was published, or cannot be kept. */
export type DownloadReport = Record<string, never> | { readonly failed: string } | { readonly refused: string };

/** What is used of @denosaurs/plug. */
interface Plug {
  download(options: { url: string; location: string }): Promise<string>;
}

// Put together here: it is to be looked for only when it is needed.
const plug = ["jsr", "@denosaurs/plug@1.1.0"].join(":");

/** How to start it. That this module is imported too, and not only started, keeps it where there is no network. */
export const downloadThread = { url: import.meta.url, name: "pastream download" } as const;

const messageOf = (error: unknown) => (error instanceof Error ? error.message : `${error}`).slice(0, 1000);

async function hashOf(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Windows does not replace a library that is in use; but then another process has put the same one there. */
async function moveTo(path: string, fetched: string): Promise<void> {
  try {
    await Deno.rename(fetched, path);
  } catch (error) {
    await Deno.stat(path).catch(() => {
      throw error;
    });
  }
}

/** Fetches aside and moves into place what is right, so that no other process ever sees a part of it. */
async function fetchLibrary({ url, sha256, folder, path }: DownloadOrder): Promise<DownloadReport> {
  let aside: string;
  try {
    await Deno.mkdir(folder, { recursive: true });
    aside = await Deno.makeTempDir({ dir: folder, prefix: "download-" });
  } catch (error) {
    return { refused: `it cannot be kept in ${folder} (${messageOf(error)}): set PASTREAM_LIB to the path of a copy` };
  }
  try {
    const { download } = await import(plug) as Plug;
    const fetched = await download({ url, location: aside });
    const hash = await hashOf(fetched);
    if (hash !== sha256) {
      return { refused: `this is not the file that was published: its SHA-256 is ${hash}, and must be ${sha256}` };
    }
    await moveTo(path, fetched);
    return {};
  } catch (error) {
    return { failed: messageOf(error) };
  } finally {
    await Deno.remove(aside, { recursive: true });
  }
}

async function serve(order: DownloadOrder): Promise<void> {
  console.log = console.error; // plug says what it does; stdout is not its own
  const report = await fetchLibrary(order);
  const room = new Uint8Array(order.reply, 4);
  const text = new TextEncoder().encode(JSON.stringify(report));
  room.set(text);
  const length = new Int32Array(order.reply, 0, 1);
  Atomics.store(length, 0, text.length);
  Atomics.notify(length, 0);
}

if ("name" in globalThis && globalThis.name === downloadThread.name) {
  addEventListener("message", (event) => void serve((event as MessageEvent<DownloadOrder>).data));
}
