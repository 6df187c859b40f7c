// Fetches a library on a thread of its own, while the thread that needs it waits.

/** What to fetch, and where to put it. */
export interface DownloadOrder {
  readonly url: string;
  /** Its size in bytes, which is the limit. */
  readonly size: number;
  /** An empty folder for the file. */
  readonly folder: string;
  /** Receives the length of the DownloadReport as an i32, followed by the report. */
  readonly reply: SharedArrayBuffer;
}

/** The outcome: the path of the file, or the reason of the failure. */
export type DownloadReport = { readonly fetched: string } | { readonly failed: string };

/** What is used of @denosaurs/plug. */
interface Plug {
  download(options: { url: string; location: string }): Promise<string>;
}

// Built at run time, so that it is looked for only when it is needed.
const plug = ["jsr", "@denosaurs/plug@1.1.0"].join(":");
const PATIENCE = 3000; // milliseconds

/** The address for starting it. Because this module is imported too, Deno caches it for use without a network. */
export const downloadThread = { url: import.meta.url, name: "pastream download" } as const;

/**
 * Replaces plug if that cannot be loaded. Deno fetches modules over its open connections, and the one over which the
 * program itself was loaded is blocked together with the thread that waits.
 */
function standIn(size: number): Plug {
  return {
    async download({ url, location }) {
      const response = await fetch(url);
      if (!response.ok || !response.body) throw new Error(`${response.status} ${response.statusText}`);
      const path = `${location}/library`;
      let received = 0;
      const limit = new TransformStream<Uint8Array, Uint8Array>({
        transform(piece, controller) {
          received += piece.length;
          if (received > size) throw new Error(`it is longer than the ${size} bytes that were published`);
          controller.enqueue(piece);
        },
      });
      await Deno.writeFile(path, response.body.pipeThrough(limit));
      return path;
    },
  };
}

function findPlug(otherwise: Plug): Promise<Plug> {
  const tooLate = new Promise<Plug>((resolve) => setTimeout(resolve, PATIENCE, otherwise));
  return Promise.race([(import(plug) as Promise<Plug>).catch(() => otherwise), tooLate]);
}

async function fetchLibrary({ url, size, folder }: DownloadOrder): Promise<DownloadReport> {
  try {
    const { download } = await findPlug(standIn(size));
    return { fetched: await download({ url, location: folder }) };
  } catch (error) {
    return { failed: (error instanceof Error ? error.message : `${error}`).slice(0, 1000) };
  }
}

async function serve(order: DownloadOrder): Promise<void> {
  console.log = console.error; // plug prints its progress, which must not go to stdout
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
