// Makes the first native call and says what came of it; with --without-process where nobody may ask for `process`.
import { LibraryNotFoundError, PastreamError, RingBuffer, versions } from "../../mod.ts";

if ("Deno" in globalThis && Deno.args.includes("--without-process")) {
  Object.defineProperty(globalThis, "process", {
    get() {
      throw new TypeError("process is not to be asked for");
    },
  });
}

try {
  const { paths } = versions();
  using ring = new RingBuffer(4, 4);
  const written = ring.write(new Float32Array(3));
  const [, view] = ring.getReadBuffers();
  console.log(`loaded ${paths.native}, ring ${written}, view ${view.length} bytes`);
} catch (error) {
  if (!(error instanceof PastreamError)) throw error;
  console.log(error.name, error.code);
  console.log(error.message);
  if (error instanceof LibraryNotFoundError) { for (const path of error.tried) console.log(`tried: ${path}`); }
}
