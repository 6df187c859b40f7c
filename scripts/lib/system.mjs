// System libraries and programs: which are installed, and how to install the missing ones.
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Failure, output, say, step } from "./run.mjs";
import { which } from "./tools.mjs";

const triplets = { x64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };
const folders = process.platform === "darwin"
  ? ["/opt/homebrew", "/usr/local", "/opt/local"]
  : ["/usr", "/usr/local", ""];

function library(...names) {
  const triplet = triplets[process.arch] ?? "";
  const where = [
    ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean),
    ...folders.flatMap((f) => [join(f || "/", "lib"), join(f || "/", "lib64"), join(f || "/", "lib", triplet)]),
  ];
  return where.some((folder) => names.some((name) => existsSync(join(folder, name))));
}
const header = (name) =>
  folders.some((f) => [name, join(triplets[process.arch] ?? "", name)].some((n) => existsSync(join(f, "/include", n))));

/**
 * Each library or program with its purpose, a check whether it is installed, and its package in each package manager.
 */
const needs = [
  {
    for: "demo",
    found: () => library("libportaudio.so.2", "libportaudio.2.dylib"),
    apt: "libportaudio2",
    dnf: "portaudio",
    pacman: "portaudio",
    apk: "portaudio",
    brew: "portaudio",
  },
  {
    for: "demo",
    found: () => library("libsndfile.so.1", "libsndfile.1.dylib"),
    apt: "libsndfile1",
    dnf: "libsndfile",
    pacman: "libsndfile",
    apk: "libsndfile",
    brew: "libsndfile",
  },
  {
    for: "test",
    found: () => which("jackd"),
    apt: "jackd2",
    dnf: "jack-audio-connection-kit",
    pacman: "jack2",
    apk: "jack",
    brew: "jack",
  },
  {
    for: "test",
    found: () => which("pulseaudio"),
    apt: "pulseaudio",
    dnf: "pulseaudio",
    pacman: "pulseaudio",
    apk: "pulseaudio",
    brew: "pulseaudio",
  },
  {
    for: "test",
    only: "linux",
    found: () => library("alsa-lib/libasound_module_pcm_pulse.so"),
    apt: "libasound2-plugins",
    dnf: "alsa-plugins-pulseaudio",
    pacman: "alsa-plugins",
    apk: "alsa-plugins-pulse",
  },
  {
    for: "test",
    only: "linux",
    found: () => which("pipewire") && which("pipewire-pulse"),
    apt: "pipewire pipewire-pulse pipewire-bin",
    dnf: "pipewire pipewire-pulseaudio",
    pacman: "pipewire pipewire-pulse",
    apk: "pipewire pipewire-pulse",
  },
  {
    for: "test",
    only: "linux",
    found: () => which("wireplumber"),
    apt: "wireplumber",
    dnf: "wireplumber",
    pacman: "wireplumber",
    apk: "wireplumber",
  },
  {
    // Elsewhere it takes the place of JACK itself, and its tests are skipped.
    for: "test",
    only: "linux",
    found: () => which("pw-jack") || !which("apt-get"),
    apt: "pipewire-jack",
  },
  {
    for: "test",
    only: "linux",
    found: () => which("dbus-daemon"),
    apt: "dbus-daemon",
    dnf: "dbus-daemon",
    pacman: "dbus",
    apk: "dbus",
  },
  {
    for: "test",
    only: "linux",
    found: () => header("pulse/pulseaudio.h"),
    apt: "libpulse-dev",
    dnf: "pulseaudio-libs-devel",
    pacman: "libpulse",
    apk: "pulseaudio-dev",
  },
  {
    // zig comes without the sanitizers' runtimes.
    for: "test",
    only: "linux",
    found: () => ["gcc", "clang", "cc"].some(which) && existsSync("/usr/include/stdio.h"),
    apt: "gcc libc6-dev",
    dnf: "gcc glibc-devel libasan libubsan libtsan",
    pacman: "gcc",
    apk: "gcc musl-dev",
  },
  {
    // For the newer Node, which comes from npm.
    for: "test",
    only: "linux",
    found: () => library("libatomic.so.1"),
    apt: "libatomic1",
    dnf: "libatomic",
    pacman: "gcc-libs",
    apk: "libatomic",
  },
  { for: "test", found: () => which("sox"), apt: "sox", dnf: "sox", pacman: "sox", apk: "sox", brew: "sox" },
  {
    for: "test",
    found: () => header("portaudio.h"),
    apt: "portaudio19-dev",
    dnf: "portaudio-devel",
    pacman: "portaudio",
    apk: "portaudio-dev",
    brew: "portaudio",
  },
  {
    for: "test",
    found: () => header("sndfile.h"),
    apt: "libsndfile1-dev",
    dnf: "libsndfile-devel",
    pacman: "libsndfile",
    apk: "libsndfile-dev",
    brew: "libsndfile",
  },
  {
    for: "test",
    found: () => header("mpg123.h"),
    apt: "libmpg123-dev",
    dnf: "mpg123-devel",
    pacman: "mpg123",
    apk: "mpg123-dev",
    brew: "mpg123",
  },
  {
    for: "full",
    only: "linux",
    found: () => which("qemu-aarch64"),
    apt: "qemu-user",
    dnf: "qemu-user",
    pacman: "qemu-user",
    apk: "qemu-aarch64",
  },
  {
    for: "full",
    only: "linux",
    found: () => existsSync("/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1"),
    apt: "libc6-arm64-cross",
    pacman: "aarch64-linux-gnu-glibc",
  },
  {
    for: "full",
    only: "linux",
    found: () => existsSync("/usr/aarch64-linux-gnu/lib/libstdc++.so.6"),
    apt: "libstdc++6-arm64-cross libatomic1-arm64-cross",
  },
  {
    for: "full",
    only: "linux",
    found: () => which("musl-gcc"),
    apt: "musl-tools",
    dnf: "musl-gcc",
    pacman: "musl",
    apk: "musl-dev",
  },
  {
    for: "full",
    found: () => which("llvm-readobj"),
    apt: "llvm",
    dnf: "llvm",
    pacman: "llvm",
    apk: "llvm",
    brew: "llvm",
  },
  {
    for: "full",
    only: "linux",
    found: () => which("chromium") ?? which("chromium-browser") ?? which("google-chrome"),
    apt: "chromium",
    dnf: "chromium",
    pacman: "chromium",
    apk: "chromium",
  },
];
export const purposes = ["demo", "test", "full"];

