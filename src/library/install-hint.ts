import { runtime } from "../../ffi/load.ts";
import { requireOneOf } from "../base/validate.ts";

/** A native library that pastream loads when it is first needed. */
export type SystemLibrary = "portaudio" | "libsndfile";

interface Manager {
  readonly name: string;
  /** Its program: if that is installed, the system uses this manager. */
  readonly program: string;
  readonly command: Readonly<Record<SystemLibrary, string>>;
}

const managers: readonly Manager[] = [
  manager("apt", "/usr/bin/apt", "sudo apt install", "libportaudio2", "libsndfile1"),
  manager("dnf", "/usr/bin/dnf", "sudo dnf install", "portaudio", "libsndfile"),
  manager("zypper", "/usr/bin/zypper", "sudo zypper install", "libportaudio2", "libsndfile1"),
  manager("pacman", "/usr/bin/pacman", "sudo pacman -S", "portaudio", "libsndfile"),
  manager("apk", "/sbin/apk", "sudo apk add", "portaudio", "libsndfile"),
];
const brew = manager("brew", "brew", "brew install", "portaudio", "libsndfile");
// winget has neither library, but it can install MSYS2, which has both.
const winget = manager(
  "winget",
  "winget",
  "winget install MSYS2.MSYS2, then in its UCRT64 terminal: pacman -S",
  "mingw-w64-ucrt-x86_64-portaudio",
  "mingw-w64-ucrt-x86_64-libsndfile",
);

function manager(name: string, program: string, command: string, portaudio: string, libsndfile: string): Manager {
  return { name, program, command: { portaudio: `${command} ${portaudio}`, libsndfile: `${command} ${libsndfile}` } };
}

/** The managers that this system may have; all of Linux if files may not be read. */
function likelyManagers(): readonly Manager[] {
  if (runtime.platform.startsWith("macos")) return [brew];
  if (runtime.platform.startsWith("windows")) return [winget];
  const found = managers.find(({ program }) => runtime.exists(program));
  return found ? [found] : managers;
}

/**
 * How to install a library on this system, in several lines of text: the command of the package manager, and the
 * environment variable that names the library's file. The command has no `sudo` if the system has none.
 */
export function installHint(library: SystemLibrary): string {
  requireOneOf("library", library, ["portaudio", "libsndfile"]);
  const variable = library === "portaudio" ? "PASTREAM_PORTAUDIO" : "PASTREAM_SNDFILE";
  const withoutSudo = runtime.exists("/usr/bin/sudo") === false;
  const commands = likelyManagers().map(({ command }) =>
    withoutSudo ? command[library].replace(/^sudo /, "") : command[library]
  );
  return `install it:\n${
    commands.map((command) => `  ${command}`).join("\n")
  }\nor set ${variable} to the path of its file`;
}
