// Where the C library is taken from. It is loaded once in a process, so the order of these tests matters.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LibraryNotFoundError, loadLibrary, versions } from "../../mod.ts";
import { hostTarget } from "../../scripts/lib/targets.mjs";
import { root } from "../../scripts/lib/tools.mjs";

const { name, file } = hostTarget();
const path = join(root, "native", name, file);

describe("loadLibrary()", () => {
  it("refuses what is no path and no address", () => {
    for (const wrong of ["", 5, null, new URL("file:///lib.so")]) {
      for (const name of ["path", "portaudio", "libsndfile"]) {
        assert.throws(() => loadLibrary({ [name]: wrong }), (error: unknown) => {
          assert.ok(error instanceof TypeError && error.message.startsWith(`${name} must be`));
          return true;
        });
      }
    }
    for (const wrong of ["native", "", 5]) assert.throws(() => loadLibrary({ url: wrong as string }), TypeError);
  });

  it("names the file that it could not load, and tries no other", () => {
    const missing = join(root, "native", "missing.so");
    assert.throws(() => loadLibrary({ path: missing }), (error: unknown) => {
      assert.ok(error instanceof LibraryNotFoundError);
      assert.equal(error.code, "library-not-found");
      assert.deepEqual(error.tried, [missing]);
      assert.ok(error.message.includes(missing));
      return true;
    });
  });

  it("loads the file that is named", () => {
    assert.equal(loadLibrary({ path }), path);
    assert.equal(versions().paths.native, path);
  });

  it("says when it comes too late", () => {
    assert.throws(() => loadLibrary({ path }), { name: "PastreamError", code: "active" });
  });
});
