// The platforms that libpastream is built for. A folder's name in native/ is <os>-<arch>, with -musl behind it for
// musl.
import { existsSync } from "node:fs";
import process from "node:process";
import { Failure } from "./run.mjs";

const linux = {
  file: "libpastream.so",
  pic: true,
  link: [
    "-Wl,-z,nodelete",
    "-Wl,-z,defs",
    "-Wl,--version-script=c/exports.map",
    "-lpthread",
    "-ldl",
    "-lm",
  ],
};
const macos = {
  file: "libpastream.dylib",
  pic: true,
  link: ["-Wl,-undefined,error", "-Wl,-install_name,@rpath/libpastream.dylib"],
};
const win32 = { file: "pastream.dll", pic: false, link: [] };

// glibc 2.17 is that of CentOS 7: older than anything Deno, Bun and Node run on.
export const targets = [
  { name: "linux-x64", zig: "x86_64-linux-gnu.2.17", ...linux },
  { name: "linux-arm64", zig: "aarch64-linux-gnu.2.17", ...linux },
  { name: "linux-x64-musl", zig: "x86_64-linux-musl", ...linux },
  { name: "linux-arm64-musl", zig: "aarch64-linux-musl", ...linux },
  { name: "macos-x64", zig: "x86_64-macos", ...macos },
  { name: "macos-arm64", zig: "aarch64-macos", ...macos },
  { name: "windows-x64", zig: "x86_64-windows-gnu", ...win32 },
  { name: "windows-arm64", zig: "aarch64-windows-gnu", ...win32 },
];

/** This machine's target. */
export function hostTarget() {
  const os = { linux: "linux", darwin: "macos", win32: "windows" }[process.platform] ?? process.platform;
  const glibc = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"].some((path) => existsSync(path));
  const name = `${os}-${process.arch}${os === "linux" && !glibc ? "-musl" : ""}`;
  const target = targets.find((t) => t.name === name);
  if (!target) throw new Failure(`no build for ${name}: there is one for ${targets.map((t) => t.name).join(", ")}`);
  return target;
}

/** The files of the bundle by the names that libpastream looks for beside itself. */
export function bundleFiles({ name }) {
  if (name.startsWith("windows")) return { portaudio: "portaudio.dll", sndfile: "sndfile.dll" };
  if (name.startsWith("macos")) return { portaudio: "libportaudio.2.dylib", sndfile: "libsndfile.1.dylib" };
  return { portaudio: "libportaudio.so.2", sndfile: "libsndfile.so.1" };
}
