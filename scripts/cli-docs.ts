// Writes what is made from the table of options: the manual page, and the reference part of docs/cli.md.
// Usage: deno run -A scripts/cli-docs.ts (or bun, or a Node that runs TypeScript)
import { readFileSync, writeFileSync } from "node:fs";
import { manPage } from "../cli/manual/man.ts";
import { withReference } from "../cli/manual/markdown.ts";

const guide = new URL("../docs/cli.md", import.meta.url);
writeFileSync(new URL("../man/pastream.1", import.meta.url), manPage());
writeFileSync(guide, withReference(readFileSync(guide, "utf8")));
