// The bundle of PortAudio and libsndfile: what its libraries export and need, their licences, and that the same sources
// give the same bytes. For this machine's target; the whole suite looks at all of them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { before, describe, it } from "node:test";
import { buildBundle } from "../../scripts/build-bundle.mjs";
import { licenceFaults } from "../../scripts/lib/bundle/licences.mjs";
import { debianMirror } from "../../scripts/lib/bundle/apt.mjs";
import { bundleFiles, hostTarget } from "../../scripts/lib/targets.mjs";
import { bundles, hasTlsDirectory, root } from "../helpers/packages.ts";

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(status, 0, `${program} ${args.join(" ")}\n${stdout}${stderr}${error ?? ""}`);
  return stdout;
}

/** The functions that each library must have at least, and the names that it may have. */
const needed = {
  portaudio: {
    some: ["Pa_Initialize", "Pa_OpenStream", "Pa_GetStreamTime"],
    all: /^Pa(Alsa|Jack|Mac|MacCore|Wasapi|WasapiWinrt|Win)?_\w+$/,
  },
  sndfile: { some: ["sf_open_virtual", "sf_readf_float", "sf_command"], all: /^sf_\w+$/ },
};

/** All that a library may ask of a system: what each version of that system has. */
const allowed: readonly [platform: RegExp, library: RegExp][] = [
  [/^linux-\w+$/, /^(ld-linux-[\w-]+\.so\.[12]|lib(c\.so\.6|dl\.so\.2|m\.so\.6|pthread\.so\.0))$/],
  [/^linux-\w+-musl$/, /^libc\.so$/],
  [
    /^macos/,
    /^(\/usr\/lib\/libSystem\.B\.dylib|@rpath\/lib\w+\.\d\.dylib|\/System\/Library\/Frameworks\/(Core|Audio)\S+)$/,
  ],
  [/^windows/, /^(KERNEL32|msvcrt|ole32|USER32|WINMM|SHLWAPI|ADVAPI32|SETUPAPI)\.dll$/i],
];

function exportsOf(name: string, path: string): string[] {
  const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, symbol]) => symbol);
  if (name.startsWith("windows")) return found(run("llvm-readobj", "--coff-exports", path), /Name: (\w+)/g);
  if (name.startsWith("linux")) {
    return found(run("llvm-nm", "-D", "--extern-only", "--defined-only", path), / [A-Z] (\S+)$/gm);
  }
  // zig's linker exports hidden functions of Mach-O, too; a program looks up a name in the one library that it opened.
  return found(run("llvm-nm", "--extern-only", "--defined-only", path), / [A-Z] _(\S+)$/gm);
}

describe("libsndfile of the bundle", () => {
  it("passes the tests of sound files", () => {
    const target = hostTarget();
    // Without NODE_TEST_CONTEXT, by which the tests would be taken for those of this file.
    const named = {
      PASTREAM_SNDFILE: join(buildBundle(target), bundleFiles(target).sndfile),
      NODE_TEST_CONTEXT: undefined,
    };
    const env = { ...process.env, ...named };
    const folder = join(root, "tests", "sound-file");
    const files = readdirSync(folder).filter((name) => name.endsWith(".test.ts")).map((name) => join(folder, name));
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--test", ...files], { env, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });
});

for (const target of bundles) {
  describe(`the bundle for ${target.name}`, () => {
    let folder: string;
    before(() => {
      folder = buildBundle(target);
    });

    for (const [library, { some, all }] of Object.entries(needed)) {
      const file = bundleFiles(target)[library as keyof typeof needed];

      it(`${library} exports its own functions only`, () => {
        const names = exportsOf(target.name, join(folder, file));
        for (const name of some) assert.ok(names.includes(name), `no ${name}`);
        if (!target.name.startsWith("macos")) assert.deepEqual(names.filter((name) => !all.test(name)), []);
      });

      it(`${library} needs nothing but its system`, () => {
        const text = run("llvm-readobj", "--needed-libs", join(folder, file));
        const [, fine] = allowed.find(([platform]) => platform.test(target.name))!;
        const libraries = [...text.slice(text.indexOf("NeededLibraries")).matchAll(/^ {2}(\S+)$/gm)].map(([, n]) => n);
        assert.ok(libraries.length > 0, text);
        assert.deepEqual(libraries.filter((name) => !fine.test(name)), []);
        if (!/^linux-\w+$/.test(target.name)) return;
        const versions = run("llvm-readobj", "--version-info", join(folder, file)).matchAll(/Name: GLIBC_2\.(\d+)/g);
        const minor = [...versions].map(([, version]) => Number(version));
        assert.ok(minor.length > 0 && Math.max(...minor) <= 17, `glibc 2.${Math.max(...minor)}`);
      });

      if (target.name.startsWith("windows")) {
        it(`${library} says where its thread variables are`, () => {
          assert.ok(hasTlsDirectory(join(folder, file)));
        });
      }

      it(`${library} names no folder of this machine and no mirror`, () => {
        const text = readFileSync(join(folder, file)).toString("latin1");
        for (const name of [root, debianMirror()]) assert.ok(!text.includes(name), name);
      });
    }

    it("has the text of each licence, and nothing under the GPL", () => {
      assert.deepEqual(licenceFaults(target), []);
    });

    it(
      "has the same bytes when it is built again",
      { skip: !process.env.PASTREAM_TEST_FULL && "takes minutes" },
      () => {
        const files = Object.values(bundleFiles(target)).map((file) => join(folder, file));
        const former = files.map((path) => readFileSync(path));
        buildBundle(target, { rebuild: true });
        files.forEach((path, i) => assert.ok(readFileSync(path).equals(former[i]), path));
      },
    );
  });
}
