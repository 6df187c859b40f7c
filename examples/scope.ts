/** Shows the input in the browser, until Ctrl-C. Usage: scope.ts [device] */
import process from "node:process";
import { scope } from "pastream/scope";

const view = await scope({ device: process.argv[2] });
console.log(`Open ${view.url}`);
