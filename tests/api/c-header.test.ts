// The C header is a manual: its opening example is taken out of it, compiled with the library and run.
// On one Node: it compiles C.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { nativePath } from "../../ffi/load.ts";
import { runtimeName } from "../helpers/runtime.ts";

const include = fileURLToPath(new URL("../../c", import.meta.url));
const header = readFileSync(join(include, "pastream.h"), "utf8");
const compiler = ["cc", "gcc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);
const skip = runtimeName !== "node" ? "once is enough" : compiler === undefined ? "there is no C compiler" : false;

/** The program in the header's first comment. */
function example(): string {
  const comment = header.slice(0, header.indexOf("*/"));
  const lines = comment.split("\n").filter((line) => line === " *" || line.startsWith(" *   ")).map((line) =>
    line.slice(5)
  );
  const program = lines.slice(lines.indexOf("#include <stdio.h>"), lines.lastIndexOf("}") + 1).join("\n");
  assert.match(program, /int main\([\s\S]*ps_stream_free/);
  return program;
}

describe("the C header's example", () => {
  it("plays all its samples, as it stands", { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), "pastream-header-"));
    try {
      const source = join(folder, "example.c"), program = join(folder, "example"), library = nativePath();
      writeFileSync(source, example());
      const flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, source, library, "-o", program];
      const compiled = spawnSync(compiler!, [...flags, `-Wl,-rpath,${dirname(library)}`], { encoding: "utf8" });
      assert.equal(compiled.status, 0, compiled.stderr);
      for (let run = 0; run < 5; run++) {
        const ran = spawnSync(program, ["virtual"], { encoding: "utf8", timeout: 200_000 });
        assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, "24000 frames were played\n", ""]);
      }
      // Where there is no device, it says which step failed and why, and leaves.
      const env = { ...process.env, PASTREAM_PORTAUDIO: join(folder, "none") };
      const failed = spawnSync(program, [], { encoding: "utf8", timeout: 200_000, env });
      assert.equal(failed.status, 1);
      assert.match(failed.stderr, /^opening the device: .*none/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
