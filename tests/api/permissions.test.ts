// What the library asks of Deno: the C library's file, and nothing else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { describe, it } from "node:test";
import { nativePath } from "../../ffi/load.ts";
import { commandFor, runtimeName, runTs } from "../helpers/runtime.ts";

const script = new URL("../programs/permitted.ts", import.meta.url);
const denoOnly = runtimeName !== "deno" && "Deno's permissions";
/** A device that no system has: asking for it would fail, were it asked for. */
const env = { PASTREAM_DEVICE: "a device that does not exist" };

async function report(flags: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runTs(script, { deno: ["--no-prompt", ...flags], env });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

const everything = {
  devices: true,
  versions: true,
  ring: 8,
  playrec: true,
  record: 500,
  play: 1000,
  chunks: 1000,
  file: 1000,
  environment: "unread",
};

describe("under Deno", () => {
  it("--allow-ffi=<library> is enough for all but the views", { skip: denoOnly }, async () => {
    const { views, ...rest } = await report([`--allow-ffi=${nativePath()}`]);
    assert.deepEqual(rest, everything);
    assert.match(String(views), /--allow-ffi without a path/);
  });

  it("--allow-ffi is enough for the views, too", { skip: denoOnly }, async () => {
    assert.deepEqual(await report(["--allow-ffi"]), everything);
  });

  it("the environment is read where that is allowed", { skip: denoOnly }, async () => {
    const { environment } = await report(["--allow-ffi", "--allow-env=PASTREAM_DEVICE"]);
    assert.equal(environment, "read");
  });

  it("without --allow-ffi the error says which flag is missing", { skip: denoOnly }, async () => {
    // Given no permission at all, Deno's node:child_process would grant the child every one.
    const { error, tried } = await report(["--allow-env=PASTREAM_DEVICE"]);
    assert.match(String(error), /^LibraryNotFoundError: .*allow it with --allow-ffi=/);
    assert.deepEqual((tried as string[])[0], nativePath());
  });

  it("advice on missing libraries names every package manager where files may not be looked at", {
    skip: denoOnly || (process.platform !== "linux" && "Linux has several"),
  }, async () => {
    const missing = { PASTREAM_PORTAUDIO: "/does/not/exist.so" };
    const device = new URL("../programs/default-device.ts", import.meta.url);
    const run = async (...flags: string[]) =>
      (await runTs(device, { deno: ["--no-prompt", `--allow-ffi=${nativePath()}`, ...flags], env: missing })).stdout;
    const all = await run();
    for (const command of ["apt install libportaudio2", "dnf install portaudio", "pacman -S portaudio"]) {
      assert.ok(all.includes(command), all);
    }
    const one = await run("--allow-read");
    assert.ok(one.length < all.length && /install|pacman|apk/.test(one), one);
  });

  it("nothing is asked for on a terminal", {
    skip: denoOnly || (spawnSync("script", ["--version"]).status !== 0 && "needs script(1) of util-linux"),
  }, () => {
    const command = commandFor(script, [], [`--allow-ffi=${nativePath()}`]).map((word) => `'${word}'`).join(" ");
    const { stdout } = spawnSync("script", ["-qec", command, "/dev/null"], {
      encoding: "utf8",
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 200_000,
    });
    const { views: _, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, everything);
  });
});
