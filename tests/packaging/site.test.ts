// The documentation site, as its task builds it. It has to work without a network.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { before, describe, it } from "node:test";
import { documents } from "../../scripts/lib/documents.mjs";
import { root, runWell } from "../helpers/packages.ts";

const site = join(root, "build", "site", "dist");

describe("the documentation site", () => {
  before(() => runWell([process.execPath, join(root, "scripts", "build-site.mjs")], { cwd: root }));

  it("has a page for every document, and every page is in the navigation or linked to", () => {
    for (const name of documents()) {
      const page = name === "README.md" ? "index.html" : name.replace(/md$/, "html");
      assert.ok(existsSync(join(site, page)), page);
    }
    const start = readFileSync(join(site, "docs", "first-steps.html"), "utf8");
    for (const name of readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"))) {
      if (name === "releasing.md") continue; // for those who publish
      assert.ok(start.includes(`/docs/${name.replace(/md$/, "html")}"`), `${name} is not in the side bar`);
    }
  });

  it("has the reference of the API", () => {
    const page = readFileSync(join(site, "reference", "pastream", "classes", "DuplexStream.html"), "utf8");
    for (const method of ["playrec()", "chunks()", "addSink()", "clear()", "drain()"]) assert.ok(page.includes(method));
  });

  it("searches without a server", () => {
    const files = readdirSync(join(site, "assets", "chunks"));
    const index = files.find((name) => name.startsWith("@localSearchIndex"));
    assert.ok(index && readFileSync(join(site, "assets", "chunks", index), "utf8").includes("glitches"));
  });

  it("loads nothing from other hosts", () => {
    for (const name of readdirSync(site, { recursive: true }).map(String).filter((name) => name.endsWith(".html"))) {
      const text = readFileSync(join(site, name), "utf8");
      const loads = [...text.matchAll(/<(?:script|link|img|source)[^>]*(?:src|href|srcset)="(https?:[^"]*)"/g)];
      assert.deepEqual(loads.map(([, address]) => address), [], name);
    }
  });
});
