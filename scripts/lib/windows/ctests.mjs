// The C tests on Windows: those that use nothing of a Unix system.
import { join } from "node:path";
import { cTestFiles } from "../ctests.mjs";
import { findCompiler, root } from "../tools.mjs";
import { runOnWindows, windowsPath } from "./wine.mjs";

const unix = /#include <(unistd|pthread|signal|dlfcn|mpg123|sys\/\w+)\.h>|"(servers|scenario)\.h"|\bsetenv\(/;

/** A test is no library, beside which the bundle could be. */
const bundled = (file) => windowsPath(join(root, "native", "windows-x64", file));
const libraries = { PASTREAM_PORTAUDIO: bundled("portaudio.dll"), PASTREAM_SNDFILE: bundled("sndfile.dll") };

export const windowsBuild = {
  name: "c windows",
  compiler: () => [findCompiler().path, "cc"],
  // zig 0.12 does not link thread-local variables on Windows with its own choice of optimization at link time.
  flags: ["-O2", "-target", "x86_64-windows-gnu", "-mcpu=x86_64_v2", "-fno-lto", "-fno-sanitize=all"],
  link: [],
  suffix: ".exe",
  runner: [],
  run: ([program], { timeout, env }) =>
    runOnWindows([windowsPath(program)], { timeout, env: { ...libraries, ...env } }),
  runs: (source) => !unix.test(source),
  shares: (name) => !name.endsWith("/servers.c"),
};

export const windowsCTests = (filters) => cTestFiles(windowsBuild, filters);
