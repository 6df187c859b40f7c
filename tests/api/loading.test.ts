// When the C library is loaded, from where, and what is said if it cannot be.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { VERSION } from "../../cli/version.ts";
import { PS_ABI_VERSION } from "../../ffi/constants.ts";
import { nativePath, runtime } from "../../ffi/load.ts";
import { namesMusl } from "../../ffi/process.ts";
import { everyStream, type Functions, symbols } from "../../ffi/symbols.ts";
import { writeFile } from "../../mod.ts";
import { hostTarget } from "../../scripts/lib/targets.mjs";
import { findCompiler } from "../../scripts/lib/tools.mjs";
import { type ChildOptions, commandFor, runtimeName, runTs } from "../helpers/runtime.ts";

const helper = (name: string) => new URL(`../programs/${name}`, import.meta.url);
const root = fileURLToPath(new URL("../..", import.meta.url));
const linuxOnly = process.platform !== "linux" && "reads /proc";
let folder = "";

before(() => {
  folder = mkdtempSync(join(tmpdir(), "pastream-loading-"));
});
after(() => rmSync(folder, { recursive: true }));

/** Compiles a C text into a library that stands in for libpastream. */
function compile(name: string, text: string): string {
  const source = join(folder, `${name}.c`);
  const library = join(folder, `${name}.so`);
  writeFileSync(source, text);
  const compiler = findCompiler()!;
  const args = [...compiler.kind === "zig" ? ["cc"] : [], "-shared", "-fPIC", source, "-o", library];
  const cache = join(root, "build", "zig-cache");
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache };
  const { status, stderr } = spawnSync(compiler.path!, args, { encoding: "utf8", env });
  assert.equal(status, 0, stderr);
  return library;
}

/** What the first native call throws in a child process: its class, code, and message. */
async function firstCall(options: ChildOptions): Promise<string> {
  const { code, stdout, stderr } = await runTs(helper("first-call.ts"), options);
  assert.equal(code, 0, stderr);
  return stdout;
}

describe("importing mod.ts", () => {
  it("loads nothing, the first call does, and of koffi only what is native", { skip: linuxOnly }, async () => {
    const { stdout, stderr } = await runTs(helper("loaded-libraries.ts"));
    assert.deepEqual(JSON.parse(stdout || stderr), { imported: [], called: ["libpastream.so"], modules: [] });
  });
});

describe("the library", () => {
  const { name, file } = hostTarget();
  const path = join(root, "native", name, file);

  // zig links a slower memcpy of its own into a library that needs its runtime: for 128-bit divisions, for example.
  it("takes memcpy from the C library", { skip: linuxOnly }, () => {
    assert.ok(readFileSync(path).includes("\0memcpy\0"), `${path} does not import it`);
  });
});

describe("PASTREAM_LIB", () => {
  it("names the library", async () => {
    const copy = join(folder, "a name with spaces – ä.so");
    const { nativePath } = await import("../../ffi/load.ts");
    cpSync(nativePath(), copy);
    assert.match(await firstCall({ env: { PASTREAM_LIB: copy } }), /^loaded .*a name with spaces – ä\.so/);
  });

  it("that is not there is an error with its path and what helps", async () => {
    const missing = join(folder, "missing.so");
    const said = await firstCall({ env: { PASTREAM_LIB: missing } });
    assert.match(said, /^LibraryNotFoundError library-not-found/);
    assert.ok(said.includes(`tried: ${missing}\n`), said);
    assert.match(said, /another path may be given/);
    assert.match(said, /missing\.so/);
  });

  it("that is no library is an error, too", async () => {
    const file = join(folder, "text.so");
    for (const content of ["no library", ""]) {
      writeFileSync(file, content);
      assert.match(await firstCall({ env: { PASTREAM_LIB: file } }), /^LibraryNotFoundError/);
    }
    assert.match(await firstCall({ env: { PASTREAM_LIB: folder } }), /^LibraryNotFoundError/);
  });

  it("may be a name alone, of a file in the working folder", async () => {
    const { nativePath } = await import("../../ffi/load.ts");
    cpSync(nativePath(), join(folder, "alone.so"));
    assert.match(await firstCall({ env: { PASTREAM_LIB: "alone.so" }, cwd: folder }), /^loaded .*alone\.so/);
  });
});

