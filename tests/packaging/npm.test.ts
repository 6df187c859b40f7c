// The npm package: installed with npm and with Bun, far from the checkout, and used on every runtime.
import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { buildNpm, npmFolder } from "../../scripts/build-npm.mjs";
import { nativeFolder, nativePackage } from "../../scripts/lib/native-packages.mjs";
import { bundleFiles, hostTarget, targets } from "../../scripts/lib/targets.mjs";
import * as windows from "../../scripts/lib/windows/programs.mjs";
import { isReady, runOnWindows, takeWine, withNewWindows } from "../../scripts/lib/windows/wine.mjs";
import { cannotHide, withoutSystemLibraries } from "../helpers/bare.ts";
import { app, bundles, fromNpm, root, run, runtimes, runWell, temporaryFolder, version } from "../helpers/packages.ts";
import { serveRegistry } from "../helpers/registry.ts";

const nodes = Object.entries(runtimes).filter(([name]) => name.startsWith("node"));

const host = hostTarget();

let archive: string;
let natives: Record<string, string>;
let server: Server;
let registry: Record<string, string>;
before(async () => {
  ({ main: archive, native: natives } = await buildNpm({ bundles }));
  const archives = targets.map((target) => ({
    path: natives[target.name],
    description: JSON.parse(readFileSync(join(nativeFolder(target), "package.json"), "utf8")),
  }));
  const served = await serveRegistry(archives);
  server = served.server;
  registry = { "npm_config_@pastream:registry": served.address };
});
after(() => {
  server.close();
  server.closeAllConnections();
});

/** A user's project with the package in it, in a folder whose name has a space and other letters than ASCII's. */
async function install(...command: readonly string[]): Promise<string> {
  const folder = join(temporaryFolder(), "Jörgs Töne");
  cpSync(app, folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "app", type: "module" }));
  writeFileSync(join(folder, ".npmrc"), `@pastream:registry=${Object.values(registry)[0]}\n`);
  await runWell([...command, archive], { cwd: folder });
  return folder;
}

const installers: Record<string, readonly string[]> = {
  npm: ["npm", "install", "--no-audit", "--no-fund"],
  bun: [fromNpm.bun()!, "add"],
};

