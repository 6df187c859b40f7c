// A pastream that Deno loads from JSR, for which a server of this test stands: the published files come from there, and
// so does the library. In the place of @denosaurs/plug, which fetches it, stands app/plug.js with the same interface.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, extname, join } from "node:path";
import process from "node:process";
import { after, before, beforeEach, describe, it } from "node:test";
import { buildPackage, packageFolder, readJson } from "../../scripts/build-package.mjs";
import { bundleFiles, hostTarget, targets } from "../../scripts/lib/targets.mjs";
import {
  app,
  bundles,
  fromNpm,
  type Result,
  root,
  run,
  runWell,
  temporaryFolder,
  version,
} from "../helpers/packages.ts";
import { cannotHide, withoutSystemLibraries } from "../helpers/bare.ts";

const target = hostTarget();
const { portaudio, sndfile } = bundleFiles(target);
const bundledBy = (by: typeof target) => Object.values<string>(bundleFiles(by)).map((file) => `${file}.gz`);
const bundled = bundledBy(target);
/** All that a machine of this kind downloads. */
const fetched = [target.file, ...bundled].map((file) => `/native/${target.name}/${file}`);
const types: Record<string, string> = { ".ts": "application/typescript", ".json": "application/json" };

/** Answers for a file of the package; the libraries' can be changed. */
type Answer = (path: string, response: ServerResponse) => void;
const whole: Answer = (path, response) => response.end(readFileSync(path));
const tampered: Answer = (path, response) => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  response.end(bytes);
};
const cutOff: Answer = (path, response) => {
  const bytes = readFileSync(path);
  response.writeHead(200, { "content-length": bytes.length });
  response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy());
};

let answer = whole;
let asked: string[] = [];
let hasPlug = true;

/** What JSR has: of each package the version, the folder, and what it exports. */
const packages: Record<string, { version: string; folder: string; exports: Record<string, string> }> = {
  "@pastream/pastream": { version, folder: packageFolder, exports: readJson(root, "deno.json").exports },
  "@denosaurs/plug": { version: "1.1.0", folder: app, exports: { ".": "./plug.js" } },
};

