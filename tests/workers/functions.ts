// Tells which functions of the library are known once it is open.
import { parentPort } from "node:worker_threads";
import { nativePath, runtime } from "../../ffi/load.ts";
import { symbols } from "../../ffi/symbols.ts";

parentPort!.postMessage(Object.getOwnPropertyNames(runtime.open(nativePath(), symbols).functions));
