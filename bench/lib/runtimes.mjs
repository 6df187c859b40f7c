// The runtimes that benchmarks run on, and the processor time of what they start.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fromNpm, nodeFlags, which } from "../../scripts/lib/tools.mjs";

/**
 * The runtimes that are here, and their programs with the arguments in front of a file.
 *
 * @returns {{ name: string, command: string[] }[]}
 */
export function runtimes() {
  const said = (path) => spawnSync(path, ["--version"], { encoding: "utf8" }).stdout.trim().split("\n")[0];
  const nodes = [which("node"), fromNpm.node()].flatMap((path) => path ?? []).map((path) => {
    const version = said(path);
    return { name: `Node ${version.slice(1)}`, command: [path, ...nodeFlags(version)] };
  });
  const deno = fromNpm.deno() ?? which("deno");
  const bun = fromNpm.bun() ?? which("bun");
  return [
    ...deno ? [{ name: `Deno ${said(deno).split(" ")[1]}`, command: [deno, "run", "-A"] }] : [],
    ...bun ? [{ name: `Bun ${said(bun)}`, command: [bun] }] : [],
    ...nodes.filter(({ name }, i) => nodes.findIndex((node) => node.name === name) === i),
  ];
}

/** Milliseconds that all threads of a process have run so far. Linux only. */
export function processTime(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    try {
      return sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]) / 1e6;
    } catch {
      return sum; // it has just ended
    }
  }, 0);
}
