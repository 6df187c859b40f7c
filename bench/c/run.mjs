// Builds the C benchmarks as the library is built for this machine and runs them one after the other. With the folder
// of PortAudio's source (Debian: `apt-get source portaudio19`) its ring buffer is measured beside ours.
// Usage: node bench/c/run.mjs [folder of PortAudio's source]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { cSources, zigCache } from "../../scripts/build.mjs";
import { readArguments } from "../../scripts/lib/arguments.mjs";
import { findCompiler, root, which } from "../../scripts/lib/tools.mjs";
import { hostTarget } from "../../scripts/lib/targets.mjs";

const [source] = readArguments(import.meta, { allowPositionals: true }).positionals;
const portaudio = source && join(source, "src", "common");
if (portaudio && !existsSync(join(portaudio, "pa_ringbuffer.c"))) {
  console.error(`${portaudio} has no pa_ringbuffer.c`);
  process.exit(2);
}
const folder = join(root, "build", "bench");
mkdirSync(folder, { recursive: true });
const programs = [
  { name: "transfer", more: [] },
  { name: "callback", more: [] },
  { name: "resampler", more: [] },
  ...(portaudio ? [{ name: "ring", more: [`-I${portaudio}`, join(folder, "pa_ringbuffer.o")] }] : []),
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

if (portaudio) {
  // With gcc, as distributions build it: its full barriers take gcc's code 10 ns, clang's 40.
  const gcc = which("gcc");
  const args = ["-O2", "-c", join(portaudio, "pa_ringbuffer.c"), "-o", join(folder, "pa_ringbuffer.o")];
  compile(gcc ?? compiler.path, gcc ? args : [...command, ...args]);
}
for (const { name, more } of programs) {
  const program = join(folder, name);
  const args = [...command, `bench/c/${name}.c`, ...more, ...cSources(), "-lpthread", "-ldl", "-lm", "-o", program];
  compile(compiler.path, args);
  if (spawnSync(program, [], { stdio: "inherit" }).status !== 0) process.exitCode = 1;
}
