// Fetches a library, on a thread of its own: the thread that needs it is waiting.

/** What is to be fetched, and where to. */
export interface DownloadOrder {
  readonly url: string;
  /** Bytes that it has: more are not taken. */
  readonly size: number;
  /** An empty folder for it. */
  readonly folder: string;
  /** The length of a DownloadReport, as an i32, and then the report. */
  readonly reply: SharedArrayBuffer;
}

/** How it went: the path of what came, or why it cannot be had. */
export type DownloadReport = { readonly fetched: string } | { readonly failed: string };

/** What is used of @denosaurs/plug. */
interface Plug {
  download(options: { url: string; location: string }): Promise<string>;
}

// Put together here: it is to be looked for only when it is needed.
const plug = ["jsr", "@denosaurs/plug@1.1.0"].join(":");
const PATIENCE = 3000; // milliseconds

/** How to start it. That this module is imported too, and not only started, keeps it where there is no network. */
export const downloadThread = { url: import.meta.url, name: "pastream download" } as const;

/**
 * Stands in for plug where that does not come. Deno fetches modules over the connections that it has, and one by which
 * the program itself has just come stands still with the thread that is waiting.
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