describe("libsndfile", () => {
  const origins = helper("library-origins.ts");

  async function found(...args: string[]) {
    const { code, stdout, stderr } = await runTs(origins, { args, env: { PASTREAM_SNDFILE: undefined } });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as { version: string | null; path: string | null; origin: string | null };
  }

  it("is the system's, unless the program names another in its environment or in loadLibrary()", async () => {
    const system = await found();
    assert.equal(system.origin, process.platform === "linux" ? "system" : "bundle");
    const copy = join(folder, "another – ä.so");
    copyFileSync(system.path!, copy);
    const named = { version: system.version, path: copy, origin: "named" };
    assert.deepEqual(await found("environment", copy), named);
    assert.deepEqual(await found("option", copy), named);
  });

  it("is none where the named one is not there", async () => {
    const none = { version: null, path: null, origin: null };
    assert.deepEqual(await found("environment", join(folder, "nowhere.so")), none);
    assert.deepEqual(await found("option", join(folder, "nowhere.so")), none);
  });
});

describe("musl", () => {
  it("is told by the dynamic loader that a program names", () => {
    const program = (loader: string) => {
      const path = join(folder, "program");
      writeFileSync(path, `\x7fELF${"\0".repeat(600)}${loader}\0${"\0".repeat(10_000)}`);
      return path;
    };
    assert.equal(namesMusl(program("/lib/ld-musl-x86_64.so.1")), true);
    assert.equal(namesMusl(program("/lib64/ld-linux-x86-64.so.2")), false);
    assert.equal(namesMusl(join(folder, "missing")), false);
  });
});

describe("functions of the library", () => {
  it("are looked up when they are first called", { skip: runtimeName === "bun" && "all take it 0.4 ms" }, () => {
    const functions = runtime.open(nativePath(), symbols).functions;
    const known = () => Object.getOwnPropertyNames(functions);
    assert.deepEqual(known(), ["ps_abi_version"]);
    assert.equal(functions.ps_handle_count(), functions.ps_handle_count());
    assert.deepEqual(known(), ["ps_abi_version", "ps_handle_count"]);
  });

  it("are looked up at once by Deno where each stream calls them", { skip: runtimeName !== "deno" }, () => {
    const { dlopen } = Deno;
    const tables: string[][] = [];
    Deno.dlopen = ((path: string, table: Deno.ForeignLibraryInterface) => {
      tables.push(Object.keys(table));
      return dlopen(path, table);
    }) as typeof dlopen;
    try {
      const functions = runtime.open(nativePath(), symbols).functions;
      for (const name of ["ps_handle_count", ...everyStream] as (keyof Functions)[]) void functions[name];
    } finally {
      Deno.dlopen = dlopen;
    }
    assert.deepEqual(tables, [["ps_abi_version"], ["ps_handle_count"], [...everyStream]]);
  });

  it("that each stream calls are called of one that plays", async () => {
    const { code, stdout, stderr } = await runTs(helper("calls-of-a-play.ts"));
    assert.equal(code, 0, stderr);
    const called = JSON.parse(stdout) as string[];
    // One whose end has come before anybody waits for it wakes nobody.
    assert.deepEqual(everyStream.filter((name) => !called.includes(name) && !name.startsWith("ps_wake")), []);
  });

  it("are looked up at the beginning of a worker, in which koffi must not be interrupted", {
    skip: runtimeName !== "node",
  }, async () => {
    const worker = new Worker(runtime.workerEntry(new URL("../workers/functions.ts", import.meta.url)));
    const known = await new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
    assert.deepEqual(known, Object.keys(symbols));
    await worker.terminate();
  });
});

describe("playing from memory", () => {
  it("loads nothing of fetch(), with which Node starts later", { skip: runtimeName !== "node" }, async () => {
    const { code, stderr } = await runTs(helper("without-fetch.ts"));
    assert.equal(code, 0, stderr);
  });
});

describe("the command", () => {
  it("does without the process of Node on Deno, unless it writes, records or fails", {
    skip: runtimeName !== "deno",
  }, async () => {
    const sound = join(folder, "quiet.wav");
    await writeFile(sound, new Int16Array(10), { sampleRate: 48000, channels: 1 });
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runTs(helper("command-without-process.ts"), { args });
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      return stdout;
    };
    assert.equal(await run("--version"), `pastream ${VERSION}\n`);
    assert.match(await run("--help"), /^pastream: play/);
    assert.equal(await run("-q", "-D", "virtual", sound), "");
  });
});

describe("the library's file", () => {
  it("is not needed any more once it is loaded", { skip: process.platform === "win32" && "keeps it" }, async () => {
    const { name, file } = hostTarget();
    const copy = join(folder, `copy-${file}`);
    copyFileSync(join(root, "native", name, file), copy);
    const { code, stderr } = await runTs(helper("without-file.ts"), { args: [copy] });
    assert.equal(code, 0, stderr);
  });
});

