// A system without PortAudio and libsndfile: in a mount namespace of its own, empty files lie over the system's.
import { existsSync, readdirSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";

const folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];

/** The files of these libraries that a program would load. */
function filesOf(libraries: readonly string[]): string[] {
  const pattern = new RegExp(`^lib(${libraries.join("|")})\\.so`);
  return folders.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder).filter((name) => pattern.test(name)).map((name) => join(folder, name))
  );
}

const unshare = ["unshare", "--mount", ...process.getuid?.() === 0 ? [] : ["--map-root-user"]];

/** The same command where there are no such libraries: PortAudio and libsndfile, and those named. */
export function withoutSystemLibraries(command: readonly string[], ...others: readonly string[]): string[] {
  const hide = filesOf(["portaudio", "sndfile", ...others]).map((path) => `mount --bind /dev/null '${path}'`);
  return [...unshare, "sh", "-c", [...hide, 'exec "$@"'].join(" && "), "sh", ...command];
}

/** Why nothing can be hidden here, or false. */
export const cannotHide: string | false =
  process.platform === "linux" && spawnSync(unshare[0], [...unshare.slice(1), "true"]).status === 0
    ? false
    : "needs Linux with mount namespaces";
