// Checks that do not run the project: format, lint, types, documentation, publishing, the lock file.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { cFiles } from "../build.mjs";
import { deadLinks, promisesWithoutTest } from "./documents.mjs";
import { assetsFile, pageModule } from "./page.mjs";
import { capture } from "./run.mjs";
import { fromNpm, root } from "./tools.mjs";

const read = (path) => readFileSync(join(root, path), "utf8");

/** A check returns undefined if it passes, otherwise what is wrong. */
const deno = (...args) => async () => {
  const { code, output } = await capture(fromNpm.deno(), args);
  return code === 0 ? undefined : output;
};

/**
 * The programs in the documentation and in doc comments are complete and their types are right, with the names that
 * users import.
 */
const examples = () => {
  const ours = pathToFileURL(join(root, "mod.ts"));
  const view = pathToFileURL(join(root, "cli", "scope", "scope.ts"));
  const imports = JSON.stringify({
    imports: {
      "pastream": ours,
      "pastream/scope": view,
      "@pastream/pastream": ours,
      "@pastream/pastream/scope": view,
    },
  });
  const files = ["docs", "src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((name) => `${folder}/${name}`)
  );
  const documents = ["README.md", "mod.ts", ...files.filter((name) => /\.(md|ts)$/.test(name))];
  return deno(
    "check",
    "--doc-only",
    `--import-map=data:application/json,${encodeURIComponent(imports)}`,
    ...documents,
  )();
};

/** The C files are formatted as .clang-format says. `npx clang-format -i FILE` formats one. */
const cFormat = async () => {
  const wrong = [];
  for (const file of cFiles("c", "tests", "bench")) {
    const { code, output } = await capture(fromNpm.clangFormat(), ["--dry-run", "-Werror", file]);
    if (code !== 0) wrong.push(output);
  }
  return wrong.length > 0 ? wrong.join("\n") : undefined;
};

