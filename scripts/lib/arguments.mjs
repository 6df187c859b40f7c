// The arguments of a script. What they mean is said once, in the comment at the script's head.
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { say } from "./run.mjs";

/** The comment at the head of a script, as text. */
function headOf(meta) {
  const [head] = readFileSync(fileURLToPath(meta.url), "utf8").match(/^(\/\/.*\r?\n)+/);
  return head.replace(/^\/\/ ?/gm, "").trimEnd();
}

/** Ends the process for wrong arguments: prints what is wrong, and the script's head from "Usage:" on. */
export function refuseArguments(meta, wrong) {
  const head = headOf(meta);
  say(`${wrong}\n${head.slice(head.indexOf("Usage:"))}`);
  process.exit(2);
}

/**
 * The arguments as `parseArgs` of node:util returns them: { values, positionals }. `options` and `allowPositionals` are
 * its own. --help prints the head of the script and ends the process; an argument that is not known is refused.
 */
export function readArguments(meta, { options = {}, allowPositionals = false } = {}) {
  const help = { type: "boolean", short: "h" };
  try {
    const { values, positionals } = parseArgs({ options: { ...options, help }, allowPositionals });
    if (!values.help) return { values, positionals };
  } catch (error) {
    if (!error.code?.startsWith("ERR_PARSE_ARGS")) throw error;
    refuseArguments(meta, error.message.split(". ")[0]); // the rest is about "--"
  }
  console.log(headOf(meta));
  process.exit();
}
