// Lets a Node that does not run TypeScript by itself run it, as --import. tsx can do that too, but takes a third of a
// second of each of the hundreds of processes that the tests start.
import { register } from "node:module";
import process from "node:process";

process.setSourceMapsEnabled(true);
register("./typescript-hooks.mjs", import.meta.url);