/** The lines of the project's own code, as git knows it, except what is in `folders`. */
async function codeLines(extensions, ...folders) {
  const { output } = await capture("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root });
  const names = output.split("\n").filter((name) => extensions.test(name) && existsSync(join(root, name)));
  return names.filter((name) => !folders.some((folder) => name.startsWith(folder)))
    .flatMap((name) => read(name).split("\n").map((line, index) => ({ at: `${name}:${index + 1}`, line })));
}

/** Text files are as .editorconfig says, as far as the formatters do not see to it: line ends, white space, tabs. */
const editorConfig = async () => {
  const files = /\.([cm]?[jt]s|[ch]|sh|md|json|ya?ml|css|html|1)$/;
  const lines = await codeLines(files, "package-lock.json", "cli/scope/assets.ts");
  const wrong = lines.filter(({ line }) => /\r|[ \t]$|^ *\t/.test(line)).map(({ at }) =>
    `${at}: tab, or white space at end`
  );
  const names = new Set(lines.map(({ at }) => at.replace(/:\d+$/, "")));
  const unended = [...names].filter((name) => !read(name).endsWith("\n")).map((name) =>
    `${name} lacks its last newline`
  );
  return wrong.length + unended.length > 0 ? [...wrong, ...unended].join("\n") : undefined;
};

const LONGEST_LINE = 120;

/** No line of code or comment is longer than 120 characters: the formatters leave long comments and strings alone. */
const lineLengths = async () => {
  const lines = await codeLines(/\.([cm]?[jt]s|[ch]|sh)$/, "cli/scope/assets.ts");
  const long = lines.filter(({ line }) => [...line].length > LONGEST_LINE);
  return long.length > 0
    ? long.map(({ at, line }) => `${at} has ${[...line].length} characters`).join("\n")
    : undefined;
};

/** A constant of a module that is a number or a string and is named like a variable. */
const LOWER_CONSTANT =
  /^(?:export )?const ([a-z]\w*)(?:: \w+)? = (?:-?[\d.][\d._e*+ \-/()]*|(["'`])(?:(?!\2).)*\2(?: \+)?);?$/;

/**
 * Constants of a module that are numbers or strings are named LIKE_THIS, tables and functions likeThis. Examples are
 * exempt, because they are written as users write, and so are the public names that come from PortAudio.
 */
const constantNames = async () => {
  const lines = await codeLines(/\.([cm]?[jt]s)$/, "examples/", "tests/packaging/app/");
  const wrong = lines.flatMap(({ at, line }) => {
    const name = LOWER_CONSTANT.exec(line)?.[1];
    return name === undefined || /^pa[A-Z]/.test(name) ? [] : [`${at}: ${name} is a constant: write it LIKE_THIS`];
  });
  return wrong.length > 0 ? wrong.join("\n") : undefined;
};

/** `npm ci` rejects a lock file that lacks a package, also of another platform. Addresses of registries are private. */
const lockFile = () => {
  const text = read("package-lock.json");
  const address = text.split("\n").find((line) => /"resolved":|registry/.test(line));
  if (address) return `package-lock.json names a registry (npm's omit-lockfile-registry-resolved is off): ${address}`;
  const { packages } = JSON.parse(text);
  const wanted = Object.values(packages).flatMap((p) => Object.keys({ ...p.dependencies, ...p.optionalDependencies }));
  const lacking = wanted.filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)));
  return lacking.length > 0 ? `package-lock.json lacks ${lacking.join(", ")}` : undefined;
};

/** A check of what is found wrong, a line each. */
const none = (find) => () => {
  const wrong = find();
  return wrong.length > 0 ? wrong.join("\n") : undefined;
};

/** The page of the live view is up to date in the program. */
const page = () => readFileSync(assetsFile, "utf8") === pageModule() ? undefined : "run: node scripts/build-page.mjs";

/** The version in deno.json is repeated in the sources. */
const version = () => {
  const wanted = `"${JSON.parse(read("deno.json")).version}"`;
  const others = ["src/library/version.ts", "c/base/version.c", "cli/version.ts"].filter((path) =>
    !read(path).includes(wanted)
  );
  return others.length > 0 ? `deno.json says ${wanted}, but not ${others.join(", ")}` : undefined;
};

/** Every script refuses arguments that it does not know, rather than begin what takes minutes (lib/arguments.mjs). */
const scriptArguments = async () => {
  const wrong = [];
  for (const name of readdirSync(join(root, "scripts")).filter((file) => file.endsWith(".mjs"))) {
    const { code, output } = await capture(process.execPath, [join("scripts", name), "--unknown"]);
    const refused = code === 2 && output.includes(`Usage: node scripts/${name}`);
    if (!refused) wrong.push(`${name} takes --unknown: ${output}`);
  }
  return wrong.length > 0 ? wrong.join("\n") : undefined;
};

/**
 * The library compiles for every platform without a warning. It takes minutes, so it is a process of its own.
 */
const platforms = async () => {
  const { code, output } = await capture(process.execPath, [join(root, "scripts", "build.mjs"), "--all"]);
  return code === 0 ? undefined : output;
};

export const checks = [
  { kind: "checks", name: "format", run: deno("fmt", "--check") },
  { kind: "checks", name: "format of C", run: cFormat },
  { kind: "checks", name: "editorconfig", run: editorConfig },
  { kind: "checks", name: "line lengths", run: lineLengths },
  { kind: "checks", name: "names of constants", run: constantNames },
  { kind: "checks", name: "lint", run: deno("lint") },
  { kind: "checks", name: "types", run: deno("check", ".") },
  { kind: "checks", name: "documentation", run: deno("doc", "--lint", "mod.ts", "cli/scope/scope.ts") },
  { kind: "checks", name: "examples in documents", run: examples },
  { kind: "checks", name: "links in documents", run: none(deadLinks) },
  { kind: "checks", name: "tests of promises", run: none(promisesWithoutTest) },
  { kind: "checks", name: "publish dry-run", run: deno("publish", "--dry-run", "--allow-dirty") },
  { kind: "checks", name: "lock file", run: lockFile },
  { kind: "checks", name: "page of the live view", run: page },
  { kind: "checks", name: "version", run: version },
  { kind: "checks", name: "arguments of scripts", run: scriptArguments },
  { kind: "packages", name: "libraries for all platforms", run: platforms },
];
