// The documents of the repository: what the site shows and packages take along, and whose links are checked.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { root } from "./tools.mjs";

const read = (name) => readFileSync(join(root, name), "utf8");
const markdownIn = (folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith(".md"));

/** All of them, relative to the root. */
export function documents() {
  return [
    ...markdownIn("."),
    ...markdownIn("docs").map((name) => `docs/${name}`),
    "examples/README.md",
    "tests/README.md",
  ];
}

/** What a package takes along. */
const published = ["README.md", "CHANGELOG.md", "UPGRADING.md", ...markdownIn("docs").map((name) => `docs/${name}`)];

const LINK = /(?<!!)\[([^\]]*)\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)/g;

const PICTURE = /(<picture>.*?<\/picture>|^!\[[^\]]*\]\([^)]*\))\n*/gms;

/** Writes documents into `folder`. A link to what is not among them is its text alone. */
function lay(folder, names, edit = (text) => text) {
  for (const name of names) {
    const text = edit(read(name)).replaceAll(LINK, (link, label, path) => {
      const target = posix.join(posix.dirname(name), path);
      return path === "" || names.includes(target) ? link : label;
    });
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Writes the documents of a package, without pictures. */
export const layPublished = (folder) => lay(folder, published, (text) => text.replaceAll(PICTURE, ""));

/** Writes all documents, with their pictures; the README is the start page. */
export function laySite(folder) {
  lay(folder, documents());
  cpSync(join(root, "docs", "images"), join(folder, "docs", "images"), { recursive: true });
  renameSync(join(folder, "README.md"), join(folder, "index.md"));
}

/** The anchors of a document, as GitHub and the site make them of its headings. */
function anchors(text) {
  const headings = text.replaceAll(/^```.*?^```/gms, "").matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, title]) =>
    title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

/** The links between documents that lead nowhere, a line each. */
export function deadLinks() {
  const wrong = [];
  for (const name of documents()) {
    const text = read(name).replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");
    for (const [link, , path, anchor] of text.matchAll(LINK)) {
      const target = path === "" ? name : posix.join(posix.dirname(name), path);
      const isThere = existsSync(join(root, target));
      const hasAnchor = !anchor ||
        (isThere && target.endsWith(".md") && anchors(read(target)).includes(anchor.slice(1)));
      if (!isThere || !hasAnchor) wrong.push(`${name}: ${link}`);
    }
  }
  return wrong;
}

/** The rows of docs/promises.md whose test is not there, a line each. */
export function promisesWithoutTest() {
  const rows = [...read("docs/promises.md").matchAll(/\| `(tests\/[^`]+)`(?:: (.+?))?\s*\|$/gm)];
  if (rows.length === 0) return ["docs/promises.md has no promise"];
  return rows.filter(([, file, title]) =>
    !existsSync(join(root, file)) || (title && !read(file).includes(`"${title}"`))
  )
    .map(([row]) => row);
}
