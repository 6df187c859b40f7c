// Builds the C benchmarks as the library is built for this machine and runs them one after the other. With the folder
// of PortAudio's source (Debian: `apt-get source portaudio19`) its ring buffer is measured beside ours, and with that
// of pastream for Python as well (`git clone https://github.com/tgarc/pastream`) its audio callback, which uses that
// ring.
// Usage: node bench/c/run.mjs [--python FOLDER] [folder of PortAudio's source]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { cSources, zigCache } from "../../scripts/build.mjs";
import { readArguments } from "../../scripts/lib/arguments.mjs";
import { findCompiler, root, which } from "../../scripts/lib/tools.mjs";
import { hostTarget } from "../../scripts/lib/targets.mjs";

const { values, positionals: [source] } = readArguments(import.meta, {
  options: { python: { type: "string" } },
  allowPositionals: true,
});

/** The folder `...names` of a source, which has that file; undefined where the source is not given. */
function folderOf(source, names, file) {
  const folder = source && join(source, ...names);
  if (!folder || existsSync(join(folder, file))) return folder;
  console.error(`${folder} has no ${file}`);
  process.exit(2);
}

const portaudio = folderOf(source, ["src", "common"], "pa_ringbuffer.c");
const python = folderOf(values.python, ["src"], "py_pastream.c");
if (!portaudio) console.error("PortAudio's ring: its source is not given");
if (!portaudio || !python) console.error("the Python library's callback: its source, or PortAudio's, is not given");
const folder = join(root, "build", "bench");
mkdirSync(folder, { recursive: true });
const ring = join(folder, "pa_ringbuffer.o");
const withPython = Boolean(python && portaudio);
const programs = [
  { name: "transfer", more: [] },
  { name: "callback", more: withPython ? ["-DWITH_PYTHON", join(folder, "python.o"), ring] : [] },
  { name: "resampler", more: [] },
  ...(portaudio ? [{ name: "ring", more: [`-I${portaudio}`, ring] }] : []),
];

const compiler = findCompiler();
const target = hostTarget();
const command = [
  ...(compiler.kind === "zig" ? ["cc", "-target", target.zig] : []),
  ...(process.arch === "x64" ? [compiler.kind === "zig" ? "-mcpu=x86_64_v2" : "-march=x86-64-v2"] : []),
  ...["-std=c11", "-O2", "-Ic", "-fno-sanitize=all"],
];

function compile(program, args) {
  const built = spawnSync(program, args, { cwd: root, encoding: "utf8", env: { ...process.env, ...zigCache } });
  if (built.status === 0) return;
  console.error(built.stderr);
  process.exit(1);
}

/** With gcc, as distributions and pip build them: the ring's full barriers take gcc's code 10 ns, clang's 40. */
function compileForeign(file, object, folders) {
  const gcc = which("gcc");
  const args = ["-O2", ...folders.map((folder) => `-I${folder}`), "-c", file, "-o", object];
  compile(gcc ?? compiler.path, gcc ? args : [...command, ...args]);
}

if (portaudio) compileForeign(join(portaudio, "pa_ringbuffer.c"), ring, []);
if (withPython) {
  compileForeign("bench/c/python.c", join(folder, "python.o"), [python, portaudio, join(source, "include")]);
}
for (const { name, more } of programs) {
  const program = join(folder, name);
  const args = [...command, `bench/c/${name}.c`, ...more, ...cSources(), "-lpthread", "-ldl", "-lm", "-o", program];
  compile(compiler.path, args);
  if (spawnSync(program, [], { stdio: "inherit" }).status !== 0) process.exitCode = 1;
}