/** The hashes of a package's files, by which Deno checks them. */
function manifestOf(folder: string) {
  const files = readdirSync(folder, { recursive: true }).map(String).filter((name) =>
    statSync(join(folder, name)).isFile()
  );
  return Object.fromEntries(files.map((name) => {
    const bytes = readFileSync(join(folder, name));
    return [`/${name}`, { size: bytes.length, checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}` }];
  }));
}

function answerAsJsr(url: string, response: ServerResponse): void {
  const [, name, rest] = /^\/(@\w+\/\w+)\/(.*)$/.exec(url) ?? [];
  const known = name === "@denosaurs/plug" && !hasPlug ? undefined : packages[name];
  if (!known) {
    response.statusCode = 404;
    response.end();
  } else if (rest === "meta.json") {
    response.end(JSON.stringify({ latest: known.version, versions: { [known.version]: {} } }));
  } else if (rest === `${known.version}_meta.json`) {
    response.end(JSON.stringify({ exports: known.exports, manifest: manifestOf(known.folder) }));
  } else {
    const path = join(known.folder, rest.replace(`${known.version}/`, ""));
    response.setHeader("content-type", types[extname(path)] ?? "text/plain");
    response.end(readFileSync(path));
  }
}

const server = createServer((request, response) => {
  const url = decodeURIComponent(request.url!);
  const [, library] = /\/(native\/.*)$/.exec(url) ?? [];
  if (library) {
    asked.push(url);
    answer(join(packageFolder, library), response);
  } else answerAsJsr(url, response);
});

describe("pastream from JSR", () => {
  let home: string;
  let folder: string;
  let address: string;

  before(async () => {
    await buildPackage({ bundles });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    home = temporaryFolder();
    folder = join(home, "program");
    cpSync(app, folder, { recursive: true });
    const imports = { pastream: `jsr:@pastream/pastream@${version}` };
    writeFileSync(join(folder, "deno.json"), JSON.stringify({ imports, lock: false }));
    // Deno's own cache is filled here once; the tests begin with an empty cache of pastream's. This first start must
    // not wait for a module that comes by the same connection as pastream came.
    libraryOf(await start({ cache: join(home, "first") }));
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    answer = whole;
    asked = [];
    hasPlug = true;
  });

  interface Start {
    readonly cache: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly uid?: number;
    readonly deno?: string;
    readonly flags?: readonly string[];
    readonly denoDir?: string;
  }

  const jsr = (denoDir = join(home, "deno")) => ({ JSR_URL: `${address}/`, DENO_DIR: denoDir });

  /** Runs app.js with a cache of pastream's, as a user who may be asked nothing. */
  function start({ cache, env, uid, deno = fromNpm.deno()!, flags = ["-A"], denoDir }: Start): Promise<Result> {
    mkdirSync(cache, { recursive: true });
    return run([deno, "run", "--no-prompt", "--no-check", ...flags, join(folder, "app.js")], {
      cwd: home,
      uid,
      env: { ...jsr(denoDir), XDG_CACHE_HOME: cache, ...env },
    });
  }

  const emptyCache = () => join(temporaryFolder(), "cache");
  const filesIn = (cache: string) => readdirSync(join(cache, "pastream"));
  /** Without the hash that each begins with. */
  const namesIn = (cache: string) => filesIn(cache).map((name) => name.replace(/^[0-9a-f]{16}-/, "")).sort();

  function libraryOf({ code, stdout, stderr }: Result): string {
    assert.equal(code, 0, stdout + stderr);
    assert.equal(
      stdout.trim().split("\n").length,
      1,
      `more than the program's one line is on standard output: ${stdout}`,
    );
    return JSON.parse(stdout).paths.native;
  }

  it("can be published with the libraries", async () => {
    const { code, stderr } = await run([fromNpm.deno()!, "publish", "--dry-run", "--allow-dirty"], {
      cwd: packageFolder,
    });
    assert.equal(code, 0, stderr);
    for (const { name, file } of targets) assert.ok(stderr.includes(`/native/${name}/${file}`), stderr);
    for (const bundle of bundles) {
      for (const file of bundledBy(bundle)) assert.ok(stderr.includes(`/native/${bundle.name}/${file}`), file);
    }
    const source = readFileSync(join(packageFolder, "ffi", "prebuilt.ts"), "utf8");
    const table = JSON.parse(/= (\{[^;]*\});/.exec(source)![1]);
    for (const entry of Object.values(table) as { bundle?: unknown }[]) delete entry.bundle;
    assert.deepEqual(table, JSON.parse(readFileSync(join(root, "native", "manifest.json"), "utf8")));
  });

  it("fetches its library once, and puts nothing on standard output", async () => {
    const cache = emptyCache();
    const first = await start({ cache });
    const path = libraryOf(first);
    assert.match(first.stderr, /^Downloading http/m); // plug did it
    assert.deepEqual(namesIn(cache), [target.file, portaudio, sndfile].sort());
    assert.ok(filesIn(cache).includes(basename(path)));
    assert.deepEqual(asked, fetched.map((file) => `/@pastream/pastream/${version}${file}`));
    // Nobody else may read or change what is loaded from there.
    assert.equal(statSync(join(cache, "pastream")).mode & 0o777, 0o700);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readFileSync(path), readFileSync(join(packageFolder, "native", target.name, target.file)));
    assert.equal(libraryOf(await start({ cache })), path);
    assert.equal(asked.length, fetched.length);
  });

  it("fetches it from where the environment or the program says", async () => {
    libraryOf(await start({ cache: emptyCache(), env: { PASTREAM_LIB_URL: `${address}/mirror/native` } }));
    assert.deepEqual(asked, fetched.map((file) => `/mirror${file}`));
    libraryOf(
      await start({ cache: emptyCache(), env: { APP_LIBRARY_URL: `${address}/mirror/native/`, APP_NO_WORKER: "1" } }),
    );
    assert.deepEqual(asked.slice(fetched.length), asked.slice(0, fetched.length));
  });

  it("fetches it where plug cannot be had", async () => {
    hasPlug = false;
    const cache = emptyCache();
    libraryOf(await start({ cache, denoDir: join(temporaryFolder(), "deno") }));
    assert.equal(filesIn(cache).length, fetched.length);
  });

  it("fetches it again where it is not what it was", async () => {
    const cache = emptyCache();
    const path = libraryOf(await start({ cache }));
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(path, bytes);
    assert.equal(libraryOf(await start({ cache })), path);
    assert.equal(asked.length, fetched.length + 1);
    assert.deepEqual(readFileSync(path), readFileSync(join(packageFolder, "native", target.name, target.file)));
  });

  it("has types", async () => {
    await runWell([fromNpm.deno()!, "check", "--allow-import", join(folder, "types.ts")], { cwd: folder, env: jsr() });
  });

  it("is a command", async () => {
    const command = [fromNpm.deno()!, "run", "-A", `jsr:@pastream/pastream@${version}/cli`, "--version"];
    assert.equal(await runWell(command, { cwd: home, env: jsr() }), `pastream ${version}\n`);
  });

  it("fetches nothing where a library is named", async () => {
    const path = join(packageFolder, "native", target.name, target.file);
    assert.equal(libraryOf(await start({ cache: emptyCache(), env: { PASTREAM_LIB: path } })), path);
    assert.equal(libraryOf(await start({ cache: emptyCache(), env: { APP_LIBRARY: path } })), path);
    assert.deepEqual(asked, []);
  });

  it("refuses a library that is not the published one", async () => {
    const cache = emptyCache();
    answer = tampered;
    const { code, stderr } = await start({ cache });
    assert.equal(code, 1);
    assert.match(stderr, /PastreamError: .*is not the file that was published/);
    assert.deepEqual(filesIn(cache), []);
  });

  it("plays and reads files by what it has fetched, where there are no other libraries", {
    skip: cannotHide,
  }, async () => {
    const cache = emptyCache();
    libraryOf(await start({ cache }));
    const command = withoutSystemLibraries([fromNpm.deno()!, "run", "-A", "--no-check", join(folder, "files.js")]);
    assert.equal(await runWell(command, { cwd: folder, env: { ...jsr(), XDG_CACHE_HOME: cache } }), "whole\n");
    assert.equal(asked.length, fetched.length);
  });

  it("refuses more bytes than were published", async () => {
    const cache = emptyCache();
    hasPlug = false;
    answer = (path, response) => response.end(Buffer.concat([readFileSync(path), Buffer.alloc(1)]));
    const { code, stderr } = await start({ cache, denoDir: join(temporaryFolder(), "deno") });
    assert.equal(code, 1);
    assert.match(stderr, /it is longer than the \d+ bytes that were published/);
    assert.deepEqual(filesIn(cache), []);
  });

  it("does not take a download that was cut off, and tries again next time", async () => {
    const cache = emptyCache();
    answer = cutOff;
    const { code, stderr } = await start({ cache });
    assert.equal(code, 1);
    assert.match(stderr, /LibraryNotFoundError: \S+ could not be fetched from/);
    assert.deepEqual(filesIn(cache), []);
    answer = whole;
    libraryOf(await start({ cache }));
  });

  it("serves two processes at once", async () => {
    const cache = emptyCache();
    const results = await Promise.all([start({ cache }), start({ cache })]);
    const paths = results.map(libraryOf);
    assert.equal(paths[0], paths[1]);
    assert.equal(filesIn(cache).length, fetched.length);
  });

  it("names a cache that cannot be written, and reads from one", async () => {
    // Nothing keeps root from writing: so another user runs it, who may not enter root's own folders.
    const uid = process.getuid?.() === 0 ? 65534 : undefined;
    const deno = join(home, "bin", "deno");
    mkdirSync(dirname(deno));
    copyFileSync(fromNpm.deno()!, deno);
    const cache = emptyCache();
    mkdirSync(cache, { recursive: true });
    await run(["chmod", "-R", "a+rX", join(cache, ".."), home], { cwd: home });
    chmodSync(cache, 0o555);
    const { code, stderr } = await start({ cache, uid, deno });
    assert.equal(code, 1);
    assert.match(stderr, /PastreamError: /);
    assert.ok(stderr.includes(`cannot be kept in ${join(cache, "pastream")}`), stderr);
    await run(["chmod", "-R", "a+rX", join(home, "first")], { cwd: home });
    libraryOf(await start({ cache: join(home, "first"), uid, deno }));
  });

  it("says without a network which command fetches it", async () => {
    const cache = emptyCache();
    const { code, stderr } = await start({ cache, env: { PASTREAM_LIB_URL: "http://127.0.0.1:1/native" } });
    assert.equal(code, 1);
    assert.match(stderr, /LibraryNotFoundError: \S+ could not be fetched/);
    const [, command] = /^ {2}(deno run -A \S+ .*)$/m.exec(stderr)!;
    assert.equal(command, `deno run -A ${address}/@pastream/pastream/${version}/cli.ts doctor -D virtual`);
    const [, ...args] = command.split(" ");
    const cured = await run([fromNpm.deno()!, ...args], { cwd: home, env: { ...jsr(), XDG_CACHE_HOME: cache } });
    assert.equal(cured.code, 0, cured.stdout + cured.stderr);
    assert.equal(filesIn(cache).length, fetched.length);
  });

  it("says which variable is missing where there is no place for a cache", async () => {
    const { code, stderr } = await start({ cache: emptyCache(), env: { XDG_CACHE_HOME: "", HOME: "" } });
    assert.equal(code, 1);
    assert.match(stderr, /LibraryNotFoundError: there is no place to keep libpastream in: HOME is not set/);
  });

  it("asks for few permissions, and says which one it lacks", async () => {
    const cache = emptyCache();
    const some = [
      "--allow-import",
      "--allow-env",
      "--allow-read",
      `--allow-net=${new URL(address).host}`,
      "--allow-ffi",
    ];
    const { code, stderr } = await start({ cache, flags: some });
    assert.equal(code, 1);
    assert.match(stderr, /--allow-write/);
    libraryOf(await start({ cache, flags: [...some, `--allow-write=${join(cache, "pastream")}`] }));
  });
});