describe("the npm package", () => {
  it("is small, and complete", () => {
    const { size } = statSync(archive);
    assert.ok(size < 1024 * 1024, `${size} bytes`);
    const files = readdirSync(npmFolder, { recursive: true }).map(String);
    const documents = ["README.md", "LICENSE", "NOTICE", "CHANGELOG.md", join("man", "pastream.1")];
    const modules = [
      "cli.js",
      "mod.d.ts",
      join("lib", "mod.js"),
      join("lib", "mod.js.map"),
      join("lib", "worker-main.js"),
    ];
    for (const name of [...documents, ...modules]) {
      assert.ok(files.includes(name), name);
    }
    const known = /\.(js|js\.map|d\.ts|so|dylib|dll|1|md|json)$|^(LICENSE|NOTICE)$/;
    const strange = files.filter((name) => statSync(join(npmFolder, name)).isFile() && !known.test(name));
    assert.deepEqual(strange, []);
  });

  it("imports one module for each thread and for --version, and no module of Node's as a whole", () => {
    const imported = (name: string) => {
      const text = readFileSync(join(npmFolder, name), "utf8");
      return [...text.matchAll(/\b(?:im|ex)port\b(?:[^;"'()]*?\bfrom)?\s*"([^"]+)"/g)].map(([, specifier]) =>
        specifier
      );
    };
    for (const name of ["cli.js", join("lib", "mod.js"), join("lib", "worker-main.js")]) {
      assert.deepEqual(imported(name), [], name);
    }
    assert.ok(imported(join("lib", "commands.js")).includes("./mod.js"));
    const modules = readdirSync(npmFolder, { recursive: true }).map(String).filter((name) => name.endsWith(".js"));
    assert.deepEqual(modules.flatMap(imported).filter((specifier) => specifier.startsWith("node:")), []);
  });

  it("has source maps that name the sources, without which they are read sooner", () => {
    const map = JSON.parse(readFileSync(join(npmFolder, "lib", "mod.js.map"), "utf8"));
    assert.ok(map.sources.includes("../src/run/core.ts"), map.sources.join(" "));
    assert.equal(map.sourcesContent, undefined);
  });

  it("names no folder of the machine that it was built on", () => {
    for (const name of readdirSync(npmFolder, { recursive: true }).map(String)) {
      const path = join(npmFolder, name);
      if (!statSync(path).isFile()) continue;
      const text = readFileSync(path).toString("latin1");
      for (const folder of [root, `${homedir()}/`, "file:///"]) assert.ok(!text.includes(folder), `${name}: ${folder}`);
    }
  });

  it("says what a package manager has to know", () => {
    const description = JSON.parse(readFileSync(join(npmFolder, "package.json"), "utf8"));
    const { name, bin, engines, optionalDependencies, license, dependencies } = description;
    assert.deepEqual({ name, version: description.version, license }, { name: "pastream", version, license: "MIT" });
    assert.deepEqual(bin, { pastream: "cli.js" });
    assert.deepEqual(engines, { node: ">=20.16" });
    const native = targets.map((target) => [nativePackage(target), version]);
    assert.deepEqual({ koffi: optionalDependencies.koffi, ...Object.fromEntries(native) }, optionalDependencies);
    assert.equal(dependencies, undefined);
  });
});

describe("the package with what is native", () => {
  it("has PortAudio and libsndfile, their licences, and is small to download", () => {
    for (const target of bundles) {
      const { size } = statSync(natives[target.name]);
      assert.ok(size < 1.5e6, `${target.name}: ${size} bytes`);
      const files = readdirSync(nativeFolder(target), { recursive: true }).map(String);
      const { portaudio, sndfile } = bundleFiles(target);
      const texts = ["ogg", "vorbis", "opus", "flac", "mpg123", "lame", "sndfile", "portaudio"];
      const documents = [...texts.map((name) => join("licences", `${name}.txt`)), "BUNDLE.md", "LICENSE", "README.md"];
      const wanted = [target.file, portaudio, sndfile, ...documents, "licences", "package.json"];
      assert.deepEqual(files.sort(), wanted.sort());
    }
  });

  it("says for which systems it is", () => {
    const fields = Object.fromEntries(targets.map((target) => {
      const { os, cpu, libc } = JSON.parse(readFileSync(join(nativeFolder(target), "package.json"), "utf8"));
      return [target.name, [...os, ...cpu, ...libc ?? []].join(" ")];
    }));
    assert.deepEqual(fields, {
      "linux-x64": "linux x64 glibc",
      "linux-arm64": "linux arm64 glibc",
      "linux-x64-musl": "linux x64 musl",
      "linux-arm64-musl": "linux arm64 musl",
      "macos-x64": "darwin x64",
      "macos-arm64": "darwin arm64",
      "windows-x64": "win32 x64",
      "windows-arm64": "win32 arm64",
    });
  });
});

for (const [installer, command] of Object.entries(installers)) {
  describe(`the npm package, installed with ${installer}`, () => {
    let folder: string;
    before(async () => {
      folder = await install(...command);
    });

    for (const [name, runtime] of Object.entries(runtimes)) {
      it(`plays, records and yields chunks on ${name}`, async () => {
        const { pastream, native, paths } = JSON.parse(await runWell([...runtime, "app.js"], { cwd: folder }));
        assert.deepEqual({ pastream, native }, { pastream: version, native: version });
        assert.equal(paths.native, join(folder, "node_modules", nativePackage(host), host.file));
      });

      it(`has its command on ${name}`, async () => {
        const pastream = [...runtime, join("node_modules", "pastream", "cli.js")];
        assert.equal(await runWell([...pastream, "--version"], { cwd: folder }), `pastream ${version}\n`);
        const output = `${name.replace(/\W/g, "")}.wav`;
        await runWell([...pastream, "-D", "virtual", "-d", "4800s", "-c1", "-r48k", "null", output], { cwd: folder });
        assert.equal(readFileSync(join(folder, output)).subarray(0, 4).toString(), "RIFF");
        const { code, stderr } = await run([...pastream, "-D", "virtual", output], { cwd: folder });
        assert.equal(code, 0, stderr);
        assert.equal((await run([...pastream, "--no-such-option"], { cwd: folder })).code, 2);
      });

      it(`shows the live view on ${name}`, async () => {
        assert.equal(await runWell([...runtime, "view.js"], { cwd: folder }), "200 200 200 running\n");
      });
    }

    it("installs the libraries for this system only", () => {
      assert.deepEqual(readdirSync(join(folder, "node_modules", "@pastream")), [`native-${host.name}`]);
    });

    for (const [name, runtime] of Object.entries(runtimes)) {
      it(`plays, records and reads files where there are no other libraries, on ${name}`, {
        skip: cannotHide,
      }, async () => {
        const { origins, paths } = JSON.parse(
          await runWell(withoutSystemLibraries([...runtime, "app.js"]), { cwd: folder }),
        );
        assert.deepEqual(origins, { portaudio: "bundle", libsndfile: "bundle" });
        const native = join(folder, "node_modules", nativePackage(host));
        const { portaudio, sndfile } = bundleFiles(host);
        assert.deepEqual([paths.portaudio, paths.libsndfile], [join(native, portaudio), join(native, sndfile)]);
        assert.equal(await runWell(withoutSystemLibraries([...runtime, "files.js"]), { cwd: folder }), "whole\n");
      });

      it(`lists the virtual device where PortAudio finds no host API, on ${name}`, { skip: cannotHide }, async () => {
        const list = [...runtime, join("node_modules", "pastream", "cli.js"), "-l"];
        const listed = await runWell(withoutSystemLibraries(list, "asound", "jack"), { cwd: folder });
        assert.match(listed, /^\s*0 virtual, Virtual \(64 in, 64 out\)\n$/);
      });
    }

    it("runs by its name", async () => {
      const commands = [
        [join(folder, "node_modules", ".bin", "pastream")],
        [fromNpm.bun()!, "x", "--bun", "pastream"],
        [fromNpm.deno()!, "run", "-A", "npm:pastream"],
      ];
      for (const command of commands) {
        assert.equal(await runWell([...command, "--version"], { cwd: folder }), `pastream ${version}\n`);
      }
    });

    it("is imported by Deno as npm:pastream", async () => {
      const program = 'import { versions } from "npm:pastream"; console.log(versions().native);';
      assert.equal(await runWell([fromNpm.deno()!, "eval", program], { cwd: folder }), `${version}\n`);
    });

    it("has types", async () => {
      const flags = ["check", "--no-lock", "types.ts"];
      writeFileSync(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
      await runWell([fromNpm.deno()!, ...flags], { cwd: folder });
    });
  });
}

const noWine = !process.env.PASTREAM_TEST_FULL ? "in the whole suite" : !isReady() && "Wine is not set up";

describe("the npm package, installed for Windows", { skip: noWine }, () => {
  const onWindows: Record<string, string[]> = {
    node: [windows.node],
    deno: [windows.deno, "run", "-A"],
    bun: [windows.bun, "run"],
  };

  it("plays, records, reads files and examines devices under Wine", async () => {
    const folder = await install("npm", "install", "--no-audit", "--no-fund", "--os=win32", "--cpu=x64");
    await takeWine();
    await withNewWindows(async (variables) => {
      for (const [name, runtime] of Object.entries(onWindows)) {
        const env = { ...variables, NODE_PATH: "" };
        const settings = { timeout: 300, shown: dirname(folder), cwd: `/srv/${basename(folder)}`, env };
        const said = async (...words: string[]) => {
          const { code, output } = await runOnWindows([...runtime, ...words], settings);
          assert.equal(code, 0, `${name} ${words.join(" ")}\n${output}`);
          return output;
        };
        assert.match(await said("files.js"), /^whole\r?$/m, name);
        assert.match(await said("app.js"), /"origins":\{"portaudio":"bundle","libsndfile":"bundle"\}/, name);
        assert.match(await said("node_modules/pastream/cli.js", "doctor", "-D", "virtual"), /bit-exact +yes/, name);
      }
    });
  });
});

describe("the npm package, installed for the whole machine", () => {
  it("has its command and its manual page", async () => {
    const folder = temporaryFolder();
    const command = ["npm", "install", "--global", `--prefix=${folder}`, "--no-audit", "--no-fund", archive];
    await runWell(command, { cwd: folder, env: registry });
    assert.equal(
      await runWell([join(folder, "bin", "pastream"), "--version"], { cwd: folder }),
      `pastream ${version}\n`,
    );
    const page = readFileSync(join(folder, "share", "man", "man1", "pastream.1"), "utf8");
    assert.match(page, /^\.TH PASTREAM 1/);
  });
});

describe("the npm package under TypeScript", () => {
  // The oldest that knows typed arrays by their buffers, and a new one.
  for (const typescript of ["5.7.3", "7.0.2"]) {
    it(`has types for TypeScript ${typescript}, however it looks for modules`, async () => {
      const folder = await install("npm", "install", "--no-audit", "--no-fund", `typescript@${typescript}`);
      const tsc = [join(folder, "node_modules", ".bin", "tsc"), "--noEmit", "--strict", "--target", "ES2022"];
      const settings = [["node16", "node16"], ["nodenext", "nodenext"], ["esnext", "bundler"]];
      for (const [module, resolution] of settings) {
        await runWell([...tsc, "--module", module, "--moduleResolution", resolution, "types.ts"], { cwd: folder });
      }
    });
  }
});

describe("the npm package without koffi", () => {
  let folder: string;
  before(async () => {
    folder = await install("npm", "install", "--no-audit", "--no-fund");
    for (const name of ["koffi", "@koromix"]) {
      rmSync(join(folder, "node_modules", name), { recursive: true, force: true });
    }
  });

  for (const [name, node] of nodes) {
    it(`works with node:ffi, or says what is missing, on ${name}`, async () => {
      const hasFfi = (await run([...node, "-e", "require('node:ffi')"], { cwd: folder })).code === 0;
      const { code, stdout, stderr } = await run([...node, "app.js"], { cwd: folder });
      assert.equal(code, hasFfi ? 0 : 1, stderr);
      if (hasFfi) assert.equal(JSON.parse(stdout).native, version);
      else assert.match(stderr, /npm install koffi/);
    });
  }
});
