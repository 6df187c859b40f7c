// What the libraries in native/ are: { "linux-x64": { file, size, sha256 }, … }.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./run.mjs";
import { targets } from "./targets.mjs";

/** Describes the libraries in a folder that is laid out as native/ is. All of them, or it fails. */
export function describeLibraries(folder) {
  return Object.fromEntries(targets.map(({ name, file }) => {
    const path = join(folder, name, file);
    if (!existsSync(path)) throw new Failure(`${path} is missing: npm run build -- --all`);
    const bytes = readFileSync(path);
    return [name, { file, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") }];
  }));
}

export function writeManifest(folder) {
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(describeLibraries(folder), null, 2)}\n`);
}
