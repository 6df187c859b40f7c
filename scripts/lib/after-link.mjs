// What is done to a library when it has been linked, for what zig's linkers cannot be told.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Goes into the hash of what a library is built of. */
export const afterLinkSource = () => readFileSync(fileURLToPath(import.meta.url));

/** Sets the time of linking to zero, so that the same input gives the same bytes. */
function dropLinkTime(dll) {
  dll.writeUInt32LE(0, dll.readUInt32LE(0x3c) + 8);
}

const [LC_SYMTAB, LC_CODE_SIGNATURE] = [0x2, 0x1d];
const HEADER_BYTES = 32;
const SYMBOL_BYTES = 16;
const [N_PEXT, N_EXT] = [0x10, 0x01];

/** The load commands of a Mach-O file of 64 bits: their positions, by their kinds. */
function loadCommands(file) {
  const found = new Map();
  let at = HEADER_BYTES;
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    found.set(file.readUInt32LE(at), at);
    at += file.readUInt32LE(at + 4);
  }
  return found;
}

/**
 * Drops the names of functions that are not exported, a thirtieth of the download. Nothing else moves or changes: the
 * symbols stay, without names. A signed library (arm64) is left as it is, for the signature covers the names.
 */
function dropLocalNames(dylib) {
  const commands = loadCommands(dylib);
  if (commands.has(LC_CODE_SIGNATURE)) return;
  const [symbols, count, names, bytes] = [8, 12, 16, 20].map((i) => dylib.readUInt32LE(commands.get(LC_SYMTAB) + i));
  const table = dylib.subarray(names, names + bytes);
  const before = Buffer.from(table);
  table.fill(0);
  for (let at = symbols; at < symbols + count * SYMBOL_BYTES; at += SYMBOL_BYTES) {
    const [name, type] = [dylib.readUInt32LE(at), dylib[at + 4]];
    if (type & N_EXT && !(type & N_PEXT)) before.copy(table, name, name, before.indexOf(0, name));
    else dylib.writeUInt32LE(0, at);
  }
}

/** @param {string} path of the library */
export function afterLink(path) {
  const drop = path.endsWith(".dll") ? dropLinkTime : path.endsWith(".dylib") ? dropLocalNames : undefined;
  if (!drop) return;
  const file = readFileSync(path);
  drop(file);
  writeFileSync(path, file);
}
