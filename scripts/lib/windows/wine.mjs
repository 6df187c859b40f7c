// Windows on Linux: Wine 10 in a Debian 13 of its own, in a folder outside the checkout, with Node for Windows. Nothing
// of it is installed on this machine, except debootstrap.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { debianMirror } from "../bundle/apt.mjs";
import { capture, Failure, say } from "../run.mjs";
import { root, which } from "../tools.mjs";
import { fetchPackages, hasPackages } from "../foreign-packages.mjs";
import { DENO_DIR, NODE_PATH, packages } from "./programs.mjs";

const folder = process.env.PASTREAM_WINE ?? join(homedir(), ".cache", "pastream-wine");
const system = join(folder, "debian");
/** Where the runtimes for Windows are. */
export const programs = join(system, "opt", "programs", "node_modules");
const stamp = join(folder, "ready");
/** Deno puts a copy of itself there for each process that starts another, 95 MB each, and leaves it there. */
const nodeCopies = join(system, "root", ".wine", "drive_c", "deno", "node_compat_bin");
const removeNodeCopies = () => rmSync(nodeCopies, { recursive: true, force: true, maxRetries: 5 });
const LAYOUT = "1"; // of the folder: a folder of another layout is set up again

/** The path of a file of the checkout, or of another folder that is shown to Windows, seen from there. */
export const windowsPath = (path) => `Z:${path.replaceAll("/", "\\")}`;

const hasSystem = () => existsSync(stamp) && readFileSync(stamp, "utf8") === LAYOUT;
export const isReady = () => hasSystem() && hasPackages(programs, packages);

function step(command, args, cwd = folder) {
  say(`$ ${[command, ...args].join(" ")}`);
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8", maxBuffer: 1 << 28 });
  if (status !== 0) throw new Failure(`this failed: ${error?.message ?? `${stdout}${stderr}`.slice(-2000)}`);
}

function setUpSystem() {
  if (process.platform !== "linux" || process.arch !== "x64" || process.getuid() !== 0) {
    throw new Failure("Wine is set up on x64 Linux, by root: it needs chroot and mount namespaces");
  }
  say(`setting up Wine in ${folder} (PASTREAM_WINE names another folder): 2.2 GB, some minutes, once`);
  if (!which("debootstrap")) step("apt-get", ["-qq", "install", "-y", "--no-install-recommends", "debootstrap"], root);
  rmSync(system, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  step("debootstrap", ["--variant=minbase", "--include=wine,wine64,ca-certificates", "trixie", system, debianMirror()]);
  writeFileSync(join(system, "etc", "hosts"), "127.0.0.1 localhost\n");
  const { status } = spawnSync(...inside(["wineboot", "-i"]), { stdio: "ignore", timeout: 300_000 });
  if (status !== 0) throw new Failure(`wineboot ended with ${status}`);
  writeFileSync(stamp, LAYOUT);
}

/** Sets up what is missing. */
export function setUpWine() {
  if (!hasSystem()) setUpSystem();
  fetchPackages(programs, packages);
}

let lock;

/** Waits until no other process uses Wine here, and keeps them from it until this one ends. */
async function lockWine() {
  const holder = spawn("flock", [join(folder, "lock"), "sh", "-c", "echo taken; cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  holder.unref();
  for (const pipe of [holder.stdin, holder.stdout]) pipe.unref();
  process.on("exit", removeNodeCopies);
}

/**
 * Makes Wine this process's alone and ends its server, which opens the files of all programs and goes on seeing the
 * checkout, and the folder at /srv, that it was started with.
 */
export async function takeWine() {
  await (lock ??= lockWine());
  spawnSync(...inside(["wineserver", "--kill"]), { stdio: "ignore" });
}

/**
 * The command line that runs a program inside, in namespaces of its own, with the checkout at its own path and, at
 * /srv, the folder `shown`.
 */
function inside(command, { shown, env = {}, cwd = root } = {}) {
  const binds = [
    ["/proc", "/proc", "rbind"],
    ["/dev", "/dev", "rbind"],
    [root, root, "bind"],
    ...(shown ? [[shown, "/srv", "bind"]] : []),
  ];
  mkdirSync(join(system, root), { recursive: true });
  const mounts = binds.map(([from, to, how]) => `mount --${how} '${from}' '${system}${to}'`);
  const variables = {
    HOME: "/root",
    PATH: "/usr/bin:/bin",
    WINEPREFIX: "/root/.wine",
    WINEDEBUG: "-all",
    XDG_RUNTIME_DIR: "/tmp",
    LANG: "C.UTF-8", // else Wine cannot make a file whose name has other letters than ASCII's
    NO_COLOR: "1",
    NODE_PATH,
    DENO_DIR,
    ...env,
  };
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const script = [...mounts, `exec chroot '${system}' env -i --chdir='${cwd}' "$@"`].join(" && ");
  return ["unshare", ["--mount", "--propagation", "private", "sh", "-c", script, "sh", ...settings, ...command]];
}

/**
 * Calls `use` with the variables for programs on a Windows that nothing has run on yet, and removes that. Its user's
 * name, which is in the paths of temporary files, has a space and other letters than ASCII's.
 * @param {(env: Record<string, string>) => Promise<void>} use
 */
export async function withNewWindows(use) {
  const env = { WINEPREFIX: `/root/.wine-${process.pid}`, USER: "Jörg Groß" };
  try {
    return await use(env);
  } finally {
    spawnSync(...inside(["wineserver", "--kill"], { env }), { stdio: "ignore" });
    rmSync(join(system, env.WINEPREFIX), { recursive: true, force: true });
  }
}

/** Runs a program of Windows to its end, as capture() of run.mjs does. */
export async function runOnWindows(command, { timeout, shown, env, cwd }) {
  // Node for Windows does not take a pipe of Linux for its standard output; a file it does.
  const file = join(system, "tmp", `output-${process.pid}-${Math.random().toString(36).slice(2)}`);
  const line = ["sh", "-c", 'out=$1; shift; exec "$@" >"$out" 2>&1 </dev/null', "sh", file.slice(system.length)];
  const [program, args] = inside([...line, "wine", ...command], { shown, env, cwd });
  const run = await capture(program, args, { timeout });
  const output = existsSync(file) ? readFileSync(file, "utf8") : "";
  rmSync(file, { force: true });
  // Wine prints messages about its 32-bit part, which is not installed.
  return { ...run, output: (run.output + output).replace(/^it looks like wine32[\s\S]*?wine32:i386"\n/gm, "") };
}
