// Lets a Node that does not run TypeScript by itself run it, as --import: tsx's own loader serves the main thread alone.
import { isMainThread } from "node:worker_threads";
import "tsx";
import { register } from "tsx/esm/api";

if (!isMainThread) register();
