// A registry of npm's for the packages of @pastream: it serves archives from a folder.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename } from "node:path";

interface Archive {
  readonly path: string;
  /** Its package.json. */
  readonly description: { readonly name: string; readonly version: string };
}

/** Answers as npm's registry does: a document about each package, and its archive. */
export async function serveRegistry(archives: readonly Archive[]): Promise<{ server: Server; address: string }> {
  let address = "";
  const server = createServer((request, response) => {
    const asked = decodeURIComponent(request.url!.slice(1));
    const archive = archives.find(({ path, description }) => asked === description.name || asked === basename(path));
    if (!archive) return response.writeHead(404).end("{}");
    const { path, description } = archive;
    const bytes = readFileSync(path);
    if (asked === basename(path)) return response.end(bytes);
    const { name, version } = description;
    const dist = {
      tarball: `${address}/${basename(path)}`,
      shasum: createHash("sha1").update(bytes).digest("hex"),
      integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
    };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({
      name,
      "dist-tags": { latest: version },
      versions: { [version]: { ...description, dist } },
    }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { server, address };
}