describe("a library of another ABI version", { skip: !findCompiler() && "no compiler" }, () => {
  it("is refused, whatever functions it has", async () => {
    const older = compile("older", "int ps_abi_version(void) { return 99; }");
    const said = await firstCall({ env: { PASTREAM_LIB: older } });
    assert.match(said, /^PastreamError abi-mismatch/);
    assert.match(said, /older\.so has ABI version 99, but this version of pastream needs \d+/);
  });

  it("is told from one that lacks functions", async () => {
    const bare = compile("bare", `int ps_abi_version(void) { return ${PS_ABI_VERSION}; }`);
    assert.match(await firstCall({ env: { PASTREAM_LIB: bare } }), /^LibraryNotFoundError/);
  });
});

describe("without a library beside the module", () => {
  const empty = "Readonly<Record<string, Prebuilt>> = {};";

  /** A copy of this project without native/, whose table of libraries is the one given. */
  function copyOf(name: string, table: string): string {
    const checkout = join(folder, name);
    mkdirSync(checkout);
    for (const part of ["mod.ts", "deno.json", "package.json", "src", "ffi", "tests/programs/first-call.ts"]) {
      cpSync(join(root, part), join(checkout, part), { recursive: true });
    }
    const source = readFileSync(join(root, "ffi", "prebuilt.ts"), "utf8");
    assert.ok(source.includes(empty));
    writeFileSync(join(checkout, "ffi", "prebuilt.ts"), source.replace("= {};", `= ${table};`));
    return checkout;
  }

  /** What the first call in such a copy says. */
  function firstCallIn(checkout: string, ...flags: string[]): string {
    const [program, ...args] = commandFor(join(checkout, "tests/programs/first-call.ts"));
    const env = { ...process.env, PASTREAM_LIB: "", PASTREAM_LIB_URL: "" };
    const { stdout, stderr } = spawnSync(program, [...args, ...flags], { encoding: "utf8", env, cwd: root });
    assert.notEqual(stdout, "", stderr);
    return stdout;
  }

  function errorOf(name: string, table: string): string {
    const checkout = copyOf(name, table);
    symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"), "junction"); // koffi
    const said = firstCallIn(checkout);
    assert.match(said, /^LibraryNotFoundError library-not-found/);
    return said;
  }

  it("a checkout says how to build it, and where it was looked for", () => {
    const said = errorOf("checkout", "{}");
    assert.match(said, /tried: \S*checkout\/native\/\S+/);
    assert.match(said, /npm run build/);
  });

  it("a package says that it is damaged, or not for this platform", () => {
    const file = '{ file: "libpastream.so", size: 1, sha256: "" }';
    const { name } = hostTarget();
    assert.match(errorOf("damaged", `{ "${name}": ${file} }`), /install pastream again/);
    const other = errorOf("other", `{ "plan9-x64": ${file} }`);
    assert.ok(other.includes(`it comes built for plan9-x64, but not for ${name.replace("-musl", "")}`), other);
  });

  it("a package of npm's is found on Deno without modules of Node's, which take 16 ms to load", {
    skip: runtimeName !== "deno" && "only Deno has some of its own",
  }, () => {
    const { name, file } = hostTarget();
    const checkout = copyOf("installed", `{ "${name}": { file: "${file}", size: 1, sha256: "" } }`);
    const native = join(checkout, "node_modules", "@pastream", `native-${name}`);
    mkdirSync(native, { recursive: true });
    copyFileSync(join(root, "native", name, file), join(native, file));
    assert.ok(firstCallIn(checkout, "--without-process").startsWith(`loaded ${join(native, file)},`));
  });
});

describe("Node without koffi", () => {
  const major = Number(process.versions.node.split(".")[0]);
  const blocked = { NODE_OPTIONS: `--require=${fileURLToPath(helper("without-koffi.cjs"))}` };

  it("uses node:ffi", { skip: (runtimeName !== "node" || major < 26) && "no node:ffi" }, async () => {
    assert.match(await firstCall({ env: blocked }), /^loaded .* ring 3, view 12 bytes/);
  });

  it("says what it needs where there is no node:ffi", {
    skip: (runtimeName !== "node" || major >= 26) && "node:ffi is there, or need not be",
  }, async () => {
    const said = await firstCall({ env: blocked });
    assert.match(
      said,
      /^LibraryNotFoundError library-not-found\nNode calls C through the package koffi, .*npm install koffi/,
    );
  });
});
