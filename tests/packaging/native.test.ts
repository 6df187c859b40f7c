// The libraries for all platforms: what they export and need, and that those of other Linux systems than this one run.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { symbols } from "../../ffi/symbols.ts";
import { build, zigCache } from "../../scripts/build.mjs";
import { targets } from "../../scripts/lib/targets.mjs";
import { findCompiler, root } from "../../scripts/lib/tools.mjs";
import { hasTlsDirectory } from "../helpers/packages.ts";

const library = ({ name, file }: { name: string; file: string }) => join(root, "native", name, file);

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...zigCache },
  });
  assert.equal(status, 0, `${program} ${args.join(" ")}\n${stdout}${stderr}${error ?? ""}`);
  return stdout;
}

const runAll = ([program, ...args]: readonly string[]) => run(program, ...args);

/** Names from the output of llvm-nm or llvm-readobj. */
const names = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);

function exportsOf(target: { name: string; file: string }): string[] {
  const path = library(target);
  if (target.name.startsWith("windows")) return names(run("llvm-readobj", "--coff-exports", path), /Name: (\w+)/g);
  const dynamic = target.name.startsWith("linux") ? ["-D"] : [];
  const listed = names(run("llvm-nm", ...dynamic, "--extern-only", "--defined-only", path), / [A-Z] (\S+)$/gm);
  if (target.name.startsWith("linux")) return listed;
  // Mach-O puts a "_" before each name. zig's linker exports hidden functions there, too; no program gets them by
  // accident, for a program on macOS looks up a name in the one library that it was linked with.
  return listed.map((name) => name.slice(1)).filter((name) => name.startsWith("ps_"));
}

/** All that a library may ask of a system: what each version of that system has. */
const allowed: readonly [platform: RegExp, library: RegExp][] = [
  [/^linux-\w+$/, /^(ld-linux-[\w-]+\.so\.[12]|lib(c\.so\.6|dl\.so\.2|m\.so\.6|pthread\.so\.0))$/],
  [/^linux-\w+-musl$/, /^libc\.so$/],
  [/^macos/, /^(\/usr\/lib\/libSystem\.B\.dylib|@rpath\/libpastream\.dylib)$/],
  [/^windows/, /^(KERNEL32|msvcrt)\.dll$/i],
];

const machines: Record<string, string> = { x64: "Arch: x86_64", arm64: "Arch: aarch64" };
const formats: Record<string, RegExp> = { linux: /Format: elf64/, macos: /Format: Mach-O/, windows: /Format: COFF/ };

describe("the libraries for all platforms", () => {
  before(() => build({ all: true }));

  for (const target of targets) {
    const [os, arch] = target.name.split("-");

    it(`${target.name}: exports the public functions`, () => {
      assert.deepEqual(exportsOf(target).sort(), Object.keys(symbols).sort());
    });

    it(`${target.name}: is of its platform and needs nothing but its system`, () => {
      const text = run("llvm-readobj", "--needed-libs", library(target));
      assert.match(text, formats[os]);
      assert.ok(text.includes(machines[arch]), text);
      const needed = names(text.slice(text.indexOf("NeededLibraries")), /^ {2}(\S+)$/gm);
      const [, fine] = allowed.find(([platform]) => platform.test(target.name))!;
      assert.ok(needed.length > 0, text);
      assert.deepEqual(needed.filter((name) => !fine.test(name)), []);
    });

    if (os === "windows") {
      it(`${target.name}: says where its thread variables are`, () => {
        assert.ok(hasTlsDirectory(library(target)));
      });
    }

    // A signed library (arm64) keeps what zig's linker puts there.
    if (target.name === "macos-x64") {
      it(`${target.name}: names no function that it does not export`, () => {
        const hidden = names(run("llvm-nm", "-m", library(target)), / (?:non-external|private external) ?(\S*)$/gm);
        assert.ok(hidden.length > 0);
        assert.deepEqual(hidden.filter((name) => name !== ""), []);
      });
    }

    it(`${target.name}: names no folder of the machine that it was built on`, () => {
      const text = readFileSync(library(target)).toString("latin1");
      assert.ok(!text.includes(root), `it names ${root}`);
    });
  }

  for (const target of targets.filter(({ name }) => /^linux-\w+$/.test(name))) {
    it(`${target.name}: asks for no newer glibc than 2.17`, () => {
      const versions = names(run("llvm-readobj", "--version-info", library(target)), /Name: GLIBC_(\S+)/g);
      assert.ok(versions.length > 0);
      const minor = versions.map((version) => Number(version.split(".")[1]));
      assert.ok(Math.max(...minor) <= 17, `GLIBC_2.${Math.max(...minor)}`);
    });
  }

  it("describes them in a manifest", () => {
    const manifest = JSON.parse(readFileSync(join(root, "native", "manifest.json"), "utf8"));
    assert.deepEqual(Object.keys(manifest), targets.map(({ name }) => name));
    for (const target of targets) {
      const bytes = readFileSync(library(target));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      assert.deepEqual(manifest[target.name], { file: target.file, size: bytes.length, sha256 });
    }
  });
});

const zigCc = (target: string) => [findCompiler()!.path!, "cc", "-target", target];

describe("a library built again", () => {
  it("has the same bytes, in another folder and with nothing cached", () => {
    const copy = mkdtempSync(join(tmpdir(), "pastream-build-"));
    try {
      for (const name of ["c", "scripts", "package.json"]) {
        cpSync(join(root, name), join(copy, name), { recursive: true });
      }
      symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
      // Building all of them takes minutes.
      const all = process.env.PASTREAM_TEST_FULL ? ["--all"] : [];
      run(process.execPath, join(copy, "scripts", "build.mjs"), ...all);
      const built = targets.filter(({ name }) => existsSync(join(copy, "native", name)));
      assert.equal(built.length, all.length > 0 ? targets.length : 1);
      for (const target of built) {
        const rebuilt = readFileSync(join(copy, "native", target.name, target.file));
        assert.ok(rebuilt.equals(readFileSync(library(target))), target.name);
      }
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});

/** How to make and run a program for other systems. zig makes no program that loads anything with musl. */
const systems: readonly { name: string; compiler: string[]; command: string[] }[] = [
  { name: "linux-x64", compiler: zigCc("x86_64-linux-gnu.2.17"), command: [] },
  { name: "linux-x64-musl", compiler: ["musl-gcc"], command: [] },
  {
    name: "linux-arm64",
    compiler: zigCc("aarch64-linux-gnu.2.17"),
    command: ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
  },
];

describe("a library on its system", () => {
  const folder = mkdtempSync(join(tmpdir(), "pastream-smoke-"));
  after(() => rmSync(folder, { recursive: true }));
  const wrongMachine = process.platform !== "linux" || process.arch !== "x64";

  for (const { name, compiler, command } of systems) {
    it(`${name}: plays and records`, { skip: wrongMachine && "needs x64 Linux" }, () => {
      const target = targets.find((target) => target.name === name)!;
      const program = join(folder, name);
      runAll([...compiler, "-std=gnu11", "-Ic", "tests/packaging/smoke.c", "-ldl", "-o", program]);
      runAll([...command, program, library(target)]);
    });
  }
});