const managers = [
  {
    name: "apt",
    program: "apt-get",
    command: (p) => `apt-get update && apt-get install -y --no-install-recommends ${p}`,
  },
  { name: "dnf", program: "dnf", command: (p) => `dnf install -y ${p}` },
  { name: "pacman", program: "pacman", command: (p) => `pacman -S --needed ${p}` },
  { name: "apk", program: "apk", command: (p) => `apk add ${p}` },
  { name: "brew", program: "brew", command: (p) => `brew install ${p}`, asUser: true },
];

/**
 * Installs what `purpose` needs (each of the purposes needs what those before it do), or fails with the one command
 * that would.
 */
export function ensureSystem(purpose) {
  if (process.platform === "win32") return;
  const missing = needs.filter((need) =>
    purposes.indexOf(need.for) <= purposes.indexOf(purpose) && (need.only ?? process.platform) === process.platform &&
    !need.found()
  );
  if (missing.length === 0) return;

  const manager = managers.find(({ program }) => which(program));
  if (!manager) throw new Failure(`missing, to be installed by hand: ${missing.map((need) => need.apt).join(" ")}`);
  const packages = [...new Set(missing.flatMap((need) => need[manager.name]?.split(" ") ?? []))];
  const isRoot = process.getuid?.() === 0;
  const sudo = isRoot ? [] : ["sudo"];
  const command = manager.command(packages.join(" "));
  const printed = isRoot || manager.asUser ? command : command.replaceAll(manager.program, `sudo ${manager.program}`);
  const help = `This installs them, then run this again:\n\n    ${printed}\n`;
  if (manager.name === "apt" && (isRoot || (which("sudo") && output("sudo", ["-n", "true"]) !== undefined))) {
    say(`installing system packages: ${packages.join(" ")}`);
    const apt = [...sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"];
    const options = { quiet: true, help: `The packages come over the network. ${help}` };
    step(apt[0], [...apt.slice(1), "update"], options);
    step(apt[0], [...apt.slice(1), "install", "-y", "--no-install-recommends", ...packages], options);
    return;
  }
  throw new Failure(`system packages are missing. ${help}`);
}
