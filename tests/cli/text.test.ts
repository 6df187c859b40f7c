// On one runtime: the texts are made by the same code.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { completionScript } from "../../cli/manual/completions.ts";
import { helpText } from "../../cli/manual/help.ts";
import { manPage } from "../../cli/manual/man.ts";
import { withReference } from "../../cli/manual/markdown.ts";
import { options, settingNames } from "../../cli/options/options.ts";
import { queryHostApis } from "../../mod.ts";
import { shellCommand } from "../helpers/cli.ts";
import { shells } from "../../cli/options/settings.ts";

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const flags = settingNames.flatMap((
  name,
) => [`--${options[name].name}`, ...(options[name].short ? [`-${options[name].short}`] : [])]);
/** Why a test is skipped that needs a program which is not there. */
const lacking = (program: string) => spawnSync("which", [program]).status === 0 ? false : `no ${program}`;

describe("what is made from the table of options", () => {
  it("the table gives no name twice", () => {
    assert.equal(new Set(flags).size, flags.length);
  });

  it("--help names every option and fits 80 columns", () => {
    const lines = helpText().split("\n");
    for (const line of lines) assert.ok(line.length <= 80, line);
    const options = lines.map((line) => /^ {2}(?:(-\w), | {4})(--[\w-]+)/.exec(line)).filter((match) => match !== null);
    assert.deepEqual(options.flatMap((match) => match.slice(1)).filter((flag) => flag).sort(), [...flags].sort());
  });

  it("the manual page and docs/cli.md are up to date (scripts/cli-docs.ts makes them)", () => {
    assert.equal(file("man/pastream.1"), manPage());
    assert.equal(file("docs/cli.md"), withReference(file("docs/cli.md")));
  });

  it("the manual page is what man expects", { skip: lacking("groff") }, () => {
    const { stdout, stderr } = spawnSync("groff", ["-man", "-Tascii", "-ww", "-P-cbou"], {
      input: manPage(),
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    const text = stdout.replace(/\s+/g, " ");
    for (const name of settingNames) assert.ok(text.includes(` --${options[name].name}`), name);
    assert.ok(text.includes("'\"hw:0,0\",virtual'"), "quotes and backslashes come through");
  });
});

describe("completions", () => {
  const folder = mkdtempSync(join(tmpdir(), "pastream-"));
  after(() => rmSync(folder, { recursive: true }));
  for (const shell of shells) writeFileSync(join(folder, shell), completionScript(shell));

  writeFileSync(join(folder, ".asoundrc"), 'pcm."a, b" { type null }\npcm."Bob\'s ears" { type null }\n');
  const pastream = shellCommand([]);

  /** What the shell itself offers for a line. */
  const offered = (shell: typeof shells[number], line: string): string[] => {
    const script = join(folder, shell);
    const words = line.split(" ").map((word) => JSON.stringify(word)).join(" ");
    const code = {
      bash: `pastream() { ${pastream} "$@"; }; source ${script}
        COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _pastream
        printf '%s\\n' "\${COMPREPLY[@]}"`,
      fish: `function pastream; ${pastream} $argv; end; source ${script}; complete -C ${JSON.stringify(line)}`,
      // zsh completes in its line editor only; that it reads the script, and has the function, is what can be seen
      // here.
      zsh: `autoload -Uz compinit; compinit -u -d ${join(folder, "dump")}; source ${script}; echo $_comps[pastream]`,
    }[shell];
    const { stdout, stderr, status } = spawnSync(shell, [
      shell === "fish" ? "--no-config" : shell === "bash" ? "--norc" : "-f",
      "-c",
      code,
    ], {
      encoding: "utf8",
      cwd: folder,
      env: { ...process.env, HOME: folder, PASTREAM_DEVICE: "" },
    });
    assert.equal(stderr, "");
    assert.equal(status, 0);
    return stdout.split("\n").map((line) => line.split("\t")[0]).filter((word) => word !== "");
  };

  it("bash", { skip: lacking("bash") }, () => {
    assert.deepEqual(offered("bash", "pastream --dur"), ["--duration"]);
    assert.deepEqual(offered("bash", "pastream -f int"), ["int32", "int24", "int16", "int8"]);
    assert.deepEqual(offered("bash", "pastream --on-overflow "), ["abort", "drop"]);
    assert.deepEqual(offered("bash", "pastream -").sort(), [...flags].sort());
    assert.deepEqual(offered("bash", "pastream doc"), ["doctor"]);
    assert.deepEqual(offered("bash", "pastream in.wav fi"), ["fish"]);
    assert.deepEqual(offered("bash", "pastream -d "), []);
    // As bash takes --endian=l apart.
    assert.deepEqual(offered("bash", "pastream --endian = l"), ["little"]);
    assert.deepEqual(offered("bash", "pastream --endian ="), ["file", "little", "big", "cpu"]);
  });

  it("fish", { skip: lacking("fish") }, () => {
    assert.deepEqual(offered("fish", "pastream --dur"), ["--duration"]);
    assert.deepEqual(offered("fish", "pastream --on-overflow "), ["abort", "drop"]);
    const all = new Set([...offered("fish", "pastream --"), ...offered("fish", "pastream -")]);
    for (const name of settingNames) assert.ok(all.has(`--${options[name].name}`), name);
  });

  it("names of this machine: types, encodings, host APIs, devices", { skip: lacking("bash") }, () => {
    assert.deepEqual(offered("bash", "pastream -t fla"), ["flac"]);
    assert.deepEqual(offered("bash", "pastream -t WAV,op"), ["WAV,opus"]);
    assert.deepEqual(offered("bash", "pastream --list-encodings ai"), ["aiff"]);
    assert.deepEqual(offered("bash", "pastream -e pcm_2"), ["pcm_24"]);
    assert.deepEqual(offered("bash", "pastream --host-api Virt"), ["Virtual"]);
    assert.deepEqual(offered("bash", "pastream -D vir"), ["virtual"]);
    if (!queryHostApis().some(({ name }) => name === "ALSA")) return;
    assert.deepEqual(offered("bash", "pastream -D A,"), ["a\\,\\ b"]);
    assert.deepEqual(offered("bash", "pastream -D bob"), ["Bob\\'s\\ ears"]);
    if (!lacking("fish")) assert.ok(offered("fish", "pastream -D Bob").includes("Bob's ears"));
    if (lacking("fish")) return;
    assert.deepEqual(offered("fish", "pastream -t flac"), ["flac"]);
    assert.deepEqual(offered("fish", "pastream -t wav,op"), ["wav,opus"]);
  });

  it("zsh", { skip: lacking("zsh") }, () => {
    assert.deepEqual(offered("zsh", "pastream "), ["_pastream"]);
    const types = spawnSync("zsh", [
      "-f",
      "-c",
      `compdef() { }; pastream() { ${pastream} "$@"; }; compadd() { print -l -- $names; }; words=(pastream)
       source ${join(folder, "zsh")}; _pastream_names types`,
    ], { encoding: "utf8" });
    assert.deepEqual([types.stdout.split("\n").includes("flac"), types.stderr], [true, ""]);
    for (const name of settingNames) assert.ok(completionScript("zsh").includes(`--${options[name].name}`), name);
  });

  it("are scripts that their shells can read", { skip: lacking("bash") }, () => {
    for (const shell of shells) {
      if (lacking(shell)) continue;
      const { status, stderr } = spawnSync(shell, ["-n", join(folder, shell)], { encoding: "utf8" });
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" }, shell);
    }
  });
});
