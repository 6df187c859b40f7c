// Source archives from Debian, by an apt configuration of its own: the machine's is only read, for the address of its
// mirror.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Failure, say } from "../run.mjs";
import { which } from "../tools.mjs";

const suites = ["bookworm", "trixie", "sid"];
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

export const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** The address of a Debian mirror: PASTREAM_DEBIAN_MIRROR, or the first that this machine's apt uses. */
export function debianMirror() {
  const given = process.env.PASTREAM_DEBIAN_MIRROR;
  if (given) return given;
  const folder = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(existsSync(folder) ? readdirSync(folder).map((f) => join(folder, f)) : []),
  ];
  const text = files.filter((f) => existsSync(f) && /\.(list|sources)$/.test(f)).map((f) => readFileSync(f, "utf8"));
  const mirror = /^[^#\n]*?\b((?:https?|mirror\+file|file):\S+\/debian)\/?(?:\s|$)/m.exec(text.join("\n"))?.[1];
  if (mirror) return mirror;
  throw new Failure("the sources come from a Debian mirror: set PASTREAM_DEBIAN_MIRROR to the address of one");
}

/** Runs a program of apt with the private configuration, and returns { ok, output }. */
function apt(program, folder, args, cwd) {
  const path = which(program);
  if (!path) {
    throw new Failure(`the sources are fetched by apt, but there is no ${program}: build this on Debian or Ubuntu`);
  }
  const { status, stdout, stderr } = spawnSync(path, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, APT_CONFIG: join(folder, "apt.conf"), LC_ALL: "C" },
  });
  return { ok: status === 0, output: stdout, errors: stderr };
}

/** A private apt in `folder`. Its lists are fetched at the first need. */
export function privateApt(folder) {
  let ready = false;

  function prepare() {
    if (ready) return;
    for (const name of ["state/lists/partial", "cache/archives/partial"]) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    // Without Debian's keys the lists are taken unsigned: what counts is the hash of each archive, checked here.
    const option = existsSync(KEYRING) ? `[signed-by=${KEYRING}]` : "[trusted=yes]";
    const mirror = debianMirror();
    writeFileSync(join(folder, "sources.list"), suites.map((s) => `deb-src ${option} ${mirror} ${s} main\n`).join(""));
    const settings = {
      "Dir::State": join(folder, "state"),
      "Dir::State::status": "/dev/null",
      "Dir::Cache": join(folder, "cache"),
      "Dir::Etc::SourceList": join(folder, "sources.list"),
      "Dir::Etc::SourceParts": "/dev/null",
      "Acquire::Languages": "none",
      "APT::Sandbox::User": "root",
    };
    writeFileSync(join(folder, "apt.conf"), Object.entries(settings).map(([k, v]) => `${k} "${v}";\n`).join(""));
    say(`reading Debian's lists of sources (${suites.join(", ")})`);
    const { ok, errors } = apt("apt-get", folder, ["-q", "update"], folder);
    if (!ok) throw new Failure(`apt-get update failed:\n${errors}`);
    ready = true;
  }

  /** The versions of a source package, the newest last, with the text that describes them. */
  function versions(name) {
    const { output } = apt("apt-cache", folder, ["showsrc", name], folder);
    return output.split(/\n\n+/).filter((stanza) => stanza.includes(`\nDirectory:`) || stanza.includes("\nFiles:"))
      .map((stanza) => ({ version: /^Version: (.*)$/m.exec(stanza)?.[1], stanza })).filter(({ version }) => version);
  }

  return {
    /**
     * Fetches the archive of this SHA-256 into `into`, whichever revision of the package has it; returns whether it is
     * there.
     * `only` is "tar" for the upstream archive, "diff" for Debian's changes.
     */
    fetch(name, { file, sha256: expected }, only, into) {
      const path = join(into, file);
      if (existsSync(path) && sha256(path) === expected) return true;
      mkdirSync(into, { recursive: true });
      prepare();
      const fitting = versions(name).filter(({ stanza }) => stanza.includes(expected)).map(({ version }) => version);
      for (const version of new Set(fitting)) {
        apt("apt-get", folder, ["-q", "source", "--download-only", `--${only}-only`, `${name}=${version}`], into);
        if (existsSync(path) && sha256(path) === expected) return true;
      }
      return false;
    },
  };
}
